"""The two-stage network of DeepFill: a coarse painter, and a refinement of two branches, one with attention.

Both versions have these layers. v1 has 32 filters to a share of 1 and ordinary convolutions, v2 24 and gated ones. The
names are those of the authors' code.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.contextual_attention import ContextualAttention, resize_nearest
from inpaintlab.layers.gated_conv import GatedConv2d
from inpaintlab.layers.padded_conv import PaddedConv2d, Padding

Convolution = Literal["plain", "gated"]
Output = Literal["clip", "tanh"]


class Layer(NamedTuple):
    """One convolution."""

    name: str
    share: float
    """Filters, as a multiple of the network's width."""
    kernel_size: int = 3
    stride: int = 1
    dilation: int = 1
    doubles: bool = False
    """The features are enlarged to twice their size before it, nearest neighbour."""
    rectified: bool = False
    """ReLU in place of ELU."""


def _dilated(prefix: str) -> tuple[Layer, ...]:
    return tuple(Layer(f"{prefix}{number}_atrous", 4, dilation=2 ** (number - 6)) for number in range(7, 11))


def _decoder(prefix: str) -> tuple[Layer, ...]:
    return (
        Layer(f"{prefix}11", 4),
        Layer(f"{prefix}12", 4),
        Layer(f"{prefix}13_upsample", 2, doubles=True),
        Layer(f"{prefix}14", 2),
        Layer(f"{prefix}15_upsample", 1, doubles=True),
        Layer(f"{prefix}16", 0.5),
    )


COARSE = (
    Layer("conv1", 1, kernel_size=5),
    Layer("conv2_downsample", 2, stride=2),
    Layer("conv3", 2),
    Layer("conv4_downsample", 4, stride=2),
    Layer("conv5", 4),
    Layer("conv6", 4),
    *_dilated("conv"),
    *_decoder("conv"),
)
DILATED_BRANCH = (
    Layer("xconv1", 1, kernel_size=5),
    Layer("xconv2_downsample", 1, stride=2),
    Layer("xconv3", 2),
    Layer("xconv4_downsample", 2, stride=2),
    Layer("xconv5", 4),
    Layer("xconv6", 4),
    *_dilated("xconv"),
)
BEFORE_ATTENTION = (
    Layer("pmconv1", 1, kernel_size=5),
    Layer("pmconv2_downsample", 1, stride=2),
    Layer("pmconv3", 2),
    Layer("pmconv4_downsample", 4, stride=2),
    Layer("pmconv5", 4),
    Layer("pmconv6", 4, rectified=True),
)
AFTER_ATTENTION = (Layer("pmconv9", 4), Layer("pmconv10", 4))
MERGE = _decoder("allconv")


class ActivatedConv2d(nn.Module):
    """A convolution and its activation; the counterpart of ``GatedConv2d``."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int,
        dilation: int,
        rule: Padding,
        activation: nn.Module,
    ) -> None:
        super().__init__()
        self.conv = PaddedConv2d(in_channels, out_channels, kernel_size, stride, dilation, rule)
        self.activation = activation

    def forward(self, features: Tensor) -> Tensor:
        """Convolve (B, C, H, W)."""
        return self.activation(self.conv(features))


class DeepFillNet(nn.Module):
    """Picture (B, C, H, W) in [-1, 1], 0 in its hole, and hole (B, 1, H, W) -> the coarse and the refined picture.

    Both are in [-1, 1], raw; sides are multiples of 8.

    Args:
        attention: the layer between the two halves of its branch.
        channels: 3 (colour) or 1 (grey).
        width: filters of the first layer, even: 32 (v1) or 24 (v2).
        convolution: ``plain`` (v1) or ``gated`` (v2).
        refinement_sees_hole: the refinement is shown ones and the hole beside the picture (v1), or the picture alone.
        output: how a picture is held in [-1, 1]: ``clip`` (v1) or ``tanh`` (v2).
        padding: see ``PaddedConv2d``.
    """

    def __init__(
        self,
        attention: ContextualAttention,
        channels: int = 3,
        width: int = 24,
        convolution: Convolution = "gated",
        refinement_sees_hole: bool = False,
        output: Output = "tanh",
        padding: Padding = "tf_same",
    ) -> None:
        super().__init__()
        for name, value, words in (("convolution", convolution, Convolution), ("output", output, Output)):
            if value not in get_args(words):
                raise UserError(f"model.{name}={value}: expected {' | '.join(get_args(words))}")
        if width < 2 or width % 2:
            raise UserError(f"model.width={width}: expected an even number, since the last but one layer has half")
        self.width, self.convolution, self.padding = width, convolution, padding
        self.refinement_sees_hole, self.output = refinement_sees_hole, output
        features = 4 * width
        self.coarse = self._path(COARSE, channels + 2, paint="conv17", channels=channels)
        inputs = channels + 2 if refinement_sees_hole else channels
        self.dilated_branch = self._path(DILATED_BRANCH, inputs)
        self.before_attention = self._path(BEFORE_ATTENTION, inputs)
        self.attention = attention
        self.after_attention = self._path(AFTER_ATTENTION, features)
        self.merge = self._path(MERGE, 2 * features, paint="allconv17", channels=channels)

    def forward(self, picture: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Paint twice; the gradient of the second painting flows through the first."""
        coarse = self._hold(self.coarse(_with_hole(picture, hole)))
        # Not a product: what stands under the hole of ``picture`` must not leak through 0 * NaN.
        completed = torch.where(hole > 0.5, coarse.to(picture.dtype), picture)
        seen = _with_hole(completed, hole) if self.refinement_sees_hole else completed
        features = self.before_attention(seen)
        small_hole = resize_nearest(hole, features.shape[-2:], self.attention.resize)
        attended = self.after_attention(self.attention(features, small_hole))
        refined = self.merge(torch.cat([self.dilated_branch(seen), attended], 1))
        return coarse, self._hold(refined)

    def convolutions(self) -> dict[str, PaddedConv2d]:
        """Return all 42 by the authors' names, in the order of the authors' code."""
        convolutions = {}
        for name, module in self.named_modules():
            if isinstance(module, PaddedConv2d):
                convolutions[name.removesuffix(".conv").rpartition(".")[2]] = module
        return convolutions

    def _hold(self, picture: Tensor) -> Tensor:
        return picture.clamp(-1, 1) if self.output == "clip" else picture.tanh()

    def _path(self, layers: Sequence[Layer], inputs: int, paint: str | None = None, channels: int = 3) -> nn.Sequential:
        """Build layers one after the other, and at the end, named ``paint``, the plain convolution to a picture."""
        modules: OrderedDict[str, nn.Module] = OrderedDict()
        make = GatedConv2d if self.convolution == "gated" else ActivatedConv2d
        for layer in layers:
            if layer.doubles:
                modules[f"{layer.name}_double"] = nn.Upsample(scale_factor=2, mode="nearest")
            outputs = int(layer.share * self.width)
            shape = (layer.kernel_size, layer.stride, layer.dilation)
            activation = nn.ReLU() if layer.rectified else nn.ELU()
            modules[layer.name] = make(inputs, outputs, *shape, self.padding, activation)
            inputs = outputs
        if paint is not None:
            modules[paint] = PaddedConv2d(inputs, channels, 3, rule=self.padding)
        return nn.Sequential(modules)


def _with_hole(picture: Tensor, hole: Tensor) -> Tensor:
    """Put ones and the hole beside the picture; the ones tell a convolution where the zero padding begins."""
    return torch.cat([picture, torch.ones_like(hole), hole], 1)


def initialise(network: nn.Module) -> None:
    """Draw weights as TensorFlow's layers do, Glorot-uniform; biases are 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
