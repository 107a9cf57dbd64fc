"""The network of the MADF paper: encoder, recovery decoder and a cascade of refinement decoders."""

from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.madf.decoders import Norm, Recovery, RefinementDecoder
from inpaintlab.models.madf.dynamic_filter import DynamicFilter2d
from inpaintlab.models.madf.encoder import Encoder, EncoderChannels, Encoding

Init = Literal["default", "normal_0.01"]


class MADFNet(nn.Module):
    """Picture and mask to K + 1 pictures, from coarse to fine.

    Args:
        levels: halvings, 7 in the authors' code; sides must be multiples of ``2**levels``.
        width: channels of e^1, 16; the decoders have 4 times as many at their finest level, and every map doubles its
            channels from level to level, up to 8 times the first.
        refinements: K, the refinement decoders, 0 to 3.
        channels: of the picture, 3 (colour) or 1 (grey).
        encoder: ``madf``, or ``gconv`` or ``pconv`` for the ablation.
        enc_channels: ``code``, e^1 has ``width`` channels (Fig. 5), or ``formula``, twice as many (section III-D).
        mask_channels: mask features per window.
        norm: of the refinement decoders, ``pn``, or ``bn`` for the ablation.
        init: ``default``, PyTorch's, or ``normal_0.01``, normal of deviation 0.01 (section IV-C, after its variance).
    """

    def __init__(
        self,
        levels: int = 7,
        width: int = 16,
        refinements: int = 2,
        channels: int = 3,
        encoder: Encoding = "madf",
        enc_channels: EncoderChannels = "code",
        mask_channels: int = 16,
        norm: Norm = "pn",
        init: Init = "default",
    ) -> None:
        super().__init__()
        _check_choices(encoder=(encoder, Encoding), enc_channels=(enc_channels, EncoderChannels))
        _check_choices(norm=(norm, Norm), init=(init, Init))
        if (
            not 2 <= levels <= 16
            or min(width, mask_channels) < 1
            or not 0 <= refinements <= 3
            or channels not in (1, 3)
        ):
            raise UserError(
                "model: expected levels 2 to 16, width and mask_channels of at least 1, refinements 0 to 3 and "
                f"1 or 3 channels, got levels={levels}, width={width}, mask_channels={mask_channels}, "
                f"refinements={refinements}, channels={channels}"
            )
        self.step = 2**levels
        first = width if enc_channels == "code" else 2 * width
        filtered = [min(8 * width, first * 2**level) for level in range(levels)]
        widths = [min(32 * width, 4 * width * 2**level) for level in range(levels)]
        self.encoder = Encoder(encoder, filtered, widths, channels, mask_channels)
        outs = [channels, *widths[:-1]]
        skips = [2 * channels, *widths[:-1]]
        self.recovery = nn.ModuleList(
            Recovery(widths[level], outs[level], skips[level], last=level == 0) for level in reversed(range(levels))
        )
        self.refinement = nn.ModuleList(
            RefinementDecoder(widths, (3 + k) * channels, channels, norm, hidden=8 * width) for k in range(refinements)
        )
        if init == "normal_0.01":
            self.apply(_normal)

    def forward(self, corrupted: Tensor, known: Tensor) -> list[Tensor]:
        """Predict: corrupted (B, C, H, W), 0 in its hole, and known (B, 1, H, W) -> [out_0, ..., out_K], unbounded."""
        height, width = corrupted.shape[-2:]
        if height % self.step or width % self.step:
            raise UserError(f"size {height}x{width}: the network needs sides that are multiples of {self.step}")
        encoded = self.encoder(corrupted, known)
        features, chain = encoded[-1], []
        for block, skip in zip(self.recovery, reversed(encoded[:-1]), strict=True):
            features = block(features, skip)
            chain.append(features)
        pictures = [chain.pop()]
        for decoder in self.refinement:
            chain = decoder(encoded[-1], chain)
            pictures.append(decoder.picture(chain[-1], [*pictures, encoded[0]]))
        return pictures


def _check_choices(**choices: tuple[str, Any]) -> None:
    for name, (value, options) in choices.items():
        if value not in get_args(options):
            raise UserError(f"model.{name}: expected {' | '.join(get_args(options))}, got {value!r}")


@torch.no_grad()
def _normal(module: nn.Module) -> None:
    """Draw weights and biases of convolutions from a normal distribution; BatchNorm starts as the identity."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, DynamicFilter2d)):
        for parameter in module.parameters(recurse=False):
            parameter.normal_(0, 0.01)
