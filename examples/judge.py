"""Judge methods on one photograph whose hole is known, by two definitions of the same measures.

python examples/judge.py [telea] [mean_color] [last.ckpt]
"""

import sys

import torch
from hydra.utils import instantiate
from skimage.data import astronaut

import inpaintlab


def main(names: list[str]) -> dict[str, dict[str, float | None]]:
    """Print a table, and return {method: scores in the hole}."""
    truth = torch.from_numpy(astronaut()[:256, 96:352]).permute(2, 0, 1)
    maker = instantiate(inpaintlab.compose("mask=irregular").mask).for_split("test")
    hole = maker((256, 256), torch.Generator().manual_seed(0)) == 0
    print(f"{hole.float().mean():.1%} of the picture is hole")
    found = {}
    for name in names or ["mean_color", "telea", "navier_stokes"]:
        filled = inpaintlab.fill(inpaintlab.load(name), truth, hole)
        found[name] = inpaintlab.score(filled, truth, hole)["hole"]
        whole = inpaintlab.score(filled, truth, hole, protocol="torchmetrics")["full"]
        told = ", ".join(f"{measure} {value:.4f}" for measure, value in found[name].items())
        print(f"{name:15} in the hole: {told}; TorchMetrics on the whole: psnr {whole['psnr']:.4f}")
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
