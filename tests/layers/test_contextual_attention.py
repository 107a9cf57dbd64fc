from itertools import product

import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.contextual_attention import ContextualAttention, fuse, nearest_places
from tests.layers.brute_attention import brute_force

SETTINGS = [
    dict(zip(("resize", "invalid", "overlap", "fuse"), values, strict=True))
    for values in product(("align_corners", "floor"), ("zero", "exclude"), ("four", "count"), (True, False))
]


def formula():
    """Features from NumPy's frozen stream, and a hole in the middle."""
    values = np.random.RandomState(11).standard_normal((1, 4, 16, 24)) * 0.1
    hole = torch.zeros(1, 1, 16, 24)
    hole[..., 5:11, 8:18] = 1
    return torch.from_numpy(values.astype(np.float32)), hole


def random(size=(12, 10), count=2, channels=3, seed=0, dtype=torch.float64):
    """Each picture with a hole of its own; windows with both signs and some of them empty."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(count, channels, *size, generator=generator, dtype=dtype)
    features[:, :, :4, :4] = 0
    hole = torch.zeros(count, 1, *size, dtype=dtype)
    for index in range(count):
        hole[index, :, 2 + index : 6 + index, 4:8] = 1
    return features, hole


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (0.000665, 0.076987, 0.043736, -0.008993, 0.002970, 0.009607)),
        ({"fuse": False}, (0.000366, 0.046964, 0.014515, -0.007273, 0.001027, 0.006189)),
        ({"resize": "floor"}, (0.000099, 0.075972, 0.043736, -0.045234, 0.004763, 0.009607)),
        (
            {"invalid": "exclude", "overlap": "count"},
            (0.000327, 0.086210, 0.174945, -0.009056, 0.002959, 0.038426),
        ),
        (
            {"invalid": "exclude", "overlap": "count", "resize": "floor"},
            (-0.000240, 0.085301, 0.174945, -0.045235, 0.004790, 0.038426),
        ),
    ],
    ids=["official", "fuse off", "floor", "exclude and count", "mmagic"],
)
def test_golden(settings, expected):
    """Made by a port of the authors' code on these very inputs: mean, deviation and four pixels."""
    assert_golden(ContextualAttention(**settings)(*formula()), expected)


def test_golden_without_a_hole():
    features, hole = formula()
    expected = (0.000980, 0.092877, 0.043736, -0.043262, -0.090245, 0.009607)
    assert_golden(ContextualAttention()(features, 0 * hole), expected)


def assert_golden(output, expected):
    points = [output[0, c, y, x] for c, y, x in ((0, 0, 0), (1, 7, 12), (2, 10, 17), (3, 15, 23))]
    found = torch.stack([output.mean(), output.std(correction=0), *points])
    torch.testing.assert_close(found, torch.tensor(expected), rtol=0, atol=5e-6)


def test_golden_is_the_definitions_too():
    """The reference of this file on the same inputs; its rows of weights sum to .9927367 at least, never above 1."""
    features, hole = formula()
    expected, (weights,) = brute_force(features, hole)
    torch.testing.assert_close(ContextualAttention()(features, hole), expected, rtol=0, atol=1e-6)
    sums = weights.sum(1)
    assert sums.min().item() == pytest.approx(0.9927367, abs=1e-6)
    assert sums.max().item() <= 1 + 1e-6


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_is_the_definition(settings):
    """In float64, and in float32 on features small enough for their scores to have digits left."""
    features, hole = random()
    expected, _ = brute_force(features, hole, **settings)
    torch.testing.assert_close(ContextualAttention(**settings)(features, hole), expected, rtol=0, atol=1e-10)
    expected, _ = brute_force(0.1 * features, hole, **settings)
    found = ContextualAttention(**settings)(0.1 * features.float(), hole.float())
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-6)


def test_places_of_the_halved_picture():
    """TensorFlow's: even ones in the first half, odd ones in the second."""
    assert nearest_places(16, 8, "align_corners").tolist() == [0, 2, 4, 6, 9, 11, 13, 15]
    assert nearest_places(24, 12, "align_corners").tolist() == [0, 2, 4, 6, 8, 10, 13, 15, 17, 19, 21, 23]
    assert nearest_places(64, 32, "align_corners").tolist() == [*range(0, 31, 2), *range(33, 64, 2)]
    assert nearest_places(7, 3, "floor").tolist() == [0, 2, 4]
    assert nearest_places(2, 1, "align_corners").tolist() == [0]


def test_fuse_of_one_pair():
    """By hand, 2 x 3 places: S[1, 4] goes to (0, 3), (1, 4), (2, 5) along the rows, each of these along the columns.

    Column by column the places 0 to 5 have the numbers 0, 2, 4, 1, 3, 5; (0, 3) is (0, 1) there and goes to (1, 2),
    which is (3, 1); (1, 4) is (2, 3): (1, 2), (3, 4), which are (3, 1), (4, 2); (2, 5) is (4, 5): (3, 4), so (4, 2).
    """
    scores = torch.zeros(1, 6, 6)
    scores[0, 1, 4] = 1
    expected = torch.zeros(6, 6)
    for pair, times in {(0, 3): 1, (1, 4): 1, (2, 5): 1, (3, 1): 2, (4, 2): 2}.items():
        expected[pair] = times
    assert torch.equal(fuse(scores, (2, 3))[0], expected)


@pytest.mark.parametrize("settings", [{}, {"fuse": False}, {"invalid": "exclude", "overlap": "count"}], ids=str)
@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_chunks_are_the_whole(rows, settings):
    """6 x 5 places: of so many rows at once, the last chunk smaller; values and gradients."""
    features, hole = random()
    features.requires_grad_()
    direction = torch.randn(features.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    whole = ContextualAttention(**settings)(features, hole)
    (expected,) = torch.autograd.grad((whole * direction).sum(), features)
    parts = ContextualAttention(**settings, chunk=rows * 5 * 30)(features, hole)
    (found,) = torch.autograd.grad((parts * direction).sum(), features)
    torch.testing.assert_close(parts, whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def test_a_chunk_holds_one_row_at_least_and_no_more_scores_than_that():
    """32 px of features have 16 x 16 places: 4,096 scores in a row."""
    held = []

    class Watched(ContextualAttention):
        def _attend_rows(self, windows, keys, patches, valid, grid, first, last):
            held.append((first, last))
            return super()._attend_rows(windows, keys, patches, valid, grid, first, last)

    features, hole = random((32, 32), 1)
    for chunk, rows in ((1, 1), (4096 * 3, 3), (4096 * 4 - 1, 3), (4096 * 16, 16), (None, 16)):
        held.clear()
        with torch.no_grad():
            Watched(chunk=chunk)(features, hole)
        assert held == [(first, min(first + rows, 16)) for first in range(0, 16, rows)]


@pytest.mark.parametrize("chunk", [None, 18])
def test_gradient(chunk):
    """2 x 3 places, some with a hole; every way of the features into the result: as query, as key and as patch."""
    features = torch.randn(1, 2, 4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 0.3
    hole = torch.zeros(1, 1, 4, 6, dtype=torch.float64)
    hole[..., 3, 5] = 1
    for settings in ({}, {"invalid": "exclude", "overlap": "count"}):
        layer = ContextualAttention(**settings, chunk=chunk)
        assert torch.autograd.gradcheck(lambda x, layer=layer: layer(x, hole), features.requires_grad_())


@pytest.mark.parametrize("invalid", ["zero", "exclude"])
def test_without_a_valid_patch_the_result_is_zero(invalid):
    features, hole = random()
    features.requires_grad_()
    output = ContextualAttention(invalid=invalid)(features, torch.ones_like(hole))
    output.sum().backward()
    assert not output.any()
    assert not features.grad.any()


def test_empty_features_give_finite_gradients():
    features = torch.zeros(1, 2, 8, 8, requires_grad=True)
    ContextualAttention()(features, torch.zeros(1, 1, 8, 8)).sum().backward()
    assert features.grad.isfinite().all()


def test_pictures_of_a_batch_do_not_meet():
    """Each has its own hole; the authors' code takes the first one's for all."""
    features, hole = random()
    both = ContextualAttention()(features, hole)
    for index in range(2):
        alone = ContextualAttention()(features[index : index + 1], hole[index : index + 1])
        torch.testing.assert_close(both[index : index + 1], alone, rtol=0, atol=1e-12)


def test_is_float32_under_autocast():
    features, hole = random(dtype=torch.float32)
    expected = ContextualAttention()(features, hole)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = ContextualAttention()(features, hole)
        assert ContextualAttention()(features.bfloat16(), hole).dtype == torch.float32
    assert torch.equal(found, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resize": "bilinear"}, r"contextual attention: resize=bilinear, expected align_corners \| floor"),
        ({"invalid": "drop"}, r"contextual attention: invalid=drop, expected zero \| exclude"),
        ({"overlap": "mean"}, r"contextual attention: overlap=mean, expected four \| count"),
        ({"chunk": 0}, "contextual attention: chunk=0, expected at least 1 score"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        ContextualAttention(**arguments)


def test_odd_sides_are_refused():
    with pytest.raises(UserError, match="expected features with even sides, got 12x9"):
        ContextualAttention()(torch.zeros(1, 2, 12, 9), torch.zeros(1, 1, 12, 9))
