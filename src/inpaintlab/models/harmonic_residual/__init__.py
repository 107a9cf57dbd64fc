"""A U-Net that corrects the harmonic fill (ours)."""

from inpaintlab.models.harmonic_residual.module import HarmonicResidual

__all__ = ["HarmonicResidual"]
