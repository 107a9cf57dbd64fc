import math

import numpy as np
import pytest
import torch

import inpaintlab
from inpaintlab.basics.errors import UserError


def scene():
    truth = torch.full((3, 32, 32), 100, dtype=torch.uint8)
    hole = torch.zeros(32, 32, dtype=torch.bool)
    hole[8:24, 8:24] = True
    filled = truth.clone()
    filled[:, 8:24, 8:24] = 110
    return filled, truth, hole


def test_by_hand():
    """10 steps too bright within a quarter of the picture: MSE 100 in the hole, 25 on the whole."""
    scores = inpaintlab.score(*scene())
    assert set(scores) == {"full", "hole", "boundary"}
    assert set(scores["hole"]) == {"psnr", "ssim", "l1"}
    assert scores["hole"]["psnr"] == pytest.approx(10 * math.log10(255**2 / 100), abs=1e-6)
    assert scores["full"]["psnr"] == pytest.approx(10 * math.log10(255**2 / 25), abs=1e-6)
    assert scores["hole"]["l1"] == pytest.approx(10 / 255, abs=1e-6)


def test_the_type_of_the_pictures_changes_nothing():
    filled, truth, hole = scene()
    arrays = [part.permute(1, 2, 0).numpy() for part in (filled, truth)]
    assert inpaintlab.score(*arrays, hole.numpy()) == inpaintlab.score(filled, truth, hole)


def test_a_batch_has_the_mean_of_its_pictures():
    filled, truth, hole = scene()
    worse = filled.clone()
    worse[:, 8:24, 8:24] = 120
    both = inpaintlab.score(torch.stack([filled, worse]), torch.stack([truth, truth]), hole)
    one, other = (inpaintlab.score(picture, truth, hole)["hole"]["l1"] for picture in (filled, worse))
    assert both["hole"]["l1"] == pytest.approx((one + other) / 2)


def test_another_protocol_and_other_measures():
    found = inpaintlab.score(*scene(), protocol="lama", measures=("ssim",))
    assert all(set(region) <= {"ssim"} for region in found.values())


def test_no_error_has_no_psnr():
    _, truth, hole = scene()
    assert inpaintlab.score(truth, truth, hole)["full"]["psnr"] is None


def test_what_does_not_match_is_told():
    filled, truth, hole = scene()
    with pytest.raises(UserError, match="filled and truth: expected one shape"):
        inpaintlab.score(filled[:, :16], truth, hole)
    with pytest.raises(UserError, match="protocol=nothing: no such choice; expected one of aot_gan, "):
        inpaintlab.score(filled, truth, hole, protocol="nothing")
    with pytest.raises(UserError, match="hole: expected the picture's size"):
        inpaintlab.score(filled, truth, np.zeros((3, 3), bool))
