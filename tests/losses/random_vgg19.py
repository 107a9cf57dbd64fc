"""VGG-19 weights drawn at random, at the true shapes, up to relu5_2."""

import numpy as np

from inpaintlab.losses.vgg19 import BLOCKS


def shapes():
    """{index in torchvision's ``vgg19().features``: (in, out) channels}."""
    found, index, inputs = {}, 0, 3
    for outputs, count in BLOCKS:
        for _ in range(count):
            found[index] = (inputs, outputs)
            index, inputs = index + 2, outputs
        index += 1
    return found


def random_vgg19(seed=0):
    """A state dict of arrays with torchvision's keys, He-initialised, with biases that matter."""
    draw = np.random.default_rng(seed)
    state = {}
    for index, (inputs, outputs) in shapes().items():
        spread = np.float32((2 / (9 * inputs)) ** 0.5)
        state[f"features.{index}.weight"] = spread * draw.standard_normal((outputs, inputs, 3, 3), dtype=np.float32)
        state[f"features.{index}.bias"] = np.float32(0.1) * draw.standard_normal(outputs, dtype=np.float32)
    return state


def write_npz19(folder, **changes):
    """Write them to a .npz file, with some entries replaced, or left out where given as None; return its path."""
    state = {key: value for key, value in (random_vgg19() | changes).items() if value is not None}
    path = folder / "vgg19.npz"
    np.savez(path, **state)
    return path
