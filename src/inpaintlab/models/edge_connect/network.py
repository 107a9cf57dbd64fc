"""EdgeConnect's networks: one generator for edges and for pictures, one patch critic."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.spectral_norm import spectral_norm

SMALLEST = 12
"""Sides in pixels from which a reflection by 2 fits into a quarter of the picture."""


class Generator(nn.Module):
    """Two halvings, residual blocks whose first convolution is dilated, two doublings; no skips.

    Args:
        in_channels, out_channels: 3 and 1 for edges; a picture's channels with the edges', and a picture's.
        squash: maps the last convolution's output to [0, 1].
        width: channels at full size, 64.
        residual_blocks: 8.
        spectral: spectral norm of every convolution but the last; the blocks' then have no bias.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        squash: Callable[[Tensor], Tensor],
        width: int = 64,
        residual_blocks: int = 8,
        spectral: bool = False,
    ) -> None:
        super().__init__()
        if width < 1 or residual_blocks < 0:
            raise UserError(
                f"model.width={width}, model.residual_blocks={residual_blocks}: expected at least 1, and 0 or more"
            )
        self.squash = squash
        self.encoder = nn.ModuleList(
            [
                _ready(nn.Conv2d(in_channels, width, 7, padding=3, padding_mode="reflect"), spectral),
                _ready(nn.Conv2d(width, 2 * width, 4, 2, 1), spectral),
                _ready(nn.Conv2d(2 * width, 4 * width, 4, 2, 1), spectral),
            ]
        )
        self.middle = nn.ModuleList(ResidualBlock(4 * width, spectral) for _ in range(residual_blocks))
        self.decoder = nn.ModuleList(
            [
                _ready(nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1), spectral),
                _ready(nn.ConvTranspose2d(2 * width, width, 4, 2, 1), spectral),
            ]
        )
        self.out = _ready(nn.Conv2d(width, out_channels, 7, padding=3, padding_mode="reflect"), spectral=False)
        for conv in (*self.encoder, *(c for block in self.middle for c in block.children()), *self.decoder):
            if conv.bias is not None:
                # Instance norm cancels it, so its gradient is nothing but rounding, which Adam, dividing it by its own
                # size, would turn into full steps. It exists for the authors' files.
                conv.bias.requires_grad_(False)

    def forward(self, seen: Tensor) -> Tensor:
        """Map (B, in_channels, H, W), sides multiples of 4 and at least 12, to (B, out_channels, H, W) in [0, 1]."""
        height, width = seen.shape[-2:]
        if height % 4 or width % 4 or min(height, width) < SMALLEST:
            raise UserError(
                f"size {height}x{width}: EdgeConnect needs sides that are multiples of 4, and at least {SMALLEST}"
            )
        features = seen
        for conv in self.encoder:
            features = F.instance_norm(conv(features)).relu_()
        for block in self.middle:
            features = block(features)
        for conv in self.decoder:
            features = F.instance_norm(conv(features)).relu_()
        return self.squash(self.out(features))


class ResidualBlock(nn.Module):
    """``x + IN(conv(ReLU(IN(conv(x)))))``, nothing behind the sum."""

    def __init__(self, width: int, spectral: bool) -> None:
        super().__init__()
        form = {"padding_mode": "reflect", "bias": not spectral}
        self.dilated = _ready(nn.Conv2d(width, width, 3, padding=2, dilation=2, **form), spectral)
        self.plain = _ready(nn.Conv2d(width, width, 3, padding=1, **form), spectral)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, width, H, W) to the same."""
        inner = F.instance_norm(self.dilated(features)).relu_()
        return features + F.instance_norm(self.plain(inner))


class Generators(nn.Module):
    """Both generators, one player: where both learn, they take one step on one sum."""

    def __init__(self, channels: int, width: int, residual_blocks: int, spectral: bool) -> None:
        super().__init__()
        self.edge = Generator(3, 1, torch.sigmoid, width, residual_blocks, spectral)
        self.image = Generator(channels + 1, channels, to_unit, width, residual_blocks)

    def compile(self, *args: object, **kwargs: object) -> None:
        """Compile each, since they are called one by one."""
        for network in (self.edge, self.image):
            network.compile(*args, **kwargs)


class Discriminator(nn.Module):
    """A critic of 70 x 70 patches: five convolutions of side 4, each spectrally normalised.

    Args:
        in_channels: 2 for grey and edges; a picture's channels.
        width: channels of the first layer, 64.
        spectral: without, the convolutions have biases.
    """

    def __init__(self, in_channels: int, width: int = 64, spectral: bool = True) -> None:
        super().__init__()
        counts = [in_channels, width, 2 * width, 4 * width, 8 * width, 1]
        self.convs = nn.ModuleList(
            _ready(nn.Conv2d(before, after, 4, stride, 1, bias=not spectral), spectral)
            for before, after, stride in zip(counts, counts[1:], (2, 2, 2, 1, 1), strict=False)
        )

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Map (B, in_channels, H, W), sides of 24 or more, to five maps, at last logits (B, 1, H/8 - 2, W/8 - 2)."""
        maps = [pictures]
        for conv in self.convs[:-1]:
            maps.append(F.leaky_relu(conv(maps[-1]), 0.2))
        return [*maps[1:], self.convs[-1](maps[-1])]


def to_unit(values: Tensor) -> Tensor:
    """Map to [0, 1] by ``(tanh + 1) / 2``."""
    return (values.tanh() + 1) / 2


def _ready(conv: nn.Module, spectral: bool) -> nn.Module:
    """Draw the weights from N(0, 0.02^2), biases 0; then put the norm on, which takes its first vectors from them."""
    nn.init.normal_(conv.weight, std=0.02)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return spectral_norm(conv) if spectral else conv
