"""The weights of the authors' released network, github.com/MADF-inpainting/Pytorch-MADF, taken over exactly."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.madf.decoders import PointwiseNorm
from inpaintlab.models.madf.encoder import DynamicLevel
from inpaintlab.models.madf.network import MADFNet

PREFIXES = ("module.model.", "module.")
"""What the authors' training script puts before every name."""
EXPECTED = (
    "load_official wants encoder=madf, norm=pn, enc_channels=code, levels=7, width=16, channels=3 and K at most 2"
)


class Counterpart(NamedTuple):
    """Where one of their tensors belongs: a view of one of ours, in the order of theirs, and their shape."""

    name: str
    ours: Tensor
    shape: tuple[int, ...]


@torch.no_grad()
def load(network: MADFNet, state_dict: Mapping[str, Any]) -> list[str]:
    """Copy the released weights into ``network``; nothing is copied if one is missing or has another shape.

    Args:
        network: see ``EXPECTED``; with fewer refinements than the weights, these are left over.
        state_dict: by the authors' names, bare, or as their training script saves it, below ``model`` with a prefix.

    Returns:
        The names of the entries without a counterpart: the encoder's BatchNorm, which the authors' code builds and
        never applies, the weights inside their loss, and decoders that ``network`` does not have.
    """
    state = _bare(state_dict)
    counterparts = list(_counterparts(network))
    missing = [part.name for part in counterparts if part.name not in state]
    if missing:
        raise UserError(
            f"official weights: {len(missing)} of {len(counterparts)} entries are missing, the first {missing[0]}; "
            f"{EXPECTED}"
        )
    for name, _, shape in counterparts:
        if tuple(state[name].shape) != shape:
            raise UserError(
                f"official weights: {name} should have the shape {shape}, got {tuple(state[name].shape)}; {EXPECTED}"
            )
    for name, ours, _ in counterparts:
        ours.copy_(state[name].reshape(ours.shape))
    return sorted(set(state) - {part.name for part in counterparts})


def _bare(state_dict: Mapping[str, Any]) -> dict[str, Tensor]:
    """Unpack a checkpoint of their training script, and strip its prefixes."""
    if isinstance(state_dict.get("model"), Mapping):
        state_dict = state_dict["model"]
    state = {}
    for name, value in state_dict.items():
        for prefix in PREFIXES:
            name = name.removeprefix(prefix)
        state[name] = value
    return state


def _counterparts(network: MADFNet) -> Iterator[Counterpart]:
    """Walk through the network; the authors count the levels of a decoder downwards, as the data flows."""
    for i, (level, up) in enumerate(zip(network.encoder.levels, network.encoder.up, strict=True), start=1):
        if not isinstance(level, DynamicLevel):
            raise UserError(f"official weights: this network has encoder={network.encoder.kind}; {EXPECTED}")
        yield from _same(f"filter_gen_{i}.conv.0", level.mask)
        yield from _filter(f"filter_gen_{i}.conv1.0", level.filter.weight)
        yield from _same(f"enc_up_{i}.0", up)
    depth = len(network.encoder.levels)
    for i, block in zip(range(depth, 0, -1), network.recovery, strict=True):
        yield from _same(f"deconv_{i}.0", block.upsample)
        if block.norm is not None:
            yield from _same(f"deconv_{i}.1", block.norm)
        yield from _same(f"att_conv_{i}.conv.0", block.blend)
    for k, decoder in enumerate(network.refinement):
        for i, block in zip(range(depth, 1, -1), decoder.blocks, strict=True):
            if not isinstance(block.norm, PointwiseNorm):
                raise UserError(f"official weights: this network has norm=bn; {EXPECTED}")
            yield from _same(f"dec_ref{k}_{i}.deconv", block.upsample)
            yield from _pointwise(f"dec_ref{k}_{i}.bn", block.norm)
        yield from _same(f"dec_ref{k}_1", decoder.paint)


def _same(name: str, module: nn.Module) -> Iterator[Counterpart]:
    for key, ours in module.state_dict(keep_vars=True).items():
        yield Counterpart(f"{name}.{key}", ours, tuple(ours.shape))


def _filter(name: str, weight: Tensor) -> Iterator[Counterpart]:
    """Their 1 x 1 convolution gives a kernel as C_in, rows, columns, C_out; ours is (17, C_out, C_in, k, k)."""
    theirs = weight.permute(2, 3, 4, 1, 0)
    size = weight[0].numel()
    yield Counterpart(f"{name}.weight", theirs[..., 1:], (size, len(weight) - 1, 1, 1))
    yield Counterpart(f"{name}.bias", theirs[..., 0], (size,))


def _pointwise(name: str, norm: PointwiseNorm) -> Iterator[Counterpart]:
    """Their scale and bias are two convolutions, ours are one."""
    yield from _same(f"{name}.batch_norm", norm.norm)
    yield from _same(f"{name}.mlp_shared.0", norm.hidden)
    for key, ours in norm.affine.state_dict(keep_vars=True).items():
        for part, half in zip(("mlp_scale", "mlp_bias"), ours.chunk(2), strict=True):
            yield Counterpart(f"{name}.{part}.{key}", half, tuple(half.shape))
