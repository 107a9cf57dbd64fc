"""The real Fourier transform in two dimensions, orthonormal, twice: by the FFT, and by products of matrices.

Both give the half spectrum of H x (W // 2 + 1) values as real and imaginary part. The products need no complex numbers
and no operator that an exporter lacks; they are exact, and slower: W + 2 H multiply-adds for each value.
"""

import math
from typing import Literal

import torch
from torch import Tensor

Transform = Literal["fft", "matmul"]


def forward(x: Tensor, transform: Transform) -> tuple[Tensor, Tensor]:
    """Transform (..., H, W): real and imaginary part, (..., H, W // 2 + 1) each."""
    if transform == "fft":
        spectrum = torch.fft.rfft2(x, norm="ortho")
        return spectrum.real, spectrum.imag
    height, width = x.shape[-2:]
    (cos_h, sin_h), (cos_w, sin_w) = _waves(height, height, x), _waves(width, width // 2 + 1, x)
    real, imag = x @ cos_w, -(x @ sin_w)
    return cos_h @ real + sin_h @ imag, cos_h @ imag - sin_h @ real


def inverse(real: Tensor, imag: Tensor, width: int, transform: Transform) -> Tensor:
    """Transform a half spectrum (..., H, width // 2 + 1) back to (..., H, width).

    It need not be that of a real picture: after the inverse along the columns the imaginary part of what stands for
    itself, column 0 and for an even width column width / 2, is left out, as the FFT does.
    """
    height = real.shape[-2]
    if transform == "fft":
        return torch.fft.irfft2(torch.complex(real, imag), s=(height, width), norm="ortho")
    (cos_h, sin_h), (cos_w, sin_w) = _waves(height, height, real), _waves(width, width // 2 + 1, real)
    a, b = cos_h @ real - sin_h @ imag, cos_h @ imag + sin_h @ real
    column = torch.arange(width // 2 + 1, device=real.device)
    alone = (column == 0) | (2 * column == width)
    twice = torch.where(alone, 1, 2).to(real.dtype)  # every other column also stands for its mirror image
    return (a * twice) @ cos_w.T - (b * twice) @ sin_w.T


def _waves(length: int, columns: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return cos and sin of ``2 pi i k / n`` over ``sqrt(n)``, (n, columns) each, made in float64."""
    # On the CPU, since some accelerators have no float64; modulo n, since large angles would lose digits.
    turns = torch.arange(length)[:, None] * torch.arange(columns) % length
    angles = turns.double() * (2 * math.pi / length)
    # The cosine as a sine a quarter turn on: onnxruntime has that one alone in float64.
    return tuple((torch.sin(angles + turn) / length**0.5).to(like) for turn in (math.pi / 2, 0.0))
