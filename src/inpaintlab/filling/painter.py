"""What a strategy of filling is made of: something that completes a picture, however large it can take it."""

from collections.abc import Callable

from torch import Tensor

Painter = Callable[[Tensor, Tensor], Tensor]
"""image (B, C, H, W) in [0, 1], hole (B, 1, H, W) bool -> completed (B, C, H, W), known pixels bit by bit those given.

A model is one (``tensors.complete_tensor``); a strategy makes another one of it, which calls it on crops, tiles or
reduced pictures. So strategies nest: crops of scales of tiles.
"""
