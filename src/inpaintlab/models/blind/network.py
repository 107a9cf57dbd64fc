"""Net-D, Net-E and what lies between them (section 3.1 and Fig. 2): from a grey picture to its residual."""

import itertools
import math
from collections.abc import Sequence
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.blind.gradients import OPERATORS
from inpaintlab.models.padding import extend

Front = Literal["net_d", "net_e64", "none"]
Gradient = Literal["forward", "sobel", "none"]

CONVS = (2, 2, 3, 4, 2, 2, 2)
"""Ours: the paper says 17 convolutions in Net-D, not where. This comes nearest to the labels of Fig. 2, see README."""
NET_E_LAYERS = 20


class NetD(nn.Module):
    """Encoder-decoder with skips that are concatenated: 3 max-poolings, 3 deconvolutions, ReLU after every layer.

    Args:
        convs: convolutions per level, on the way down, at the bottom, on the way up; 2 n + 1 numbers make n poolings.
        width: channels at full size; doubled by each pooling, halved by each deconvolution.
    """

    def __init__(self, convs: Sequence[int], width: int) -> None:
        super().__init__()
        levels = len(convs) // 2
        widths = [width * 2**level for level in range(levels + 1)]
        self.down = nn.ModuleList(
            convolutions([before, *[widths[level]] * convs[level]]) for level, before in enumerate([1, *widths[:-1]])
        )
        upwards = list(reversed(range(levels)))
        self.deconvs = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(widths[level + 1], widths[level], 3, stride=2, padding=1, output_padding=1),
                nn.ReLU(inplace=True),
            )
            for level in upwards
        )
        self.up = nn.ModuleList(
            convolutions([2 * widths[level], *[widths[level]] * convs[2 * levels - level]]) for level in upwards
        )

    def forward(self, picture: Tensor) -> Tensor:
        """Map grey (B, 1, H, W), sides multiples of ``2**levels``, to features (B, width, H, W)."""
        features, skips = self.down[0](picture), []
        for level in self.down[1:]:
            skips.append(features)
            features = level(F.max_pool2d(features, 2))
        for deconv, level in zip(self.deconvs, self.up, strict=True):
            features = level(torch.cat([skips.pop(), deconv(features)], 1))
        return features


class ResidualNetwork(nn.Module):
    """The whole of Fig. 2 but for the last sum: features, gradients and picture, concatenated, go through Net-E.

    Args:
        front: ``net_d``; ``net_e64``, 20 plain layers without skips; or ``none``. The rows of Table 3.
        gradient: the operator of the gradient prior, or ``none`` to leave it out.
        convs: of Net-D.
        width: channels at full size, 64 in the paper.
        final_relu: a ReLU behind the last layer too, as the text reads; the residual can then only brighten.
    """

    def __init__(
        self,
        front: Front = "net_d",
        gradient: Gradient = "forward",
        convs: Sequence[int] = CONVS,
        width: int = 64,
        final_relu: bool = False,
    ) -> None:
        super().__init__()
        check(front, gradient, convs, width)
        plain = [width] * (NET_E_LAYERS - 1)
        self.front: nn.Module | None = None
        if front == "net_d":
            self.front = NetD(convs, width)
        elif front == "net_e64":
            self.front = convolutions([1, *plain, width])
        self.step = 2 ** (len(convs) // 2) if front == "net_d" else 1
        self.gradient = OPERATORS.get(gradient)
        channels = (width if self.front else 0) + (2 if self.gradient else 0) + 1
        self.net_e = convolutions([channels, *plain, 1], final_relu)
        self.apply(initialise)

    def forward(self, picture: Tensor) -> Tensor:
        """Map grey (B, 1, H, W) in [0, 1], of any size, to the residual f(x), (B, 1, H, W), unbounded."""
        height, width = picture.shape[-2:]
        picture = extend(picture, self.step)
        inputs = [picture]
        if self.gradient:
            inputs.insert(0, self.gradient(picture))
        if self.front:
            inputs.insert(0, self.front(picture))
        return self.net_e(torch.cat(inputs, 1))[..., :height, :width]


def convolutions(channels: Sequence[int], final_relu: bool = True) -> nn.Sequential:
    """Chain 3x3 convolutions of stride 1, zero padding 1, each followed by ReLU, through these channel counts."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(channels):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*(layers if final_relu else layers[:-1]))


def initialise(layer: nn.Module) -> None:
    """He et al. 2015: normal with variance 2 / n, n the inputs of one output; biases 0 (section 4.2).

    A deconvolution of stride 2 reaches an output with a quarter of its kernel on average.
    """
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        inputs = layer.in_channels * math.prod(layer.kernel_size)
        if isinstance(layer, nn.ConvTranspose2d):
            inputs /= math.prod(layer.stride)
        nn.init.normal_(layer.weight, std=math.sqrt(2 / inputs))
        nn.init.zeros_(layer.bias)


def check(front: str, gradient: str, convs: Sequence[int], width: int) -> None:
    """Refuse arguments that make no network, with ``UserError``."""
    for name, value, choices in (("front", front, get_args(Front)), ("gradient", gradient, get_args(Gradient))):
        if value not in choices:
            raise UserError(f"model.{name}: expected {' | '.join(choices)}, got {value!r}")
    if len(convs) % 2 == 0 or len(convs) > 15 or not all(1 <= count <= 100 for count in convs):
        raise UserError(f"model.convs: expected an odd number of counts, 15 at most, of 1 to 100, got {list(convs)}")
    if width < 1:
        raise UserError(f"model.width: expected at least 1, got {width}")
