import math

import numpy as np
import pytest
import torch
from torchmetrics.image import PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure

from inpaintlab.batch import Batch, composite
from tests.metrics import recomputed
from tests.metrics.pictures import arrays, draw, protocol


def rows(count, seed=0):
    """Return rows of made-up pictures whose PSNR fits their MSE; every 40th is exact."""
    random = np.random.default_rng(seed)
    made = []
    for index in range(count):
        mse = 0.0 if index % 40 == 39 else random.uniform(1, 2000)
        made.append({"mse": mse, "psnr": recomputed.decibels(mse), "ssim": random.random(), "l1": random.random()})
    return made


def pooled(name, made):
    pool = protocol(name).pool()
    for row in made:
        pool.add(row)
    return {"pictures": pool.pictures, "identical": pool.identical, **pool.means()}


def without_counts(row):
    return {name: value for name, value in row.items() if name not in ("pictures", "identical")}


def mean(made, name):
    return np.mean([row[name] for row in made])


def test_standard_leaves_exact_pictures_out_and_counts_them():
    made = [{**row, "psnr": math.nan if row["mse"] == 0 else row["psnr"]} for row in rows(100)]
    found = pooled("standard", made)
    assert (found["pictures"], found["identical"]) == (100, 2)
    assert found["psnr"] == pytest.approx(np.nanmean([row["psnr"] for row in made]), abs=1e-9)
    assert found["ssim"] == pytest.approx(mean(made, "ssim"), abs=1e-12)
    assert "mse" not in found


@pytest.mark.parametrize("name", ["mmagic", "mat", "edge_connect", "aot_gan"])
def test_one_exact_picture_makes_the_mean_infinite(name):
    assert pooled(name, rows(39))["psnr"] == pytest.approx(mean(rows(39), "psnr"), abs=1e-9)
    assert pooled(name, rows(40))["psnr"] == math.inf
    assert pooled(name, rows(40))["ssim"] == pytest.approx(mean(rows(40), "ssim"), abs=1e-12)


def test_torchmetrics_takes_one_mse_of_all_pictures():
    made = rows(100)
    assert pooled("torchmetrics", made)["psnr"] == pytest.approx(recomputed.decibels(mean(made, "mse")), abs=1e-9)
    assert pooled("torchmetrics", rows(40)[39:])["psnr"] == math.inf


def test_lbam_averages_the_psnr_of_batches_of_16_and_the_last_counts_as_much():
    made = rows(37)
    batches = [made[:16], made[16:32], made[32:]]
    found = pooled("lbam", made)
    assert found["psnr"] == pytest.approx(np.mean([recomputed.decibels(mean(b, "mse")) for b in batches]), abs=1e-9)
    assert found["ssim"] == pytest.approx(np.mean([mean(b, "ssim") for b in batches]), abs=1e-12)
    assert abs(found["ssim"] - mean(made, "ssim")) > 1e-6


def test_rn_averages_batches_of_64_and_drops_a_last_one_that_is_not_full():
    made = [row for row in rows(160) if row["mse"]]
    found = pooled("rn", made)
    assert len(made) > 128
    assert found["pictures"] == len(made)
    for name in ("psnr", "ssim", "l1"):
        assert found[name] == pytest.approx(np.mean([mean(made[:64], name), mean(made[64:128], name)]), abs=1e-9)
    assert pooled("rn", made[:10])["l1"] == pytest.approx(mean(made[:10], "l1"), abs=1e-12)


@pytest.mark.parametrize("name", ["standard", "rn", "lbam", "torchmetrics"])
def test_a_result_can_be_asked_for_in_between(name):
    made = rows(70)
    pool = protocol(name).pool()
    for row in made[:33]:
        pool.add(row)
    assert pool.means() == pool.means() == without_counts(pooled(name, made[:33]))
    for row in made[33:]:
        pool.add(row)
    assert pool.means() == without_counts(pooled(name, made))


def test_what_exists_of_no_picture_is_none():
    assert protocol("standard").pool().means() == {}
    nothing = dict.fromkeys(("mse", "psnr", "l1"), math.nan)
    expected = {"pictures": 2, "identical": 0, "psnr": None, "l1": None}
    assert pooled("standard", [nothing, nothing]) == expected
    assert pooled("lbam", [nothing, nothing]) == expected
    assert pooled("standard", [nothing, {"mse": 1.0, "psnr": 40.0, "l1": 0.5}])["l1"] == 0.5


def test_the_classes_of_torchmetrics_give_the_same_means():
    predictions, batch = draw(count=5)
    here = protocol("torchmetrics")
    picture = composite(predictions, batch).double()
    psnr, ssim = PeakSignalNoiseRatio(data_range=1.0), StructuralSimilarityIndexMeasure(data_range=1.0)
    for part in (slice(0, 3), slice(3, 5)):
        psnr.update(picture[part], batch.image[part].double())
        ssim.update(picture[part], batch.image[part].double())
    found = pool_of(here, predictions, batch)
    assert found["psnr"] == pytest.approx(psnr.compute().item(), abs=1e-4)  # its sums are float32
    assert found["ssim"] == pytest.approx(ssim.compute().item(), abs=1e-6)


def test_lbam_from_pictures_to_its_mean():
    predictions, batch = draw(count=18, height=24, width=20)
    truths, painted = [], []
    for prediction, truth, hole in arrays(predictions, batch):
        truths.append(truth.astype(float))
        painted.append(recomputed.composite(prediction, truth, hole).astype(float))
    batches = [(np.array(truths[s]), np.array(painted[s])) for s in (slice(0, 16), slice(16, 18))]
    expected = np.mean([10 * math.log10(1 / ((a - b) ** 2).mean()) for a, b in batches])
    assert pool_of(protocol("lbam"), predictions, batch)["psnr"] == pytest.approx(expected, abs=1e-6)


def pool_of(here, predictions, batch):
    pool = here.pool()
    for start in range(0, len(predictions), 4):  # the batches of the loader are not those of the protocol
        part = slice(start, start + 4)
        scores = here.score(predictions[part], Batch(*(x[part] for x in batch)), ("psnr", "ssim", "l1"))
        columns = scores["completed", "full"]
        for index in range(len(predictions[part])):
            pool.add({name: float(column[index]) for name, column in columns.items()})
    return {"pictures": pool.pictures, "identical": pool.identical, **pool.means()}


def test_memory_does_not_grow_with_the_pictures():
    pool = protocol("rn").pool()

    def size():
        return sum(len(part) for means in (pool.open, pool.closed) for part in (means.totals, means.counts))

    for row in rows(65):
        pool.add(row)
    before = size()
    for row in rows(640):
        pool.add(row)
    assert size() <= before
    assert torch.tensor(pool.pictures) == 705
