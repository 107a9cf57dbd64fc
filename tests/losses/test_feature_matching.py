import pytest
import torch

from inpaintlab.losses.feature_matching import feature_matching

SHAPES = [(2, 3, 4, 5), (2, 6, 2, 1)]


def maps(seed, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for shape in SHAPES]


@pytest.mark.parametrize("distance", ["l1", "l2"])
@pytest.mark.parametrize("over_maps", ["mean", "sum"])
def test_is_a_plain_loop(distance, over_maps):
    ours, theirs = maps(0), maps(1)
    means = []
    for a, b in zip(ours, theirs, strict=True):
        differences = [abs(x - y) for x, y in zip(a.flatten().tolist(), b.flatten().tolist(), strict=True)]
        means.append(sum(d if distance == "l1" else d * d for d in differences) / len(differences))
    expected = sum(means) / (len(means) if over_maps == "mean" else 1)
    assert feature_matching(ours, theirs, distance, over_maps).item() == pytest.approx(expected)


def test_equal_features_cost_nothing():
    assert feature_matching(maps(0), maps(0)) == 0


def test_the_truth_gets_no_gradient():
    ours, theirs = ([m.requires_grad_() for m in maps(seed)] for seed in (0, 1))
    feature_matching(ours, theirs).backward()
    assert all(m.grad.any() for m in ours)
    assert all(m.grad is None for m in theirs)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_neither_overflows_nor_stays(dtype):
    """Golden: 300 squared is 90,000, beyond float16."""
    value = feature_matching([torch.full((1, 1, 2, 2), 300.0, dtype=dtype)], [torch.zeros(1, 1, 2, 2)], "l2")
    assert value.dtype == torch.float32
    assert value == 90_000


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="zip"):
        feature_matching(maps(0), maps(1)[:1])
