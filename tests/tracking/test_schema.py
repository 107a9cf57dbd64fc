from inpaintlab.records.cells import Bucket, Cell, View
from inpaintlab.tracking import schema
from inpaintlab.training.callbacks import samples
from tests.helpers.composing import composed


def test_the_yaml_gives_every_key_of_the_config():
    cfg = composed("train", "model=pconv", "logger=wandb")
    assert tuple(cfg.logger.config) == schema.CONFIG


def test_the_table_of_samples_has_the_callbacks_name():
    assert schema.SAMPLES == samples.TABLE


def test_only_the_output_that_is_not_judged_is_named():
    completed, prediction = (View("standard", output, "hole") for output in ("completed", "prediction"))
    assert schema.region_key(completed, blind=False) == schema.region_key(prediction, blind=True) == "hole"
    assert schema.region_key(prediction, blind=False) == "hole_prediction"
    assert schema.region_key(completed, blind=True) == "hole_completed"


def test_keys_name_the_cell():
    place = schema.NumberKey("lama", "full", Cell(Bucket(0.5, 0.6), "touch"), "psnr")
    assert place.summary_key == "lama/full/50-60_touch/psnr"
    assert place.curve_key == "by_ratio/lama/full/psnr"


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
