"""The names under which the authors and the ports keep DeepFill's weights.

TensorFlow's names are inferred from the authors' code, not read from a file. Ours are those of the authors' layers.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from inpaintlab.basics.errors import UserError

AUTHORS = "the authors' licence, CC BY-NC 4.0: no commercial use"


class Layout(NamedTuple):
    """How one project names the weights of one version."""

    title: str
    version: Literal["v1", "v2"]
    name_of: Callable[[str], str]
    """From the authors' name of a convolution to that of its weights in the file, without ``.weight``."""
    settings: Mapping[str, Any]
    """Arguments of the model that these weights were made for."""
    licence: str
    critics: Mapping[str, str] = {}
    """Names of the critics' convolutions, with ``{}`` for conv1 and so on, by player."""
    singular: str = "{}"
    """Name of a left singular vector, with ``{}`` for its convolution's."""
    tensorflow: bool = False


def _tensorflow(name: str) -> str:
    return f"inpaint_net/{name}/{name}_conv" if name.endswith("_upsample") else f"inpaint_net/{name}"


def _daa233(name: str) -> str:
    part = "coarse_generator" if name.startswith("conv") else "fine_generator"
    return f"{part}.{name.removesuffix('_upsample')}.conv"


def _nipponjo_tf(name: str) -> str:
    return f"{name}.conv.conv" if name.endswith("_upsample") else f"{name}.conv"


def _nipponjo_pt(name: str) -> str:
    prefix, number = _split(name)
    stage = "stage1" if prefix == "conv" else "stage2"
    branch = {"conv": "", "xconv": "conv_", "pmconv": "ca_", "allconv": ""}[prefix]
    blocks = {2: "down_block1.conv1_downsample", 3: "down_block1.conv2", 4: "down_block2.conv1_downsample",
              5: "down_block2.conv2", 13: "up_block1.conv1_upsample.conv", 14: "up_block1.conv2",
              15: "up_block2.conv1_upsample.conv", 16: "up_block2.conv2", 17: "conv_to_rgb"}  # fmt: skip
    place = "conv1" if number == 1 else blocks.get(number, f"conv_bn{number - 5}")
    return f"{stage}.{branch}{place}.conv"


def _mmagic(name: str) -> str:
    prefix, number = _split(name)
    stage = "stage1" if prefix == "conv" else "stage2"
    encoder = {"conv": "encoder", "xconv": "encoder_conv", "pmconv": "encoder_attention", "allconv": ""}[prefix]
    if number <= 6:
        place = f"{encoder}.enc{number}"
    elif prefix == "pmconv":
        place = f"contextual_attention_neck.conv{number - 8}"
    elif number <= 10:
        place = f"dilation_neck.dilation_convs.{number - 7}"
    else:
        place = f"decoder.dec{number - 10}"
    return f"generator.{stage}.{place}.conv"


def _split(name: str) -> tuple[str, int]:
    """Return ``xconv`` and 4 of ``xconv4_downsample``."""
    prefix, number = re.match(r"([a-z]+)(\d+)", name).groups()
    return prefix, int(number)


RELEASE = {"padding": "tf_same", "resize": "align_corners", "invalid": "zero", "overlap": "four", "fuse": True,
           "channel_order": "bgr"}  # fmt: skip
TENSORFLOW_HEADS = {f"{side}_critic": f"discriminator/dout_{side}_fc" for side in ("global", "local")}
"""Names of v1's linear layers."""
LAYOUTS = {
    "tensorflow v1": Layout(
        "the authors' TensorFlow release of DeepFill v1", "v1", _tensorflow, RELEASE, AUTHORS,
        {f"{side}_critic": f"discriminator/discriminator_{side}/{{}}" for side in ("global", "local")},
        tensorflow=True,
    ),
    "tensorflow v2": Layout(
        "the authors' TensorFlow release of DeepFill v2", "v2", _tensorflow, RELEASE, AUTHORS,
        {"critic": "discriminator/sn_patch_gan/{}"}, "{}/kernel_sn/u", tensorflow=True,
    ),
    "daa233": Layout(
        "daa233's port of DeepFill v1", "v1", _daa233, {},
        f"the port is MIT, weights converted from the release have {AUTHORS}",
    ),
    "mmagic": Layout(
        "mmagic's DeepFill v1", "v1", _mmagic,
        {"padding": "reflect", "resize": "floor", "invalid": "exclude", "overlap": "count"}, "Apache 2.0",
    ),
    "nipponjo tf": Layout(
        "nipponjo's conversion of DeepFill v2", "v2", _nipponjo_tf,
        {"padding": "tf_same", "resize": "align_corners"}, f"the port has no licence, the weights have {AUTHORS}",
        {"critic": "D.{}.conv_sn"}, "{}.weight_u",
    ),
    "nipponjo pt": Layout(
        "nipponjo's own training of DeepFill v2", "v2", _nipponjo_pt,
        {"padding": "torch", "resize": "floor", "fuse": True},
        f"the port has no licence, weights fine-tuned from the release have {AUTHORS}",
        {"critic": "D.{}.conv_sn"}, "{}.weight_u",
    ),
}  # fmt: skip
OTHERS = {
    "coarse.0.conv2d.weight": "csqiangwen's network, which is a gated one of other widths",
    "generator.stage1.encoder.enc1.conv.conv.weight": "mmagic's DeepFill v2, wider and gated to the end",
}
"""Networks that bear the name and are not this one, by an entry that gives them away."""


def unpack(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """Take weights out of what a port saves around them: {name: value}, a critic's below ``D.``."""
    if isinstance(state_dict.get("state_dict"), Mapping):
        state_dict = state_dict["state_dict"]
    if isinstance(state_dict.get("G"), Mapping):
        critic = state_dict.get("D", {})
        rest = {name: value for name, value in state_dict.items() if name not in ("G", "D")}
        state_dict = {**state_dict["G"], **{f"D.{name}": value for name, value in critic.items()}, **rest}
    return {str(name).removeprefix("netG."): value for name, value in state_dict.items()}


def recognise(state: Mapping[str, Any]) -> Layout:
    """Tell the layout by its names; ``UserError`` says which network it is, or what was expected."""
    for entry, title in OTHERS.items():
        if entry in state:
            raise UserError(f"official weights: these are {title}; expected {_titles()}")
    if "inpaint_net/xconv1/kernel" in state:  # v1's refinement sees as many channels as its coarse stage
        first, second = (getattr(state.get(f"inpaint_net/{name}/kernel"), "shape", ()) for name in ("conv1", "xconv1"))
        return LAYOUTS["tensorflow v1" if first[2:3] == second[2:3] else "tensorflow v2"]
    for key in ("daa233", "mmagic", "nipponjo tf", "nipponjo pt"):
        if f"{LAYOUTS[key].name_of('conv1')}.weight" in state:
            return LAYOUTS[key]
    first = next(iter(state), "nothing")
    raise UserError(f"official weights: no layout known here begins with {first}; expected {_titles()}")


def _titles() -> str:
    return "; ".join(layout.title for layout in LAYOUTS.values())
