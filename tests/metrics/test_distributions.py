import numpy as np
import pytest
import scipy.linalg
import torch
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torchmetrics.image.fid import _compute_fid

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics import distributions, feature_rows
from inpaintlab.metrics.distributions import examine, fid, ids, inception_score, kid, measure


def features(seed, count, width, shift=0.0):
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(width, width))
    return (random.normal(size=(count, width)) @ mixing + shift).astype(np.float32)


def test_fid_is_that_of_scipys_matrix_root():
    real, fake = features(0, 200, 12), features(1, 150, 12, shift=0.5)
    (m1, s1), (m2, s2) = ((x.mean(0), np.cov(x, rowvar=False)) for x in (real.astype(float), fake.astype(float)))
    expected = np.square(m1 - m2).sum() + np.trace(s1 + s2 - 2 * scipy.linalg.sqrtm(s1 @ s2).real)
    assert fid(real, fake) == pytest.approx(expected, rel=1e-9)
    theirs = _compute_fid(*(torch.from_numpy(part) for part in (m1, s1, m2, s2)))
    assert fid(real, fake) == pytest.approx(theirs.item(), rel=1e-9)


@pytest.mark.parametrize(("first", "second"), [(9, 14), (9, 60), (60, 9)])
def test_fid_of_fewer_pictures_than_features(first, second):
    real, fake = features(0, first, 24), features(1, second, 24, shift=0.5)
    (m1, s1), (m2, s2) = ((x.mean(0), np.cov(x, rowvar=False)) for x in (real.astype(float), fake.astype(float)))
    roots = scipy.linalg.sqrtm(s1 + 1e-10 * np.eye(24)) @ scipy.linalg.sqrtm(s2 + 1e-10 * np.eye(24))
    expected = np.square(m1 - m2).sum() + np.trace(s1) + np.trace(s2) - 2 * np.linalg.norm(roots, "nuc")
    assert fid(real, fake) == pytest.approx(expected, rel=1e-4)


def test_fid_of_sets_that_vary_along_different_axes():
    real, fake = np.zeros((4, 8)), np.zeros((4, 8))
    real[:, 0], fake[:, 1] = [-3, -1, 1, 3], [0, 0, 8, 8]
    # Means (0, 0) and (0, 4); variances 20/3 and 64/3, whose product is the zero matrix.
    assert fid(real, fake) == pytest.approx(16 + 20 / 3 + 64 / 3, rel=1e-12)


def test_fid_of_one_feature_is_the_distance_of_mean_and_deviation():
    real, fake = np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [2.0], [3.0]])
    assert fid(real, fake) == pytest.approx((2 - 2) ** 2 + (2 - 1) ** 2, rel=1e-12)


@pytest.mark.parametrize("count", [6, 300])
def test_fid_of_a_set_with_itself_is_zero(count):
    x = features(3, count, 40)
    x[:, :5] = 1  # dead features
    assert fid(x, x) == pytest.approx(0, abs=1e-9)
    assert fid(x, x[::-1]) == pytest.approx(0, abs=1e-9)


def test_reading_a_file_in_blocks_changes_nothing(tmp_path, monkeypatch):
    real, fake, logits = features(0, 50, 6), features(1, 50, 6), features(2, 50, 4)
    once = examine(["fid", "kid", "inception_score", "ids"], real, fake, logits)
    mapped = []
    for name, array in (("real", real), ("fake", fake), ("logits", logits)):
        np.save(tmp_path / f"{name}.npy", array)
        mapped.append(np.load(tmp_path / f"{name}.npy", mmap_mode="r"))
    monkeypatch.setattr(feature_rows, "BLOCK", 7)
    blocks = examine(["fid", "kid", "inception_score", "ids"], *mapped)
    assert blocks.keys() == once.keys()
    for name, value in once.items():
        assert blocks[name].value == pytest.approx(value.value, rel=1e-9, abs=1e-12)


def test_covariances_far_from_zero_keep_their_digits():
    real, fake = features(0, 100, 5).astype(float), features(1, 100, 5).astype(float)
    assert fid(real + 1e6, fake + 1e6) == pytest.approx(fid(real, fake), rel=1e-6)


def test_kid_is_the_double_loop():
    real, fake = features(0, 7, 3).astype(float), features(1, 7, 3, shift=1).astype(float)

    def kernel(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / 3 + 1) ** 3

    own = sum(kernel(x[i], x[j]) for x in (real, fake) for i in range(7) for j in range(7) if i != j) / (7 * 6)
    across = sum(kernel(a, b) for a in real for b in fake) / 49
    mean, deviation = kid(real, fake, size=7)
    assert mean == pytest.approx(own - 2 * across, rel=1e-9)
    assert deviation == 0


@pytest.mark.parametrize("block", [4096, 10])  # kernels of the whole set, and of each draw
def test_kid_draws_the_subsets_of_torch_fidelity(block, monkeypatch):
    monkeypatch.setattr(distributions, "BLOCK", block)
    real, fake = features(0, 60, 8), features(1, 50, 8, shift=0.3)
    theirs = kid_features_to_metric(
        *(torch.from_numpy(x).double() for x in (real, fake)), kid_subsets=20, kid_subset_size=30, rng_seed=5
    )
    mean, deviation = kid(real, fake, seed=5, subsets=20, size=30)
    assert mean == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
    assert deviation == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-9)
    assert kid(real, fake, seed=6, subsets=20, size=30)[0] != mean


def test_kid_refuses_subsets_larger_than_the_set():
    with pytest.raises(UserError, match="subsets of 1000 pictures cannot be drawn from 9; choose 2 to 9"):
        kid(features(0, 9, 3), features(1, 12, 3))


def test_inception_score_of_known_answers():
    alike = np.tile([[1.0, 2.0, 3.0]], (12, 1))
    assert inception_score(alike)[0] == pytest.approx(1, abs=1e-12)
    sure = np.where(np.eye(4)[np.arange(40) % 4] > 0, 0.0, -1e4)  # each of four classes ten times, without doubt
    assert inception_score(sure, splits=1)[0] == pytest.approx(4, rel=1e-12)
    # Halves sure of one class or undecided among two: p = (3/4, 1/4); KL = ln 4/3 and ln(2/3)/2 + ln(2)/2.
    halves = np.array([[0.0, -1e4], [0.0, 0.0]] * 5)
    expected = np.exp((np.log(4 / 3) + (np.log(2 / 3) + np.log(2)) / 2) / 2)
    assert inception_score(halves, splits=1)[0] == pytest.approx(expected, rel=1e-12)


def test_inception_score_is_that_of_torch_fidelity():
    logits = features(0, 47, 6)
    theirs = isc_features_to_metric(torch.from_numpy(logits), splits=10, rng_seed=3)
    mean, deviation = inception_score(logits, seed=3)
    assert mean == pytest.approx(theirs["inception_score_mean"], rel=1e-9)
    assert deviation == pytest.approx(theirs["inception_score_std"], rel=1e-7)
    with pytest.raises(UserError, match="needs at least 10 pictures, got 9"):
        inception_score(logits[:9])


@pytest.mark.parametrize(
    ("real", "fake", "p_ids", "u_ids"),
    [
        ([1] * 10, [-1] * 10, 0, 0),  # told apart
        ([1] * 10, [1] * 10, 0, 50),  # the same: no fake is more real than its own real, half of the rows are wrong
        ([1] * 8 + [-1] * 2, [-1] * 8 + [1] * 2, 20, 20),  # two pairs swapped
        ([1] * 6 + [-1] * 4, [-1] * 10, 0, 20),  # four reals that look fake, as their fakes do: ties do not count
        ([1] * 6 + [-1] * 4, [-1] * 6 + [-2] * 3 + [1], 10, 25),  # four reals and one fake on the other side
    ],
)
def test_ids_of_known_answers(real, fake, p_ids, u_ids):
    column = [np.array(x, dtype=np.float32)[:, None] for x in (real, fake)]
    assert ids(*column) == pytest.approx((p_ids, u_ids))


def test_ids_need_pairs():
    with pytest.raises(UserError, match="need pairs, got 3 real and 4 judged pictures"):
        ids(features(0, 3, 2), features(0, 4, 2))


def test_values_come_with_their_number_and_what_must_be_said():
    real, fake = features(0, 30, 4), features(1, 30, 4)
    found = examine({"ids", "fid", "kid", "inception_score"}, real, fake)
    assert list(found) == ["fid", "kid", "inception_score", "p_ids", "u_ids"]
    assert {value.n for value in found.values()} == {30}
    assert found["fid"].note == "under 10,000 pictures"
    assert found["inception_score"].value is None
    assert found["inception_score"].note.startswith("the network has no classes")
    assert "over 100 subsets of 20" in examine(["kid"], real, fake[:20])["kid"].note
    assert "fewer pictures than features" in examine(["p_ids"], real[:2], fake[:2])["p_ids"].note
    assert measure(["fid"], real, fake) == {"fid": found["fid"].value}


def test_what_does_not_exist_is_none():
    assert measure(["fid", "u_ids"], features(0, 1, 4), features(1, 1, 4)) == {"fid": None, "u_ids": None}
    assert examine(["kid"], features(0, 1, 4), features(1, 9, 4))["kid"] == (None, 1, "needs at least two pictures")
    few = examine(["inception_score"], *(features(i, 9, 4) for i in range(3)))["inception_score"]
    assert few.value is None
    assert "at least 10 pictures" in few.note
    with pytest.raises(UserError, match="measures=fit: expected some of fid, kid"):
        measure(["fit"], features(0, 3, 4), features(1, 3, 4))


def test_ids_without_scikit_learn_say_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.svm", None)
    with pytest.raises(UserError, match=r"needs scikit-learn; pip install 'inpaintlab\[metrics\]'"):
        ids(features(0, 3, 2), features(0, 3, 2))
