"""Contextual attention (Yu et al. 2018): features of a hole rebuilt from patches of what is known, wherever it lies.

With p the place that attends and q the place attended to, both at half of the features' size,

    S[p, q] = <w_p, w_q / max(|w_q|, 1e-4)>      w the 3 x 3 windows of the halved features
    S      <- fuse(S)                            neighbours of p like neighbours of q (see ``fuse``)
    A[p, q] = m_q softmax_q(10 m_q S[p, q])      m_q = 1 where the window of q holds no hole
    out     = sum_q A[p, q] R_q                  R the 4 x 4 windows of the features, laid out at stride 2, over 4

A has as many entries as the halved features have pixels, squared: 2^20 for a picture of 256 px whose features have a
quarter of its size, 2^24 at 512 px. ``chunk`` bounds how many exist at once.
"""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from inpaintlab.basics.errors import UserError

Resize = Literal["align_corners", "floor"]
Invalid = Literal["zero", "exclude"]
Overlap = Literal["four", "count"]

SCALE = 10.0
"""Of the softmax: the larger, the more the best patch alone counts."""
LEAST_NORM = 1e-4


class ContextualAttention(nn.Module):
    """Features (B, C, H, W) and hole (B, 1, H, W), H and W even -> features (B, C, H, W). It has no parameters.

    Computed in float32 at least, under autocast too: the softmax sees ten times the scores, which 16 bits cannot tell
    apart. Every place attends, in the hole or not. Where nothing is valid the result is 0.

    Args:
        resize: nearest neighbour by which features and hole are halved: ``align_corners`` (TensorFlow's, the authors')
            or ``floor`` (PyTorch's).
        invalid: ``zero``, the authors': the score of a patch with a hole counts as 0 in the softmax and its weight is
            dropped afterwards, so weights sum to at most 1; ``exclude``: they are left out of the softmax.
        overlap: ``four``, the authors': overlapping patches are added and divided by 4, too much along the border;
            ``count``: by how many overlap.
        fuse: see the function.
        chunk: most scores of one picture that exist at once, but at least one row of places; None: all. The gradient
            then computes the scores of each chunk again.
    """

    def __init__(
        self,
        resize: Resize = "align_corners",
        invalid: Invalid = "zero",
        overlap: Overlap = "four",
        fuse: bool = True,
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        given = {"resize": (resize, Resize), "invalid": (invalid, Invalid), "overlap": (overlap, Overlap)}
        for name, (value, words) in given.items():
            if value not in get_args(words):
                raise UserError(f"contextual attention: {name}={value}, expected {' | '.join(get_args(words))}")
        if chunk is not None and chunk < 1:
            raise UserError(f"contextual attention: chunk={chunk}, expected at least 1 score, or null")
        self.resize, self.invalid, self.overlap, self.fuse, self.chunk = resize, invalid, overlap, fuse, chunk

    def forward(self, features: Tensor, hole: Tensor) -> Tensor:
        """Rebuild the features; ``hole`` is 1 in the hole, at the features' size."""
        size = features.shape[-2:]
        if size[0] % 2 or size[1] % 2:
            raise UserError(f"contextual attention: expected features with even sides, got {size[0]}x{size[1]}")
        with torch.autocast(features.device.type, enabled=False):
            features = features.to(torch.promote_types(features.dtype, torch.float32))
            grid = size[0] // 2, size[1] // 2
            windows = F.unfold(resize_nearest(features, grid, self.resize), 3, padding=1)  # (B, 9 C, N)
            keys = windows / torch.linalg.vector_norm(windows, dim=1, keepdim=True).clamp(min=LEAST_NORM)
            patches = F.unfold(features, 4, padding=1, stride=2).transpose(-2, -1)  # R, (B, N, 16 C)
            small_hole = resize_nearest(hole.to(features.dtype), grid, self.resize)
            valid = F.max_pool2d(small_hole, 3, 1, 1).flatten(2) == 0  # m, (B, 1, N)
            rebuilt = F.fold(
                self._attend(windows, keys, patches, valid, grid).transpose(-2, -1), size, 4, padding=1, stride=2
            )
            return rebuilt / (4 if self.overlap == "four" else overlaps(rebuilt))

    def _attend(self, windows: Tensor, keys: Tensor, patches: Tensor, valid: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return the patch that each place makes of all others, (B, N, 16 C), by chunks of whole rows of places."""
        height, width = grid
        rows = height if self.chunk is None else max(1, self.chunk // (width * height * width))
        if rows >= height:
            return self._attend_rows(windows, keys, patches, valid, grid, 0, height)
        parts = []
        for first in range(0, height, rows):
            arguments = (windows, keys, patches, valid, grid, first, min(first + rows, height))
            parts.append(checkpoint(self._attend_rows, *arguments, use_reentrant=False, preserve_rng_state=False))
        return torch.cat(parts, 1)

    def _attend_rows(
        self,
        windows: Tensor,
        keys: Tensor,
        patches: Tensor,
        valid: Tensor,
        grid: tuple[int, int],
        first: int,
        last: int,
    ) -> Tensor:
        """The same for the places in the rows ``first`` to ``last - 1``."""
        if not self.fuse:
            scores = windows[..., first * grid[1] : last * grid[1]].transpose(-2, -1) @ keys
        elif last - first == grid[0]:
            scores = fuse(windows.transpose(-2, -1) @ keys, grid)
        else:
            scores = fused_rows(windows, keys, grid, first, last)
        if self.invalid == "zero":
            scores = SCALE * scores * valid
        else:  # the lowest finite number: with infinities a picture without a valid patch would be NaN
            scores = (SCALE * scores).masked_fill(~valid, torch.finfo(scores.dtype).min)
        return (scores.softmax(-1) * valid) @ patches


def fuse(scores: Tensor, grid: tuple[int, int]) -> Tensor:
    """Let scores (B, N, N) agree with their neighbours': ``S[p, q] <- sum of S[p + d, q + d]``, d in {-1, 0, 1}.

    Done on places numbered row by row, then on places numbered column by column; beyond the first and the last place
    there is 0, and from the end of a row the numbers go on with the next row, as in the authors' code.
    """
    height, width = grid
    scores = add_diagonal(scores)
    across = scores.unflatten(2, (height, width)).unflatten(1, (height, width)).permute(0, 2, 1, 4, 3)
    across = add_diagonal(across.flatten(3).flatten(1, 2))
    back = across.unflatten(2, (width, height)).unflatten(1, (width, height)).permute(0, 2, 1, 4, 3)
    return back.flatten(3).flatten(1, 2)


def add_diagonal(scores: Tensor) -> Tensor:
    """Add to each entry (..., N, M) its two neighbours along the diagonal."""
    padded = F.pad(scores, (1, 1, 1, 1))
    return padded[..., :-2, :-2] + scores + padded[..., 2:, 2:]


def fused_rows(windows: Tensor, keys: Tensor, grid: tuple[int, int], first: int, last: int) -> Tensor:
    """Return the rows ``first`` to ``last - 1`` of places of ``fuse(windows^T keys)``: (B, rows * width, N).

    Along the columns each row needs the one above and the one below it, along the rows each of these needs a place more
    on both sides. Above the first row stands the last, one place further: the end of the column before.
    """
    height, width = grid
    starts = torch.arange(first - 1, last + 1, device=windows.device) * width
    inside = torch.ones(len(starts), width, 1, dtype=windows.dtype, device=windows.device)
    if first == 0:
        starts[0] = (height - 1) * width - 1
        inside[0, 0] = 0  # before the very first place there is none
    if last == height:
        starts[-1] = 1
        inside[-1, -1] = 0
    places = starts[:, None] + torch.arange(width + 2, device=windows.device)  # counted from the padding's place
    needed = F.pad(windows, (1, 1))[..., places.flatten()]
    scores = F.pad((needed.transpose(-2, -1) @ keys).unflatten(1, places.shape), (1, 1))
    scores = scores[:, :, :-2, :-2] + scores[:, :, 1:-1, 1:-1] + scores[:, :, 2:, 2:]
    across = F.pad((scores * inside).unflatten(3, grid).transpose(-2, -1).flatten(3), (1, 1))
    across = across[:, :-2, :, :-2] + across[:, 1:-1, :, 1:-1] + across[:, 2:, :, 2:]
    return across.unflatten(3, (width, height)).transpose(-2, -1).flatten(3).flatten(1, 2)


def overlaps(features: Tensor) -> Tensor:
    """Return how many 4 x 4 windows at stride 2 cover each pixel of (B, C, H, W): (1, 1, H, W), 1 to 4."""
    ones = torch.ones_like(features[:1, :1])
    return F.fold(F.unfold(ones, 4, padding=1, stride=2), features.shape[-2:], 4, padding=1, stride=2)


def resize_nearest(x: Tensor, size: tuple[int, int], rule: Resize) -> Tensor:
    """Pick the nearest pixels: (B, C, H, W) -> (B, C, *size)."""
    for dim, count in zip((2, 3), size, strict=True):
        x = x.index_select(dim, nearest_places(x.shape[dim], count, rule, x.device))
    return x


def nearest_places(length: int, count: int, rule: Resize, device: torch.device | None = None) -> Tensor:
    """Return which of ``length`` pixels become ``count``: (count,).

    ``align_corners``: ``floor(i (length - 1) / (count - 1) + 1/2)``; ``floor``: ``floor(i length / count)``.
    """
    places = torch.arange(count, device=device)
    if rule == "floor":
        return places * length // count
    steps = count - 1 + 1 // count  # at least 1; not by max, which an exporter takes for one size of picture
    return (2 * places * (length - 1) + steps) // (2 * steps)
