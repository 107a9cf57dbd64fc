"""Painters whose answers are known."""

import torch

from inpaintlab.models.base import InpaintingModule


class Constant(InpaintingModule):
    """Paints one value."""

    def __init__(self, value=0.25):
        super().__init__()
        self.value = value

    def inpaint(self, corrupted, known):
        return torch.full_like(corrupted, self.value)


class MeanOfKnown(InpaintingModule):
    """Paints the mean of what it sees: another value in every crop."""

    trained_size = 16

    def inpaint(self, corrupted, known):
        mean = corrupted.sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True).clamp(min=1)
        return mean.expand_as(corrupted)


def picture(height=48, width=64, channels=3):
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(0))


def hole_of(*boxes, height=48, width=64):
    hole = torch.zeros(1, 1, height, width, dtype=torch.bool)
    for top, left, bottom, right in boxes:
        hole[..., top:bottom, left:right] = True
    return hole
