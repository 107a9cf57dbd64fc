"""The completion network, and the discriminator that looks at the whole picture and at a patch around the hole."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError

NormOrder = Literal["bn_act", "act_bn"]
InputNorm = Literal["sub_mean", "fill_mean", "symmetric"]
OutAct = Literal["sigmoid", "clamp"]
Extent = Literal["local", "global"]

MEAN = (0.4560, 0.4472, 0.4155)
"""RGB of Places2, which the authors' file of weights holds."""


class Layer(NamedTuple):
    """One row of the table of layers."""

    channels: int
    """That come out, at width 64."""
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    transposed: bool = False


LAYERS = (
    Layer(64, kernel=5),
    Layer(128, stride=2),
    Layer(128),
    Layer(256, stride=2),
    Layer(256),
    Layer(256),
    Layer(256, dilation=2),
    Layer(256, dilation=4),
    Layer(256, dilation=8),
    Layer(256, dilation=16),
    Layer(256),
    Layer(256),
    Layer(128, kernel=4, stride=2, transposed=True),
    Layer(128),
    Layer(64, kernel=4, stride=2, transposed=True),
    Layer(32),
)
"""The completion network without its last layer, which paints the picture."""


class ConvBlock(nn.Sequential):
    """Convolution, BatchNorm and ReLU, the last two in either order; ``.conv`` and ``.norm`` are its parts."""

    def __init__(self, convolution: nn.Module, channels: int, norm_order: NormOrder) -> None:
        if norm_order not in get_args(NormOrder):
            raise UserError(f"model.norm_order={norm_order}: expected {' | '.join(get_args(NormOrder))}")
        super().__init__()
        self.add_module("conv", convolution)
        norm, act = ("norm", nn.BatchNorm2d(channels)), ("act", nn.ReLU(inplace=True))
        for name, module in (norm, act) if norm_order == "bn_act" else (act, norm):
            self.add_module(name, module)


class CompletionNetwork(nn.Module):
    """Corrupted picture and its known pixels -> completed picture, whatever the size; 17 layers, four of them dilated.

    Args:
        channels: 3 (colour) or 1 (grey).
        width: channels of the first layer; the others have up to four times as many.
        norm_order: BatchNorm before (``bn_act``, the authors) or behind ReLU (``act_bn``, otenim/GLCIC-PyTorch).
        input_norm: what the network sees. ``sub_mean``: the picture less ``mean``, 0 in the hole (the authors);
            ``fill_mean``: the picture, ``mean`` in the hole (otenim); ``symmetric``: [-1, 1], 0 in the hole (mmagic).
        out_act: ``sigmoid`` (the authors), or ``clamp`` to [-1, 1] (mmagic).
        mean: colour in [0, 1], one number per channel.
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 64,
        norm_order: NormOrder = "bn_act",
        input_norm: InputNorm = "sub_mean",
        out_act: OutAct = "sigmoid",
        mean: Sequence[float] = MEAN,
    ) -> None:
        super().__init__()
        if input_norm not in get_args(InputNorm):
            raise UserError(f"model.input_norm={input_norm}: expected {' | '.join(get_args(InputNorm))}")
        if out_act not in get_args(OutAct):
            raise UserError(f"model.out_act={out_act}: expected {' | '.join(get_args(OutAct))}")
        if len(mean) != channels or not all(0 <= value <= 1 for value in mean):
            raise UserError(f"model.mean={list(mean)}: expected {channels} number(s) in 0..1, one per channel")
        self.norm_order, self.input_norm, self.out_act = norm_order, input_norm, out_act
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        blocks, before = [], channels + 1
        for layer in LAYERS:
            after = layer.channels * width // 64
            blocks.append(ConvBlock(_convolution(layer, before, after), after, norm_order))
            before = after
        self.blocks = nn.Sequential(*blocks)
        self.paint = nn.Conv2d(before, channels, 3, padding=1)

    def forward(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Paint (B, C, H, W) in [0, 1]; H and W are multiples of 4. What stands in the hole is not looked at."""
        features = self.blocks(torch.cat([self._normalised(corrupted, known), 1 - known], 1))
        painted = self.paint(features).float()
        return torch.sigmoid(painted) if self.out_act == "sigmoid" else (painted.clamp(-1, 1) + 1) / 2

    def _normalised(self, corrupted: Tensor, known: Tensor) -> Tensor:
        here = known > 0.5
        if self.input_norm == "fill_mean":
            return torch.where(here, corrupted, self.mean)
        return torch.where(here, corrupted - self.mean if self.input_norm == "sub_mean" else corrupted * 2 - 1, 0)


def _convolution(layer: Layer, before: int, after: int) -> nn.Module:
    if layer.transposed:
        return nn.ConvTranspose2d(before, after, layer.kernel, layer.stride, padding=1)
    padding = layer.dilation * (layer.kernel - 1) // 2
    return nn.Conv2d(before, after, layer.kernel, layer.stride, padding, layer.dilation)


class Tower(nn.Sequential):
    """Square picture (B, channels, side, side) -> features (B, 16 width); halving convolutions and a linear layer."""

    def __init__(self, side: int, layers: int, channels: int, width: int, norm_order: NormOrder) -> None:
        if side < 2**layers or side % 2**layers:
            raise UserError(
                f"a discriminator of {layers} layers needs a side that is a multiple of {2**layers} px, got {side}: "
                "change paper.size and model.global_layers, or model.patch and model.local_layers"
            )
        super().__init__()
        before = channels
        for number in range(layers):
            after = width * min(2**number, 8)
            self.append(ConvBlock(nn.Conv2d(before, after, 5, stride=2, padding=2), after, norm_order))
            before = after
        self.extend([nn.Flatten(), nn.Linear(before * (side >> layers) ** 2, 16 * width), nn.ReLU(inplace=True)])


class Discriminator(nn.Module):
    """Tells true pictures from completed ones by a patch, by the whole picture, or by both joined in one score.

    Args:
        size: side of the whole picture, pixels, a multiple of ``2**global_layers``.
        patch: side of the patch, pixels, a multiple of ``2**local_layers``.
        global_layers, local_layers: convolutions of each.
        views: which of ``local`` and ``global`` there are.
        channels: 3 (colour) or 1 (grey).
        width: channels of the first convolutions.
        norm_order: as in the completion network.
    """

    def __init__(
        self,
        size: int = 256,
        patch: int = 128,
        global_layers: int = 6,
        local_layers: int = 5,
        views: Sequence[Extent] = get_args(Extent),
        channels: int = 3,
        width: int = 64,
        norm_order: NormOrder = "bn_act",
    ) -> None:
        super().__init__()
        if not views or set(views) - set(get_args(Extent)) or len(set(views)) < len(views):
            raise UserError(f"model.views={list(views)}: expected local, global or both")
        shapes = {"local": (patch, local_layers), "global": (size, global_layers)}
        self.towers = nn.ModuleDict(
            {name: Tower(*shapes[name], channels, width, norm_order) for name in get_args(Extent) if name in views}
        )
        self.head = nn.Linear(16 * width * len(self.towers), 1)

    def forward(self, views: dict[str, Tensor]) -> Tensor:
        """Score {local: (B, C, patch, patch), global: (B, C, size, size)}: logits (B,), D = sigmoid(logit)."""
        features = [tower(views[name]) for name, tower in self.towers.items()]
        return self.head(torch.cat(features, 1)).squeeze(1)
