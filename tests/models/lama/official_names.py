"""Names and shapes of the authors' networks, written down from their description, not from our code; and their values.

The values are a formula, so that outputs can be compared without any file of weights.
"""

import math

import torch


def generator_shapes(blocks, width=64):
    """Every entry of the state dict of ``FFCResNetGenerator``: {name: shape}; theirs has the width 64."""
    local, overall = 2 * width, 6 * width
    shapes = conv("model.1.ffc.convl2l", width, 4, 7) | batch_norm("model.1.bn_l", width)
    for index in (2, 3):
        before = width * 2 ** (index - 2)
        shapes |= conv(f"model.{index}.ffc.convl2l", 2 * before, before, 3)
        shapes |= batch_norm(f"model.{index}.bn_l", 2 * before)
    shapes |= conv("model.4.ffc.convl2l", local, 4 * width, 3) | conv("model.4.ffc.convl2g", overall, 4 * width, 3)
    shapes |= batch_norm("model.4.bn_l", local) | batch_norm("model.4.bn_g", overall)
    for index in range(5, 5 + blocks):
        for name in (f"model.{index}.conv1", f"model.{index}.conv2"):
            shapes |= ffc(name, local, overall)
    for number, index in enumerate((6, 9, 12)):
        before = 8 * width // 2**number
        shapes[f"model.{index + blocks}.weight"] = (before, before // 2, 3, 3)
        shapes[f"model.{index + blocks}.bias"] = (before // 2,)
        shapes |= batch_norm(f"model.{index + blocks + 1}", before // 2)
    return shapes | conv(f"model.{16 + blocks}", 3, width, 7) | {f"model.{16 + blocks}.bias": (3,)}


def ffc(name, local, overall):
    inner = overall // 2
    spectral = f"{name}.ffc.convg2g"
    return (
        conv(f"{name}.ffc.convl2l", local, local, 3)
        | conv(f"{name}.ffc.convl2g", overall, local, 3)
        | conv(f"{name}.ffc.convg2l", local, overall, 3)
        | conv(f"{spectral}.conv1.0", inner, overall, 1)
        | batch_norm(f"{spectral}.conv1.1", inner)
        | conv(f"{spectral}.fu.conv_layer", 2 * inner, 2 * inner, 1)
        | batch_norm(f"{spectral}.fu.bn", 2 * inner)
        | conv(f"{spectral}.conv2", overall, inner, 1)
        | batch_norm(f"{name}.bn_l", local)
        | batch_norm(f"{name}.bn_g", overall)
    )


def discriminator_shapes(width=64):
    channels = [3, width, 2 * width, 4 * width, 8 * width, 8 * width, 1]
    shapes = {}
    for number in range(6):
        before, after = channels[number : number + 2]
        shapes |= conv(f"model{number}.0", after, before, 4) | {f"model{number}.0.bias": (after,)}
        if 0 < number < 5:
            shapes |= batch_norm(f"model{number}.1", after)
    return shapes


def conv(name, outputs, inputs, kernel):
    return {f"{name}.weight": (outputs, inputs, kernel, kernel)}


def batch_norm(name, channels):
    shapes = dict.fromkeys((f"{name}.{key}" for key in ("weight", "bias", "running_mean", "running_var")), (channels,))
    return shapes | {f"{name}.num_batches_tracked": ()}


def filled(shapes):
    """Values by formula, in float64: {name: tensor}."""
    return {name: value(name, shape) if shape else torch.tensor(0) for name, shape in shapes.items()}


def value(name, shape):
    wave = torch.cos(0.37 * torch.arange(math.prod(shape), dtype=torch.float64) + len(name)).view(shape)
    if len(shape) == 4:
        return wave * math.sqrt(2 / math.prod(shape[1:]))
    if name.endswith("running_var") or (name.endswith("weight")):
        return 1 + 0.1 * wave
    return 0.1 * wave


def picture_and_known():
    """The picture of the formula, (1, 3, 64, 64) in float64, and its hole."""
    y, x = torch.arange(64.0, dtype=torch.float64)[:, None], torch.arange(64.0, dtype=torch.float64)
    image = torch.stack([0.5 + 0.5 * torch.sin(0.1 * y + 0.2 * x + channel) for channel in range(3)])[None]
    known = torch.ones(1, 1, 64, 64, dtype=torch.float64)
    known[..., 16:32, 20:44] = 0
    return image, known


def points(y):
    """Mean, population deviation, first value, one of the last channel's, last value."""
    row, column = (min(wanted, side - 1) for wanted, side in zip((20, 30), y.shape[-2:], strict=True))
    values = [y.mean(), y.std(correction=0), y[0, 0, 0, 0], y[0, -1, row, column], y[0, -1, -1, -1]]
    return [value.item() for value in values]
