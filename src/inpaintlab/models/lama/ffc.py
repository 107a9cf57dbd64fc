"""Fast Fourier convolution (Chi et al. 2020): local channels see 3 x 3 pixels, global ones the whole picture."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.models.lama import dft


class Maps(NamedTuple):
    """Feature maps, local (B, C_l, H, W) and global (B, C_g, H, W) or None."""

    near: Tensor
    far: Tensor | None = None


class FourierUnit(nn.Module):
    """A 1 x 1 convolution, BatchNorm and ReLU on the spectrum: (B, C, H, W) -> (B, C, H, W).

    Real and imaginary part are channels of their own, 2c and 2c + 1. Works in float32 under any autocast: half
    precision has no such FFT for most sizes, and beside a mean of sqrt(H W) it has no room for high frequencies.
    """

    def __init__(self, channels: int, transform: dft.Transform = "fft") -> None:
        super().__init__()
        self.transform = transform
        self.conv = nn.Conv2d(2 * channels, 2 * channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(2 * channels)

    def forward(self, features: Tensor) -> Tensor:
        """Filter the spectrum."""
        with torch.autocast(features.device.type, enabled=False):
            maps = features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
            spectrum = torch.stack(dft.forward(maps, self.transform), 2).flatten(1, 2)
            spectrum = F.relu(self.norm(self.conv(spectrum)))
            real, imag = spectrum[:, 0::2], spectrum[:, 1::2]
            return dft.inverse(real, imag, maps.shape[-1], self.transform).to(features.dtype)


class SpectralTransform(nn.Module):
    """``W_2 (h + FU(h))`` with ``h = ReLU(BN(W_1 x))`` of half the channels: (B, C, H, W) -> (B, C', H, W)."""

    def __init__(self, in_channels: int, out_channels: int, transform: dft.Transform = "fft") -> None:
        super().__init__()
        inner = out_channels // 2
        self.reduce = nn.Conv2d(in_channels, inner, 1, bias=False)
        self.norm = nn.BatchNorm2d(inner)
        self.fourier = FourierUnit(inner, transform)
        self.expand = nn.Conv2d(inner, out_channels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Transform global features."""
        inner = F.relu(self.norm(self.reduce(features)))
        return self.expand(inner + self.fourier(inner))


class FFCLayer(nn.Module):
    """A fast Fourier convolution, then BatchNorm and ReLU on each half.

    ``y_l = W_ll * x_l + W_gl * x_g`` and ``y_g = W_lg * x_l + ST(x_g)``; a half of 0 channels is left out.

    Args:
        in_channels, out_channels: (local, global).
        kernel_size, stride: of the convolutions, which see the picture mirrored beyond its edge.
        transform: ``fft``, or ``matmul`` for exports.
    """

    def __init__(
        self,
        in_channels: tuple[int, int],
        out_channels: tuple[int, int],
        kernel_size: int = 3,
        stride: int = 1,
        transform: dft.Transform = "fft",
    ) -> None:
        super().__init__()

        def convolution(inputs: int, outputs: int) -> nn.Conv2d | None:
            if not (inputs and outputs):
                return None
            pad = kernel_size // 2
            return nn.Conv2d(inputs, outputs, kernel_size, stride, pad, bias=False, padding_mode="reflect")

        (in_near, in_far), (out_near, out_far) = in_channels, out_channels
        self.near_to_near = convolution(in_near, out_near)
        self.near_to_far = convolution(in_near, out_far)
        self.far_to_near = convolution(in_far, out_near)
        self.far_to_far = SpectralTransform(in_far, out_far, transform) if in_far and out_far else None
        self.norm_near = nn.BatchNorm2d(out_near)
        self.norm_far = nn.BatchNorm2d(out_far) if out_far else None

    def forward(self, maps: Maps) -> Maps:
        """Convolve both halves."""
        near = self.near_to_near(maps.near)
        if self.far_to_near is not None:
            near = near + self.far_to_near(maps.far)
        near = F.relu(self.norm_near(near))
        if self.norm_far is None:
            return Maps(near)
        far = self.near_to_far(maps.near)
        if self.far_to_far is not None:
            far = far + self.far_to_far(maps.far)
        return Maps(near, F.relu(self.norm_far(far)))


class FFCBlock(nn.Module):
    """Two layers and a short cut around them; the second one's ReLU comes before the sum, none after it."""

    def __init__(self, channels: tuple[int, int], transform: dft.Transform = "fft") -> None:
        super().__init__()
        self.first = FFCLayer(channels, channels, transform=transform)
        self.second = FFCLayer(channels, channels, transform=transform)

    def forward(self, maps: Maps) -> Maps:
        """Add what the two layers say."""
        change = self.second(self.first(maps))
        return Maps(maps.near + change.near, maps.far + change.far)
