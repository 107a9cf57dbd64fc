import gc
import math
import re
import weakref

import numpy as np
import pytest
import torch
from hydra.errors import InstantiationException
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.metrics.inpainting import InpaintingMetrics
from inpaintlab.metrics.pair import Pair
from tests.metrics import recomputed
from tests.metrics.pictures import arrays, draw, protocol

BASIC = ("psnr", "ssim", "l1")
COMPLETED = ("edge_connect", "aot_gan", "mmagic", "mat", "lama", "rn", "lbam", "torchmetrics", "pyiqa")


def assert_rows(found, expected, tolerance=1e-6):
    """Compare {column: (B,)} with [{column: float}], where nothing is equal to nothing and infinity to itself."""
    for index, row in enumerate(expected):
        assert set(found) == set(row)
        for name, value in row.items():
            assert found[name][index].item() == pytest.approx(value, abs=tolerance, rel=1e-9, nan_ok=True), (
                name,
                index,
            )


@pytest.mark.parametrize("name", COMPLETED)
def test_each_protocol_is_what_its_code_computes(name):
    predictions, batch = draw()
    scores = protocol(name).score(predictions, batch, BASIC)
    recompute = getattr(recomputed, name)
    assert_rows(scores["completed", "full"], [recompute(*one) for one in arrays(predictions, batch)])


def test_mmagic_has_its_mae_in_the_hole_in_percent():
    predictions, batch = draw()
    scores = protocol("mmagic").score(predictions, batch, BASIC)
    assert set(scores) == {("completed", "full"), ("completed", "hole")}
    assert_rows(scores["completed", "hole"], [recomputed.mmagic_hole(*one) for one in arrays(predictions, batch)])


def test_blind_looks_at_the_prediction_in_grey():
    predictions, batch = draw()
    scores = protocol("blind").score(predictions, batch, BASIC)
    assert set(scores) == {("prediction", "full")}
    assert_rows(scores["prediction", "full"], [recomputed.blind(*one) for one in arrays(predictions, batch)])
    grey, grey_batch = draw(channels=1)
    found = protocol("blind").score(grey, grey_batch, BASIC)["prediction", "full"]
    three = [Batch(grey_batch.image.expand(-1, 3, -1, -1), grey_batch.known), grey.expand(-1, 3, -1, -1)]
    again = protocol("blind").score(three[1], three[0], BASIC)["prediction", "full"]
    for name in found:
        torch.testing.assert_close(found[name], again[name], rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("output", ["completed", "prediction"])
@pytest.mark.parametrize("region", ["full", "hole", "boundary"])
def test_standard_in_every_output_and_region(output, region):
    predictions, batch = draw()
    found = protocol("standard").score(predictions, batch, BASIC)[output, region]
    assert_rows(found, [recomputed.standard(*one, output, region) for one in arrays(predictions, batch)])


@pytest.mark.parametrize("channels", [1, 3])
def test_standard_agrees_with_the_measures_of_training(channels):
    predictions, batch = draw(channels=channels)
    scores = protocol("standard").score(predictions, batch, BASIC)
    for output, picture in (("completed", composite(predictions, batch)), ("prediction", predictions)):
        metrics = InpaintingMetrics()
        values, mse = metrics.judge(picture, batch)
        for column, name in enumerate(metrics.means.names):
            measure, region = (name[:-5], "hole") if name.endswith("_hole") else (name, "full")
            found = scores[output, region][measure]
            torch.testing.assert_close(found, values[:, column], rtol=0, atol=1e-9, equal_nan=True)
        torch.testing.assert_close(scores[output, "full"]["mse"], mse, rtol=0, atol=1e-9)


def test_standard_against_scikit_image():
    predictions, batch = draw(height=40, width=33)
    found = protocol("standard").score(predictions, batch, BASIC)["prediction", "full"]
    for index, (prediction, truth, _) in enumerate(arrays(predictions, batch)):
        a, b = (np.rint(x * 255).astype(np.uint8) for x in (prediction, truth))
        similarity = structural_similarity(
            b, a, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert found["ssim"][index].item() == pytest.approx(similarity, abs=1e-6)
        if index != 2:
            assert found["psnr"][index].item() == pytest.approx(peak_signal_noise_ratio(b, a), abs=1e-6)


@pytest.mark.parametrize(("name", "expected"), [("standard", math.nan), ("mat", math.inf), ("pyiqa", 80.0)])
def test_an_exact_picture(name, expected):
    predictions, batch = draw()
    found = protocol(name).score(predictions, batch, BASIC)["completed", "full"]
    assert found["mse"][2] == 0
    assert found["psnr"][2].item() == pytest.approx(expected, nan_ok=True)
    assert found["ssim"][2] == 1


def test_a_picture_without_hole_has_nothing_but_the_full_region():
    predictions, batch = draw()
    scores = protocol("standard").score(predictions, batch, BASIC)
    for region in ("hole", "boundary"):
        assert all(column[1].isnan() for column in scores["prediction", region].values())
    assert not any(column[1].isnan() for column in scores["prediction", "full"].values())


def test_a_file_that_has_been_through_signed_values_is_darker_where_nothing_was_painted():
    _, batch = draw()
    found = protocol("aot_gan").score(batch.image, Batch(batch.image, torch.ones_like(batch.known)), ["psnr"])
    assert (found["completed", "full"]["mse"] > 0.1).all()
    assert (protocol("edge_connect").score(batch.image, batch, ["psnr"])["completed", "full"]["mse"] == 0).all()


def test_only_what_is_asked_for_is_measured():
    predictions, batch = draw(count=3)
    scores = protocol("standard").score(predictions, batch, ["l1"])
    assert {tuple(columns) for columns in scores.values()} == {("mse", "l1")}
    assert set(protocol("lama").score(predictions, batch, ["psnr", "l1"])["completed", "full"]) == {"mse"}


def test_results_are_float64_on_the_cpu_and_batches_change_nothing():
    predictions, batch = draw(count=4)
    standard = protocol("standard")
    whole = standard.score(predictions, batch, BASIC)
    single = [standard.score(predictions[i : i + 1], Batch(*(x[i : i + 1] for x in batch)), BASIC) for i in range(4)]
    double = standard.score(predictions.double(), Batch(*(x.double() for x in batch)), BASIC)
    for view, columns in whole.items():
        for name, column in columns.items():
            assert (column.dtype, column.device.type, column.shape) == (torch.float64, "cpu", (4,))
            parts = torch.cat([one[view][name] for one in single])
            torch.testing.assert_close(parts, column, rtol=0, atol=0, equal_nan=True)
            torch.testing.assert_close(double[view][name], column, rtol=0, atol=0, equal_nan=True)


def test_the_inputs_stay_as_they_are():
    predictions, batch = draw(count=3)
    before = [x.clone() for x in (predictions, *batch)]
    for name in ("standard", "torchmetrics"):
        protocol(name).score(predictions, batch, BASIC)
    assert all(torch.equal(a, b) for a, b in zip(before, (predictions, *batch), strict=True))


@pytest.mark.parametrize(("name", "least"), [("edge_connect", 51), ("aot_gan", 7), ("torchmetrics", 11)])
def test_pictures_below_the_window_are_refused(name, least):
    predictions, batch = draw(count=3, height=least, width=least + 20)
    protocol(name).score(predictions, batch, ["ssim"])
    if name == "torchmetrics":
        least = 6  # reflected by 5 pixels
    predictions, batch = draw(count=3, height=least - 1, width=least + 20)
    with pytest.raises(UserError, match=r"SSIM needs pictures of at least \d+ x \d+ pixels"):
        protocol(name).score(predictions, batch, ["ssim"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outputs": ["painted"]}, r"protocol\.outputs=painted: expected one of completed, prediction"),
        ({"regions": {"edge": ["psnr"]}}, r"protocol\.regions=edge: expected one of full, hole, boundary"),
        ({"regions": {"hole": ["lpips"]}}, r"protocol\.regions\.hole=lpips: expected one of psnr, ssim, l1"),
        ({"measures": {}}, r"protocol\.regions\.full names psnr, but protocol\.measures has no psnr"),
        (
            {"measures.niqe": {"_target_": "inpaintlab.metrics.pixelwise.L1"}},
            r"protocol\.measures=niqe: expected one of psnr",
        ),
        ({"boundary": 0}, r"protocol\.boundary=0: expected the width"),
        ({"batch": 0}, r"protocol\.batch=0: expected a number of pictures"),
        ({"rounding": "up"}, r"protocol\.rounding=up: expected one of nearest, truncate"),
        ({"last_batch": "half"}, r"protocol\.last_batch=half: expected one of keep, drop"),
        ({"measures.psnr.colour": "cmyk"}, r"protocol\.psnr\.colour=cmyk: expected one of rgb"),
        ({"measures.psnr.exact": "100"}, r"protocol\.psnr\.exact=100: expected one of apart, infinite"),
        ({"measures.ssim.size": 8}, r"protocol\.ssim\.size=8: expected an odd number"),
        ({"measures.ssim.window": "round"}, r"protocol\.ssim\.window=round: expected one of gaussian, uniform"),
        ({"measures.ssim.sigma": None}, r"protocol\.ssim\.sigma=None: expected the width"),
        ({"measures.lpips.networks": ["squeeze"]}, r"protocol\.lpips\.networks=squeeze: expected one of alex, vgg"),
    ],
)
def test_wrong_settings_are_named(changes, message):
    with pytest.raises(InstantiationException) as caught:  # Hydra's, around ours
        protocol("standard", **changes)
    error = caught.value
    while error.__cause__ is not None:
        error = error.__cause__
    assert isinstance(error, UserError)
    assert re.match(message, str(error))


def test_a_picture_is_forgotten_as_soon_as_it_is_scored():
    gc.disable()
    try:
        pair = Pair(torch.rand(2, 3, 20, 20), torch.rand(3, 20, 20))
        pair.difference("luma")
        left = weakref.ref(pair)
        del pair
        assert left() is None  # without waiting for the collector, which counts objects and not their size
    finally:
        gc.enable()
