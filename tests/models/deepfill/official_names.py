"""Names and shapes of the released weights, written down from their descriptions, layer by layer, not from our code."""

import numpy as np
import torch

LAYERS = {
    "v1": [
        *[("conv1", 5, 1, 5), ("conv2_downsample", 1, 2, 3), ("conv3", 2, 2, 3), ("conv4_downsample", 2, 4, 3)],
        *[("conv5", 4, 4, 3), ("conv6", 4, 4, 3), ("conv7_atrous", 4, 4, 3), ("conv8_atrous", 4, 4, 3)],
        *[("conv9_atrous", 4, 4, 3), ("conv10_atrous", 4, 4, 3), ("conv11", 4, 4, 3), ("conv12", 4, 4, 3)],
        *[("conv13_upsample", 4, 2, 3), ("conv14", 2, 2, 3), ("conv15_upsample", 2, 1, 3), ("conv16", 1, 0.5, 3)],
        *[("conv17", 0.5, "picture", 3)],
        *[("xconv1", 5, 1, 5), ("xconv2_downsample", 1, 1, 3), ("xconv3", 1, 2, 3), ("xconv4_downsample", 2, 2, 3)],
        *[("xconv5", 2, 4, 3), ("xconv6", 4, 4, 3), ("xconv7_atrous", 4, 4, 3), ("xconv8_atrous", 4, 4, 3)],
        *[("xconv9_atrous", 4, 4, 3), ("xconv10_atrous", 4, 4, 3)],
        *[("pmconv1", 5, 1, 5), ("pmconv2_downsample", 1, 1, 3), ("pmconv3", 1, 2, 3)],
        *[("pmconv4_downsample", 2, 4, 3), ("pmconv5", 4, 4, 3), ("pmconv6", 4, 4, 3)],
        *[("pmconv9", 4, 4, 3), ("pmconv10", 4, 4, 3)],
        *[("allconv11", 8, 4, 3), ("allconv12", 4, 4, 3), ("allconv13_upsample", 4, 2, 3), ("allconv14", 2, 2, 3)],
        *[("allconv15_upsample", 2, 1, 3), ("allconv16", 1, 0.5, 3), ("allconv17", 0.5, "picture", 3)],
    ]
}
"""(name, inputs, outputs, kernel), in shares of the width; a 5 x 5 one takes so many channels of the picture."""
LAYERS["v2"] = [(name, 3 if k == 5 and name != "conv1" else i, o, k) for name, i, o, k in LAYERS["v1"]]
WIDTHS = {"v1": 32, "v2": 24}


def generator_shapes(version, width):
    """{name: (out, in, k, k)} of the convolutions; v2's make features and gates, but for the pictures."""
    shapes = {}
    for name, inputs, outputs, kernel in LAYERS[version]:
        before = inputs if kernel == 5 else int(inputs * width)
        after = 3 if outputs == "picture" else int(outputs * width) * (2 if version == "v2" else 1)
        shapes[name] = (after, before, kernel, kernel)
    return shapes


def tensorflow(name):
    block, _, kind = name.partition("_")
    return f"inpaint_net/{name}/{block}_upsample_conv" if kind == "upsample" else f"inpaint_net/{name}"


def daa233(name):
    part = "coarse_generator" if name[0] == "c" else "fine_generator"
    return f"{part}.{name.replace('_upsample', '')}.conv"


def nipponjo_tf(name):
    return f"{name}.conv.conv" if "upsample" in name else f"{name}.conv"


def numbered(prefixes, names):
    """Names of a port in the order of the authors' layers."""
    return [f"{prefix}.{name}.conv" for prefix, part in zip(prefixes, names, strict=True) for name in part]


DECODER = ["up_block1.conv1_upsample.conv", "up_block1.conv2", "up_block2.conv1_upsample.conv", "up_block2.conv2",
           "conv_to_rgb"]  # fmt: skip
NIPPONJO_PT = numbered(
    ["stage1", "stage2", "stage2", "stage2"],
    [
        ["conv1", "down_block1.conv1_downsample", "down_block1.conv2", "down_block2.conv1_downsample",
         "down_block2.conv2", *(f"conv_bn{i}" for i in range(1, 8)), *DECODER],
        ["conv_conv1", "conv_down_block1.conv1_downsample", "conv_down_block1.conv2",
         "conv_down_block2.conv1_downsample", "conv_down_block2.conv2", *(f"conv_conv_bn{i}" for i in range(1, 6))],
        ["ca_conv1", "ca_down_block1.conv1_downsample", "ca_down_block1.conv2", "ca_down_block2.conv1_downsample",
         "ca_down_block2.conv2", "ca_conv_bn1", "ca_conv_bn4", "ca_conv_bn5"],
        ["conv_bn6", "conv_bn7", *DECODER],
    ],
)  # fmt: skip
MMAGIC = numbered(
    ["generator.stage1", "generator.stage2", "generator.stage2", "generator.stage2"],
    [
        [*(f"encoder.enc{i}" for i in range(1, 7)), *(f"dilation_neck.dilation_convs.{i}" for i in range(4)),
         *(f"decoder.dec{i}" for i in range(1, 8))],
        [*(f"encoder_conv.enc{i}" for i in range(1, 7)), *(f"dilation_neck.dilation_convs.{i}" for i in range(4))],
        [*(f"encoder_attention.enc{i}" for i in range(1, 7)),
         *(f"contextual_attention_neck.conv{i}" for i in range(1, 3))],
        [f"decoder.dec{i}" for i in range(1, 8)],
    ],
)  # fmt: skip


def names_of(layout, version):
    """Names of the 42 convolutions in the order of ``LAYERS``."""
    if layout == "nipponjo pt":
        return NIPPONJO_PT
    if layout == "mmagic":
        return MMAGIC
    rule = {"tensorflow": tensorflow, "daa233": daa233, "nipponjo tf": nipponjo_tf}[layout]
    return [rule(name) for name, *_ in LAYERS[version]]


def released(layout, version, width=None):
    """The generator's weights at random, in a layout: {name: array or tensor}, the order theirs."""
    rng, state = np.random.RandomState(0), {}
    shapes = generator_shapes(version, WIDTHS[version] if width is None else width)
    for name, (authors, shape) in zip(names_of(layout, version), shapes.items(), strict=True):
        if layout == "nipponjo pt" and authors == "pmconv9":
            state["stage2.contextual_attention.fuse_weight"] = torch.eye(3)[None, None]
        weight, bias = rng.standard_normal(shape).astype("f"), rng.standard_normal(shape[0]).astype("f")
        if layout == "tensorflow":
            state |= {f"{name}/kernel": weight.transpose(2, 3, 1, 0), f"{name}/bias": bias}
        else:
            state |= {f"{name}.weight": torch.from_numpy(weight), f"{name}.bias": torch.from_numpy(bias)}
    return state


def critic_shapes(kind, width):
    """(out, in, k, k) of a critic's convolutions."""
    counts = {"local": [1, 2, 4, 8], "global": [1, 2, 4, 4], "patch": [1, 2, 4, 4, 4, 4]}[kind]
    inputs = [4 if kind == "patch" else 3, *(share * width for share in counts)]
    return [(share * width, before, 5, 5) for share, before in zip(counts, inputs, strict=False)]


def released_critics(layout, version, width=64, side=256):
    """The critics' weights at random; nipponjo's under their own names, to be saved as ``D``."""
    rng, state = np.random.RandomState(1), {}
    for kind in ("local", "global") if version == "v1" else ("patch",):
        for number, shape in enumerate(critic_shapes(kind, width), start=1):
            weight, bias = rng.standard_normal(shape).astype("f"), rng.standard_normal(shape[0]).astype("f")
            left = rng.standard_normal(shape[0]).astype("f")
            left /= np.linalg.norm(left)
            if layout == "tensorflow":
                folder = "sn_patch_gan" if kind == "patch" else f"discriminator_{kind}"
                name = f"discriminator/{folder}/conv{number}"
                state |= {f"{name}/kernel": weight.transpose(2, 3, 1, 0), f"{name}/bias": bias}
                state |= {f"{name}/kernel_sn/u": left[None]} if kind == "patch" else {}
            else:
                name = f"conv{number}.conv_sn"
                state |= {f"{name}.weight": torch.from_numpy(weight), f"{name}.bias": torch.from_numpy(bias)}
                state |= {f"{name}.weight_u": torch.from_numpy(left[:, None])}
        if version == "v1":
            places = (side // (32 if kind == "local" else 16)) ** 2 * shape[0]
            name = f"discriminator/dout_{kind}_fc"
            state |= {f"{name}/kernel": rng.standard_normal((places, 1)).astype("f"), f"{name}/bias": np.ones(1, "f")}
    return state
