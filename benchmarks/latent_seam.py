"""What the latent search and its blending do, on pictures and with a trained DCGAN: loss and visible seam.

Searches once, and compares the picture of the generator pasted into the hole, the same blended (eq. 6), and the truth.
The seam is the mean gradient jump across the hole's edge: on a line of four pixels a b | c d with the edge in the
middle, ``|(c - b) - ((b - a) + (d - c)) / 2|`` in grey levels of 255. A ramp that runs through has none.

    python benchmarks/latent_seam.py CKPT FOLDER [--count 64] [--iterations 1000] [--hole 32]
        [--device cpu] [--strip strip.png]
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import Tensor
from torchvision.utils import save_image

from inpaintlab.batch import Batch, composite
from inpaintlab.data.images import to_tensor
from inpaintlab.layers.poisson import poisson_blend
from inpaintlab.models.checkpoints import load_model
from inpaintlab.models.dcgan.search import context_loss


def seam(picture: Tensor, known: Tensor) -> float:
    """Mean gradient jump of pictures (B, C, H, W) in [0, 1] across the edge of their holes (B, 1, H, W)."""
    jumps = []
    for side in (-1, -2):
        length = picture.shape[side]
        a, b, c, d = (picture.narrow(side, start, length - 3) for start in range(4))
        k, m, n, o = (known.narrow(side, start, length - 3) > 0.5 for start in range(4))
        edge = ((k & m & ~n & ~o) | (~k & ~m & n & o)).expand_as(a)  # two known pixels and two of the hole
        jumps.append(((c - b) - ((b - a) + (d - c)) / 2).abs()[edge])
    return 255 * torch.cat(jumps).mean().item()


def read(folder: Path, size: int, channels: int, count: int) -> Tensor:
    """The first pictures of a folder, their central squares: (B, C, size, size) in [0, 1]."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".pgm"))
    mode = "RGB" if channels == 3 else "L"
    return torch.stack(
        [to_tensor(ImageOps.fit(Image.open(path).convert(mode), (size, size))) for path in paths[:count]]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ckpt")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--hole", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--strip", type=Path, help="write corrupted, pasted, blended and true pictures, one row each")
    args = parser.parse_args()

    model = load_model(args.ckpt, args.device)
    size = model.hparams.size
    image = read(args.folder, size, model.hparams.channels, args.count).to(args.device)
    known = torch.ones(len(image), 1, size, size, device=args.device)
    start = (size - args.hole) // 2
    known[..., start : start + args.hole, start : start + args.hole] = 0
    batch = Batch(image, known)

    target = batch.corrupted * 2 - 1
    for iterations in (0, args.iterations):
        search = replace(model.search, iterations=iterations)
        found = search(model.generator, model.discriminator, target, known)
        print(f"after {iterations} steps: contextual loss {context_loss(found.picture, target, known).mean():.1f}")
    generated = (found.picture + 1) / 2
    blended = poisson_blend(batch.corrupted, known, generated).clamp(0, 1)
    shown = {"pasted": composite(generated, batch), "blended": composite(blended, batch), "truth": image}
    for name, picture in shown.items():
        error = ((picture - image) * batch.hole).square().sum((1, 2, 3)) / (image.shape[1] * args.hole**2)
        psnr = "" if name == "truth" else f", PSNR in the hole {(-10 * error.log10()).mean():.2f} dB"
        print(f"{name}: seam {seam(picture, known):.2f}{psnr}")
    if args.strip:
        temporary = args.strip.with_suffix(".tmp.png")
        save_image(torch.cat([p[:16] for p in (batch.corrupted, *shown.values())]), temporary, nrow=len(image[:16]))
        os.replace(temporary, args.strip)


if __name__ == "__main__":
    main()
