"""The ADE20K encoder's weights drawn at random, at the true shapes."""

import torch

from inpaintlab.models.lama.segmentation import DilatedResNet50


def write_encoder(folder, **changes):
    """Write a state dict with some entries replaced, or left out where given as None; return its path."""
    torch.manual_seed(0)
    state = {**DilatedResNet50().state_dict(), **changes}
    path = folder / "encoder.pth"
    torch.save({name: value for name, value in state.items() if value is not None}, path)
    return path
