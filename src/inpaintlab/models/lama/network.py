"""The generator of LaMa: three halvings, residual blocks with a view of the whole picture, three doublings."""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.lama.dft import Transform
from inpaintlab.models.lama.ffc import FFCBlock, FFCLayer, FourierUnit, Maps

Convolution = Literal["fourier", "regular"]


class PlainLayer(nn.Module):
    """Convolution, BatchNorm, ReLU; the layer of ``regular``, whose maps are all local."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int, padding_mode: str) -> None:
        super().__init__()
        pad = kernel_size // 2
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, pad, padding_mode=padding_mode)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, maps: Maps) -> Maps:
        """Convolve."""
        return Maps(F.relu(self.norm(self.conv(maps.near))))


class PlainBlock(nn.Module):
    """Two 3 x 3 convolutions with BatchNorm and a short cut; a ReLU between them alone."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect") for _ in range(2)
        )
        self.first_norm, self.second_norm = (nn.BatchNorm2d(channels) for _ in range(2))

    def forward(self, maps: Maps) -> Maps:
        """Add what the two layers say."""
        change = F.relu(self.first_norm(self.first(maps.near)))
        return Maps(maps.near + self.second_norm(self.second(change)))


class Generator(nn.Module):
    """Picture and mask to picture.

    Args:
        channels: 3 (colour) or 1 (grey).
        width: channels of the first layer; each halving doubles them.
        downs: halvings; sides must be multiples of ``2**downs`` and at least twice that.
        blocks: residual blocks: 18 in Big LaMa, 9 in LaMa-Fourier, 6 in the shallow one.
        convolution: ``fourier``, or ``regular`` for the paper's baseline without Fourier units.
        global_share: of the channels of the blocks, the share that sees the whole picture.
        transform: ``fft``, or ``matmul``, the same by products of matrices, for exports.
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 64,
        downs: int = 3,
        blocks: int = 18,
        convolution: Convolution = "fourier",
        global_share: float = 0.75,
        transform: Transform = "fft",
    ) -> None:
        super().__init__()
        if convolution not in get_args(Convolution):
            raise UserError(f"model.convolution: expected {' | '.join(get_args(Convolution))}, got {convolution!r}")
        if min(width, downs, blocks) < 1 or channels not in (1, 3):
            raise UserError(
                "model: expected width, downs and blocks of at least 1 and 1 or 3 channels, got "
                f"width={width}, downs={downs}, blocks={blocks}, channels={channels}"
            )
        widths = [width * 2**level for level in range(downs + 1)]
        far = int(widths[-1] * global_share)
        if convolution == "fourier" and not 2 <= far < widths[-1]:
            raise UserError(
                f"model.global_share={global_share}: leaves {far} of {widths[-1]} channels global; expected at least "
                "2, and one local"
            )
        self.step = 2**downs
        if convolution == "fourier":
            splits = [(outputs, 0) for outputs in widths[:-1]] + [(widths[-1] - far, far)]
            self.encoder = nn.ModuleList([FFCLayer((channels + 1, 0), splits[0], 7)])
            self.encoder.extend(FFCLayer(splits[i], splits[i + 1], 3, 2) for i in range(downs))
            self.body = nn.ModuleList(FFCBlock(splits[-1]) for _ in range(blocks))
        else:
            self.encoder = nn.ModuleList([PlainLayer(channels + 1, width, 7, 1, "reflect")])
            self.encoder.extend(PlainLayer(widths[i], widths[i + 1], 3, 2, "zeros") for i in range(downs))
            self.body = nn.ModuleList(PlainBlock(widths[-1]) for _ in range(blocks))
        self.decoder = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(widths[i + 1], widths[i], 3, 2, padding=1, output_padding=1),
                nn.BatchNorm2d(widths[i]),
                nn.ReLU(),
            )
            for i in reversed(range(downs))
        )
        self.paint = nn.Conv2d(width, channels, 7, padding=3, padding_mode="reflect")
        self.use_transform(transform)

    def forward(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Predict: corrupted (B, C, H, W) and known (B, 1, H, W) -> (B, C, H, W) in [0, 1]."""
        return self.decode(self.encode(corrupted, known))

    def encode(self, corrupted: Tensor, known: Tensor) -> Maps:
        """Return the maps that the blocks begin with, 1 / 2**downs of the size; holes are never read."""
        self._check(corrupted)
        # The hole is black, and told by a channel that is 1 there. Not a product: a NaN would pass it.
        seen = torch.cat([torch.where(known > 0.5, corrupted, 0), 1 - known], 1)
        maps = Maps(seen)
        for layer in self.encoder:
            maps = layer(maps)
        return maps

    def decode(self, maps: Maps) -> Tensor:
        """Return the picture for such maps."""
        for block in self.body:
            maps = block(maps)
        features = maps.near if maps.far is None else torch.cat([maps.near, maps.far], 1)
        for layer in self.decoder:
            features = layer(features)
        return torch.sigmoid(self.paint(features))

    def use_transform(self, transform: Transform) -> None:
        """Compute every Fourier transform by ``fft`` or by ``matmul``; weights and results are the same."""
        if transform not in get_args(Transform):
            raise UserError(f"model.transform: expected {' | '.join(get_args(Transform))}, got {transform!r}")
        for module in self.modules():
            if isinstance(module, FourierUnit):
                module.transform = transform

    def _check(self, pictures: Tensor) -> None:
        height, width = pictures.shape[-2:]
        if height % self.step or width % self.step or min(height, width) < 2 * self.step:
            raise UserError(
                f"size {height}x{width}: the network needs sides that are multiples of {self.step}, at least "
                f"{2 * self.step}"
            )
