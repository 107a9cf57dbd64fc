"""Inpaint Lab: train, judge and compare image-inpainting models."""

__version__ = "0.1.0"
