"""Context encoder with local and global discriminators."""

from inpaintlab.models.context_encoder.module import ContextEncoder

__all__ = ["ContextEncoder"]
