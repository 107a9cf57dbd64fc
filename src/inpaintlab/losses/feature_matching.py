"""Feature matching: distances between lists of feature maps (B, C_i, H_i, W_i), one pair for each map i."""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

DISTANCES = {"l1": F.l1_loss, "l2": F.mse_loss}


def feature_matching(
    features: Sequence[Tensor],
    truth: Sequence[Tensor],
    distance: Literal["l1", "l2"] = "l1",
    over_maps: Literal["mean", "sum"] = "mean",
) -> Tensor:
    """Return the mean or the sum over the maps of each map's mean absolute (l1) or mean squared (l2) difference.

    In float32 at least; no gradient goes to ``truth``.
    """
    distances = torch.stack(
        [DISTANCES[distance](_full(ours), _full(theirs.detach())) for ours, theirs in zip(features, truth, strict=True)]
    )
    return distances.mean() if over_maps == "mean" else distances.sum()


def _full(maps: Tensor) -> Tensor:
    """Leave half precision, in which squares overflow."""
    return maps.float() if maps.dtype in (torch.float16, torch.bfloat16) else maps
