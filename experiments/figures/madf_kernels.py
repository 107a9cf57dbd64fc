"""MADF, Fig. 5: pictures of the filters that it generates for four kinds of patch.

python experiments/figures/madf_kernels.py <checkpoint, or the authors' weights> kernels.png
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_png
from inpaintlab.basics.messages import report_errors
from inpaintlab.models.loading import load
from inpaintlab.models.madf.encoder import DynamicLevel
from inpaintlab.models.madf.module import MADF
from inpaintlab.models.madf.network import MADFNet

ZOOM = 10
"""The paper shows 7 x 7 kernels at 70 x 70."""


@torch.no_grad()
def generated_kernels(network: MADFNet, known: Tensor) -> Tensor:
    """Return the filters of the first level for each mask patch.

    Args:
        network: with ``encoder="madf"``.
        known: (N, 1, 7, 7), 1 = known, 0 = hole: the window of the picture that the filters are for.

    Returns:
        (N, C', C, 7, 7): C' filters over the colours of the picture, and after them as many copies of the mask.
    """
    level = network.encoder.levels[0]
    if not isinstance(level, DynamicLevel):
        raise UserError(f"generated_kernels: expected a network with encoder=madf, got {network.encoder.kind}")
    side = level.mask.kernel_size[0]
    if known.ndim != 4 or known.shape[1:] != (1, side, side):
        raise UserError(f"generated_kernels: expected known (N, 1, {side}, {side}), got {tuple(known.shape)}")
    patches = known.expand(-1, level.mask.in_channels, -1, -1)
    features = F.conv2d(patches, level.mask.weight, level.mask.bias).relu_()  # the one window, so without padding
    return level.filter.kernels(features.flatten(1))


def kernel_grid(network: MADFNet, known: Tensor) -> Tensor:
    """Draw one row per patch: the patch, its hole in black, then the energy of each filter; (3, height, width).

    The energy of a filter is its root mean square over the colours, and one scale, white for the greatest, holds for
    the whole picture, so that rows can be compared.
    """
    kernels = generated_kernels(network, known)
    energy = kernels[:, :, : kernels.shape[2] // 2].square().mean(2).sqrt()
    cells = torch.cat([known, energy / energy.max().clamp(min=1e-12)], 1).flatten(0, 1)[:, None]
    cells = F.interpolate(cells, scale_factor=ZOOM, mode="nearest")
    return make_grid(cells, nrow=1 + kernels.shape[1], padding=ZOOM // 3, pad_value=0.5)


def write_kernels(network: MADFNet, known: Tensor, path: str | Path) -> None:
    """Write the grid of ``kernel_grid`` as a PNG."""
    pixels = kernel_grid(network, known).mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    write_png(Path(path), Image.fromarray(pixels))


def example_patches(side: int = 7) -> Tensor:
    """Return the four kinds of patch that Fig. 5 compares, (4, 1, side, side): known, two half known, hole."""
    known = torch.ones(4, 1, side, side)
    known[1, :, :, side // 2 + 1 :] = 0
    known[2, :, side // 2 + 1 :, :] = 0
    known[3] = 0
    return known


@report_errors
def main(words: list[str]) -> None:
    """Write the picture."""
    if len(words) != 2:
        raise UserError("expected <checkpoint> <kernels.png>, got: " + (" ".join(words) or "nothing"))
    model = load(words[0])
    if not isinstance(model, MADF):
        raise UserError(f"{words[0]}: expected a checkpoint of MADF, got one of {type(model).__name__}")
    write_kernels(model.network, example_patches(), words[1])
    print(words[1])


if __name__ == "__main__":
    main(sys.argv[1:])
