"""EdgeConnect: lines first, colour next (Nazeri et al. 2019)."""

from inpaintlab.models.edge_connect.module import EdgeConnect

__all__ = ["EdgeConnect"]
