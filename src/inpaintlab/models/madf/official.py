"""The weights of the authors' released network, github.com/MADF-inpainting/Pytorch-MADF, taken over exactly."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.models.madf.decoders import PointwiseNorm
from inpaintlab.models.madf.encoder import DynamicLevel
from inpaintlab.models.madf.network import MADFNet
from inpaintlab.models.official import Counterpart, same, take_over

PREFIXES = ("module.model.", "module.")
"""What the authors' training script puts before every name."""
EXPECTED = (
    "load_official wants encoder=madf, norm=pn, enc_channels=code, levels=7, width=16, channels=3 and K at most 2"
)


FIRST = "filter_gen_1.conv.0.weight"


def arguments(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``MADFNet`` that released weights fit; ``UserError`` if they are another network's.

    ``contents``: as of ``load``.
    """
    state = _bare(contents)
    first, up = state.get(FIRST), state.get("enc_up_1.0.weight")
    if not all(isinstance(entry, Tensor) and entry.ndim == 4 for entry in (first, up)):
        raise UserError(
            f"official weights: not MADF's: expected entries {FIRST} and enc_up_1.0.weight, the first of {len(state)} "
            f"is {next(iter(state), 'none')}"
        )
    return {
        "levels": sum(re.fullmatch(r"enc_up_\d+\.0\.weight", name) is not None for name in state),
        "width": up.shape[1],
        "refinements": sum(re.fullmatch(r"dec_ref\d_1\.weight", name) is not None for name in state),
        "channels": first.shape[1],
        "mask_channels": first.shape[0],
    }


def load(network: MADFNet, state_dict: Mapping[str, Any]) -> list[str]:
    """Copy the released weights into ``network``; nothing is copied if one is missing or has another shape.

    Args:
        network: see ``EXPECTED``; with fewer refinements than the weights, these are left over.
        state_dict: by the authors' names, bare, or as their training script saves it, below ``model`` with a prefix.

    Returns:
        The names of the entries without a counterpart: the encoder's BatchNorm, which the authors' code builds and
        never applies, the weights inside their loss, and decoders that ``network`` does not have.
    """
    return take_over(_counterparts(network), _bare(state_dict), EXPECTED)


def _bare(state_dict: Mapping[str, Any]) -> dict[str, Tensor]:
    """Unpack a checkpoint of their training script, and strip its prefixes."""
    if isinstance(state_dict.get("model"), Mapping):
        state_dict = state_dict["model"]
    state = {}
    for name, value in state_dict.items():
        bare = str(name)
        for prefix in PREFIXES:
            bare = bare.removeprefix(prefix)
        state[bare] = value
    return state


def _counterparts(network: MADFNet) -> Iterator[Counterpart]:
    """Walk through the network; the authors count the levels of a decoder downwards, as the data flows."""
    for i, (level, up) in enumerate(zip(network.encoder.levels, network.encoder.up, strict=True), start=1):
        if not isinstance(level, DynamicLevel):
            raise UserError(f"official weights: this network has encoder={network.encoder.kind}; {EXPECTED}")
        yield from same(f"filter_gen_{i}.conv.0", level.mask)
        yield from _filter(f"filter_gen_{i}.conv1.0", level.filter.weight)
        yield from same(f"enc_up_{i}.0", up)
    depth = len(network.encoder.levels)
    for i, block in zip(range(depth, 0, -1), network.recovery, strict=True):
        yield from same(f"deconv_{i}.0", block.upsample)
        if block.norm is not None:
            yield from same(f"deconv_{i}.1", block.norm)
        yield from same(f"att_conv_{i}.conv.0", block.blend)
    for k, decoder in enumerate(network.refinement):
        for i, block in zip(range(depth, 1, -1), decoder.blocks, strict=True):
            if not isinstance(block.norm, PointwiseNorm):
                raise UserError(f"official weights: this network has norm=bn; {EXPECTED}")
            yield from same(f"dec_ref{k}_{i}.deconv", block.upsample)
            yield from _pointwise(f"dec_ref{k}_{i}.bn", block.norm)
        yield from same(f"dec_ref{k}_1", decoder.paint)


def _filter(name: str, weight: Tensor) -> Iterator[Counterpart]:
    """Their 1 x 1 convolution gives a kernel as C_in, rows, columns, C_out; ours is (17, C_out, C_in, k, k)."""
    theirs = weight.permute(2, 3, 4, 1, 0)
    size = weight[0].numel()
    yield Counterpart(f"{name}.weight", theirs[..., 1:], (size, len(weight) - 1, 1, 1))
    yield Counterpart(f"{name}.bias", theirs[..., 0], (size,))


def _pointwise(name: str, norm: PointwiseNorm) -> Iterator[Counterpart]:
    """Their scale and bias are two convolutions, ours are one."""
    yield from same(f"{name}.batch_norm", norm.norm)
    yield from same(f"{name}.mlp_shared.0", norm.hidden)
    for key, ours in norm.affine.state_dict(keep_vars=True).items():
        for part, half in zip(("mlp_scale", "mlp_bias"), ours.chunk(2), strict=True):
            yield Counterpart(f"{name}.{part}.{key}", half, tuple(half.shape))
