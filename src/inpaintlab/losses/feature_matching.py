"""Feature matching (Wang et al. 2018): a critic should see in a generated picture what it sees in the true one."""

from collections.abc import Sequence

from torch import Tensor

from inpaintlab.losses.perceptual import perceptual


def feature_matching(real_features: Sequence[Tensor], fake_features: Sequence[Tensor]) -> Tensor:
    """Sum over a critic's layers of the mean absolute difference; no gradient reaches the true picture's features.

    Pairs of maps (B, C_i, H_i, W_i), in float32 also under mixed precision.
    """
    truth = [features.detach().float() for features in real_features]
    return perceptual([features.float() for features in fake_features], truth)
