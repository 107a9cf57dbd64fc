"""VGG-16 weights drawn at random, at the true shapes."""

import numpy as np

from inpaintlab.losses.features import LAYERS


def random_vgg(seed=0, dtype=np.float32):
    """A state dict of arrays with torchvision's keys, He-initialised, with biases that matter."""
    draw = np.random.default_rng(seed)
    state = {}
    for index, (inputs, outputs) in LAYERS.items():
        spread = (2 / (9 * inputs)) ** 0.5
        state[f"features.{index}.weight"] = (spread * draw.standard_normal((outputs, inputs, 3, 3))).astype(dtype)
        state[f"features.{index}.bias"] = (0.1 * draw.standard_normal(outputs)).astype(dtype)
    return state


def write_npz(folder, **changes):
    """Write them to a .npz file, with some entries replaced, or left out where given as None; return its path."""
    state = {key: value for key, value in (random_vgg() | changes).items() if value is not None}
    path = folder / "vgg.npz"
    np.savez(path, **state)
    return path
