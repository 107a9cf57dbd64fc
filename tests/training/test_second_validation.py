"""``val_data=``: further validation pictures, under their own name; and a sum of sets, through a whole training."""

import csv
import json

import pytest
from PIL import Image

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.models.checkpoints import read_checkpoint
from inpaintlab.training.train import train
from tests.helpers.tiny import COMMON, PAPERS


@pytest.fixture
def pictures(tmp_path):
    for split, count in (("train", 6), ("val", 3), ("test", 2)):
        (tmp_path / "set" / split).mkdir(parents=True)
        for index in range(count):
            Image.effect_noise((40, 36), 60 + index).convert("RGB").save(tmp_path / "set" / split / f"{index}.png")
    return tmp_path / "set"


def run(folder, paper, *words):
    given = [f"model={paper}", *COMMON, *PAPERS[paper], "trainer.max_steps=4", "trainer.val_check_interval=2", *words]
    train(inpaintlab.compose(*given, folder=folder), folder)
    return json.loads((folder / "results.json").read_text())["metrics"]


def values(metrics, prefix):
    return {name.removeprefix(prefix): value for name, value in metrics.items() if name.startswith(prefix)}


@pytest.mark.slow
@pytest.mark.parametrize("paper", ["pconv", "edge_connect_joint"])
def test_both_sets_are_measured_each_by_itself(paper, pictures, tmp_path):
    """What either gives is what it gives as the only one; the best checkpoint goes by the first."""
    second = ["val_data=facades", f"val_data.root={pictures}"]
    alone, both = run(tmp_path / "alone", paper), run(tmp_path / "both", paper, *second)
    first = values(both, "val/")
    assert first == values(alone, "val/")
    assert values(both, "val_facades/").keys() == first.keys()
    assert values(both, "val_facades/") != first
    assert values(both, "test/") == values(alone, "test/")
    with next((tmp_path / "both").glob("csv/*/metrics.csv")).open(newline="") as file:
        rows = list(csv.DictReader(file))
    curve = [float(row["val/psnr_hole"]) for row in rows if row["val/psnr_hole"]]
    assert len([row for row in rows if row["val_facades/psnr_hole"]]) == len(curve) == 2
    best = read_checkpoint(tmp_path / "both" / "checkpoints" / "best.ckpt")
    assert best["callbacks"]["Checkpoints"]["best"] == pytest.approx(max(curve))


def test_a_sum_of_sets_trains(pictures, tmp_path, capsys):
    words = ["data=photos+facades", f"data.parts.facades.root={pictures}", "data.parts.photos.crops_per_picture=2"]
    common = [word for word in COMMON if not word.startswith("data.crops")]
    given = ["model=pconv", *common, *PAPERS["pconv"], "trainer.max_steps=3", *words]
    train(inpaintlab.compose(*given, folder=tmp_path / "run"), tmp_path / "run")
    told = capsys.readouterr().out
    assert "data   photos+facades: 24 training pictures of 32 px" in told
    assert "training pictures: 18 of photos, 6 of facades" in told


def test_a_place_that_is_not_there_is_told_with_its_word(tmp_path):
    for word, root in (("val_data=facades", "val_data.root"), ("data=photos+folder", "data.parts.folder.root")):
        common = [one for one in COMMON if not one.startswith("data.crops") or word.startswith("val")]
        cfg = inpaintlab.compose("model=pconv", *common, *PAPERS["pconv"], word, f"{root}=???", folder=tmp_path)
        with pytest.raises(UserError, match=f"{root}=<folder> is needed"):
            train(cfg, tmp_path)
    words = ["val_data=facades", f"val_data.root={tmp_path}/no"]
    with pytest.raises(UserError, match="no: no such folder"):
        run(tmp_path / "run", "pconv", *words)
