"""Names and shapes of released files, written down from their descriptions, not from our code."""

import itertools

import torch

CONVOLUTIONS = [
    (64, 4, 5, 5), (128, 64, 3, 3), (128, 128, 3, 3), (256, 128, 3, 3), *[(256, 256, 3, 3)] * 8,
    (256, 128, 4, 4), (128, 128, 3, 3), (128, 64, 4, 4), (32, 64, 3, 3), (3, 32, 3, 3),
]  # fmt: skip
"""Of the completion network; numbers 13 and 15 are transposed, so their first number is what goes in."""
TRANSPOSED = (12, 14)


def narrow(shape, width, first=False, last=False):
    """The same with fewer channels, 64 becoming ``width``; picture channels stay."""
    out, inside, *kernel = shape
    return (out if last else out * width // 64, inside if first else inside * width // 64, *kernel)


def outputs(number, shape):
    return shape[1] if number in TRANSPOSED else shape[0]


def norm(name, channels, counter=True):
    shapes = {f"{name}.{key}": (channels,) for key in ("weight", "bias", "running_mean", "running_var")}
    return shapes | ({f"{name}.num_batches_tracked": ()} if counter else {})


def numbered(width=64, counter=True):
    """The authors' network as several ports have converted it: 16 times convolution, BatchNorm, ReLU, and the last."""
    shapes = {}
    for number, full in enumerate(CONVOLUTIONS):
        shape = narrow(full, width, number == 0, number == 16)
        shapes |= {f"{3 * number}.weight": shape, f"{3 * number}.bias": (outputs(number, shape),)}
        if number < 16:
            shapes |= norm(f"{3 * number + 1}", outputs(number, shape), counter)
    return shapes


def otenim_generator(width=64):
    shapes = {}
    for number, full in enumerate(CONVOLUTIONS):
        shape = narrow(full, width, number == 0, number == 16)
        name = f"{'deconv' if number in TRANSPOSED else 'conv'}{number + 1}"
        shapes |= {f"{name}.weight": shape, f"{name}.bias": (outputs(number, shape),)}
        if number < 16:
            shapes |= norm(f"bn{number + 1}", outputs(number, shape))
    return shapes


def tower(layers, width):
    """Channels in and out of each convolution of a discriminator."""
    channels = [3, *(width * factor for factor in (1, 2, 4, 8, 8, 8)[:layers])]
    return list(itertools.pairwise(channels))


def otenim_discriminator(width=64, local=(128, 5), whole=(256, 6)):
    """CelebA has no sixth layer in the global one, and calls the linear one after it ``linear6``."""
    shapes = {}
    for name, (side, layers) in (("model_ld", local), ("model_gd", whole)):
        for number, (before, after) in enumerate(tower(layers, width), start=1):
            shapes |= {f"{name}.conv{number}.weight": (after, before, 5, 5), f"{name}.conv{number}.bias": (after,)}
            shapes |= norm(f"{name}.bn{number}", after)
        features = after * (side >> layers) ** 2
        shapes |= {f"{name}.linear{layers + 1}.weight": (16 * width, features)}
        shapes |= {f"{name}.linear{layers + 1}.bias": (16 * width,)}
    return shapes | {"linear1.weight": (1, 32 * width), "linear1.bias": (1,)}


def mmagic(width=64, local=(128, 5), whole=(256, 6)):
    """Both networks; convolutions before a BatchNorm have no bias."""
    names = [f"encoder.enc{n}" for n in range(1, 7)] + [f"dilation_neck.dilation_convs.{n}" for n in range(4)]
    names += [f"decoder.dec{n}" for n in range(1, 8)]
    shapes = {}
    for number, (name, full) in enumerate(zip(names, CONVOLUTIONS, strict=True)):
        shape = narrow(full, width, number == 0, number == 16)
        shapes |= {f"generator.{name}.conv.weight": shape}
        shapes |= norm(f"generator.{name}.bn", outputs(number, shape)) if number < 16 else {}
    shapes |= {"generator.decoder.dec7.conv.bias": (3,)}
    for name, (side, layers) in (("local", local), ("global", whole)):
        for number, (before, after) in enumerate(tower(layers, width), start=1):
            shapes |= {f"disc.{name}_disc.conv{number}.conv.weight": (after, before, 5, 5)}
            shapes |= norm(f"disc.{name}_disc.conv{number}.bn", after)
        features = after * (side >> layers) ** 2
        shapes |= {f"disc.{name}_disc.fc.linear.weight": (16 * width, features)}
        shapes |= {f"disc.{name}_disc.fc.linear.bias": (16 * width,)}
    return shapes | {"disc.fc.weight": (1, 32 * width), "disc.fc.bias": (1,)}


def values(shapes, seed=0):
    """Values at random for these names; variances are positive."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(shape, generator=generator) + 0.1 if shape else torch.tensor(17)
        for name, shape in shapes.items()
    }
