import pytest

from inpaintlab.tracking import schema
from inpaintlab.training.callbacks import samples
from tests.helpers.composing import composed


def test_the_yaml_gives_every_key_of_the_config():
    cfg = composed("train", "model=pconv", "logger=wandb")
    assert tuple(cfg.logger.config) == schema.CONFIG


def test_the_table_of_samples_has_the_callbacks_name():
    assert schema.SAMPLES == samples.TABLE


@pytest.mark.parametrize(
    ("bucket", "border", "key"),
    [
        ([0.01, 0.1], "any", "1-10"),
        ([0.1, 0.2], None, "10-20"),
        ([0.015, 0.07], "any", "1p5-7"),
        ([0.5, 0.6], "touch", "50-60_touch"),
        ("all", "all", "all"),
        ("regular", "any", "regular"),
        (None, None, "as_they_are"),
    ],
)
def test_a_cell_is_named_without_a_dot(bucket, border, key):
    assert schema.bucket_key(bucket, border) == key


def test_only_the_output_that_is_not_judged_is_named():
    assert schema.region_key("hole", "composited", "completed") == "hole"
    assert schema.region_key("hole", "raw", "completed") == "hole_raw"
    assert schema.region_key("full", "raw", "raw") == "full"
    assert schema.region_key("full", "composited", "raw") == "full_composited"


def test_constants_are_flat():
    stages = [{"iterations": 3, "lr": 0.1}, {"iterations": 4, "lr": 0.2}]
    assert schema.flatten("model", {"width": 4, "betas": [0.5, 0.9], "stages": stages, "clip": {"left": 1}}) == {
        "model/width": 4,
        "model/betas": [0.5, 0.9],
        "model/stages/0/iterations": 3,
        "model/stages/0/lr": 0.1,
        "model/stages/1/iterations": 4,
        "model/stages/1/lr": 0.2,
        "model/clip/left": 1,
    }


def test_the_summary_of_a_training_keeps_the_best_of_each_measure():
    defined = {definition["name"]: definition for definition in schema.definitions(schema.TRAIN)}
    assert defined["*"] == {"name": "*", "step_metric": "iteration"}
    best = {name: defined[f"val/{name}"]["summary"] for name in ("psnr_hole", "ssim", "l1", "lpips", "fid", "u_ids")}
    assert best == {"psnr_hole": "max", "ssim": "max", "l1": "min", "lpips": "min", "fid": "min", "u_ids": "max"}
    assert "val/identical" not in defined
