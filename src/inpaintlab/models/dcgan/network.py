"""Generator and discriminator of DCGAN, as the paper's section 4.1 and Fig. 3 size them."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError

Init = Literal["normal", "truncated_normal"]

LEVELS = 4
"""Doublings of the generator, and halvings of the discriminator."""
PADDING = {5: {"padding": 2}, 4: {"padding": 1}}
"""Of a kernel that halves exactly; the transposed one of side 5 needs one more row and column."""


class Generator(nn.Module):
    """Latent vector -> picture: one linear layer, then four transposed convolutions of stride 2.

    Args:
        size: side of the picture, pixels, a multiple of 16.
        channels: 3 (colour) or 1 (grey).
        latent: length of z.
        width: filters before the output layer; 8 times as many at the start (the paper's 512).
        kernel_size: 5, as in the public implementations, or 4.
    """

    def __init__(self, size: int = 64, channels: int = 3, latent: int = 100, width: int = 64, kernel_size: int = 5):
        super().__init__()
        check_network(size, channels, width, kernel_size)
        self.start = (8 * width, size >> LEVELS, size >> LEVELS)
        self.project = nn.Linear(latent, self.start[0] * self.start[1] * self.start[2])
        counts = [8 * width, 4 * width, 2 * width, width]
        self.norms = nn.ModuleList(nn.BatchNorm2d(count) for count in counts)
        odd = {"output_padding": kernel_size % 2, **PADDING[kernel_size]}
        self.convs = nn.ModuleList(
            nn.ConvTranspose2d(before, after, kernel_size, stride=2, **odd)
            for before, after in zip(counts, [*counts[1:], channels], strict=True)
        )

    def normed(self) -> list[tuple[nn.Module, int]]:
        """Return each layer that a BatchNorm follows, and which of ``norms`` it is."""
        return [(layer, place) for place, layer in enumerate([self.project, *self.convs[:-1]])]

    def forward(self, z: Tensor) -> Tensor:
        """Map z (B, latent) to pictures (B, channels, size, size) in [-1, 1]."""
        features = self.project(z).unflatten(1, self.start)
        for norm, conv in zip(self.norms, self.convs, strict=True):
            features = conv(F.relu_(norm(features)))
        return torch.tanh(features)


class Discriminator(nn.Module):
    """Picture -> logit of being real: four convolutions of stride 2, then one linear layer.

    Args:
        size, channels, width, kernel_size: as in ``Generator``; ``width`` filters in the first layer.
        logits: 1, or 2 for the paper's two-class softmax, whose difference is the logit of a sigmoid.
    """

    def __init__(self, size: int = 64, channels: int = 3, width: int = 64, kernel_size: int = 5, logits: int = 1):
        super().__init__()
        check_network(size, channels, width, kernel_size)
        if logits not in (1, 2):
            raise UserError(f"model.logits={logits}: expected 1 (sigmoid) or 2 (two-class softmax)")
        counts = [width, 2 * width, 4 * width, 8 * width]
        self.convs = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size, stride=2, **PADDING[kernel_size])
            for before, after in zip([channels, *counts[:-1]], counts, strict=True)
        )
        self.norms = nn.ModuleList([nn.Identity(), *(nn.BatchNorm2d(count) for count in counts[1:])])
        self.head = nn.Linear(counts[-1] * (size >> LEVELS) ** 2, logits)

    def normed(self) -> list[tuple[nn.Module, int]]:
        """Return each layer that a BatchNorm follows, and which of ``norms`` it is."""
        return [(layer, place) for place, layer in enumerate(self.convs) if place > 0]

    def forward(self, pictures: Tensor) -> Tensor:
        """Map pictures (B, channels, size, size) in [-1, 1] to logits (B,), ``D = sigmoid(logit)``."""
        features = pictures
        for conv, norm in zip(self.convs, self.norms, strict=True):
            features = F.leaky_relu_(norm(conv(features)), 0.2)
        logits = self.head(features.flatten(1))
        return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]


def initialise(network: nn.Module, init: Init) -> None:
    """Draw every weight from N(0, 0.02^2), biases 0 (Radford et al.).

    ``truncated_normal`` cuts the discriminator's convolutions off at two deviations, as the public code does.
    """
    if init not in ("normal", "truncated_normal"):
        raise UserError(f"model.init={init}: expected normal | truncated_normal")
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and init == "truncated_normal":
            nn.init.trunc_normal_(layer.weight, std=0.02, a=-0.04, b=0.04)
        elif isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, std=0.02)
        else:
            continue
        nn.init.zeros_(layer.bias)


def check_network(size: int, channels: int, width: int, kernel_size: int) -> None:
    """Refuse what cannot be built, in one line."""
    if size < 16 or size % 2**LEVELS:
        raise UserError(f"model.size={size}: expected a multiple of {2**LEVELS} (the paper: 64)")
    if channels not in (1, 3):
        raise UserError(f"model.channels={channels}: expected 3 (RGB) or 1 (grey)")
    if width < 1:
        raise UserError(f"model.width={width}: expected at least 1 (the paper: 64)")
    if kernel_size not in PADDING:
        raise UserError(f"model.kernel_size={kernel_size}: expected 5 or 4")
