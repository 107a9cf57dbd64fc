import numpy as np
import torch

from inpaintlab.losses.feature_matching import feature_matching


def maps(seed):
    draw = torch.Generator().manual_seed(seed)
    return [torch.rand(2, 3, 8, 8, generator=draw), torch.rand(2, 5, 4, 4, generator=draw)]


def test_sum_over_layers_of_the_mean_difference():
    real, fake = maps(0), maps(1)
    expected = sum(np.abs(a.numpy() - b.numpy()).mean() for a, b in zip(real, fake, strict=True))
    torch.testing.assert_close(feature_matching(real, fake), torch.tensor(expected))
    assert feature_matching(real, real) == 0


def test_the_true_features_get_no_gradient():
    real, fake = ([x.requires_grad_() for x in maps(seed)] for seed in (0, 1))
    feature_matching(real, fake).backward()
    assert all(x.grad is None for x in real)
    assert all(x.grad.any() for x in fake)


def test_float32_of_bfloat16():
    real, fake = ([x.bfloat16() for x in maps(seed)] for seed in (0, 1))
    assert feature_matching(real, fake).dtype == torch.float32
