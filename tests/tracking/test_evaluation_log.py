import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.tracking import evaluation_log, schema
from tests.helpers import process
from tests.tracking.records import record, write_pictures
from tests.tracking.run_file import read


def test_the_summary_is_by_protocol_region_bucket_and_measure():
    summary = evaluation_log.summary(record())
    assert summary["standard/full/10-20/psnr"] == 30
    assert summary["standard/hole/20-30/psnr"] == 28
    assert summary["lama/full_prediction/all/psnr"] == 18
    assert summary["standard/full/regular/psnr"] == 27
    assert summary["standard/full/10-20/fid"] == 55.5
    assert summary["cost/predict_seconds"] == 0.5
    assert "standard/full/20-30/fid" not in summary  # has no value
    assert not [key for key in summary if "ssim" in key or "device" in key]
    # 4 cells x 2 protocols x 4 regions x (psnr, l1, identical), one FID, three costs that are numbers
    assert len(summary) == 4 * 2 * 4 * 3 + 1 + 3


def test_the_prediction_of_a_blind_model_is_its_own():
    summary = evaluation_log.summary(record(blind=True))
    assert summary["standard/full/10-20/psnr"] == 30
    assert summary["standard/full_completed/10-20/psnr"] == 20


def test_curves_go_over_the_middle_of_each_bucket_of_ratios_only():
    points = evaluation_log.curves(record())
    assert [point["hole_ratio"] for point in points] == [0.15, 0.25]
    assert [point["by_ratio/standard/hole/psnr"] for point in points] == [29, 28]
    assert ["by_ratio/standard/full/fid" in point for point in points] == [True, False]


def test_the_config_has_trainings_words():
    config = evaluation_log.config(record())
    assert (config["model"], config["data"], config["mask"]) == ("pconv", "photos", "irregular")
    assert set(schema.CONFIG) - set(config) == {"hardware", "batch_size"}
    assert config["protocol/standard/nested/sigma"] == 1.5
    assert config["protocols"] == "standard,lama"
    frozen = {"source": "frozen", "folder": "benchmarks/nvidia-12k", "sha256": "99", "maker": None}
    config = evaluation_log.config(record(masks=frozen, choices={"model": "telea", "data": "d", "mask": "irregular"}))
    assert (config["model"], config["mask"], config["masks_sha256"]) == ("telea", "nvidia-12k", "99")


def test_an_evaluation_is_in_the_group_of_the_sweep_that_trained_its_checkpoint():
    assert evaluation_log.group(record(ckpt="runs/sweeps/widths/w=4/checkpoints/best.ckpt")) == "widths"
    assert evaluation_log.group(record(ckpt="runs/pconv/20260101-000000/checkpoints/best.ckpt")) is None
    assert evaluation_log.group(record(ckpt="x.ckpt")) is None
    assert evaluation_log.group(record(ckpt=None)) is None


@pytest.mark.slow
def test_what_the_offline_run_of_an_evaluation_holds(tmp_path):
    evaluation = record()
    write_pictures(tmp_path, evaluation)
    identity = evaluation_log.log(
        evaluation, tmp_path, {"project": "inpaintlab", "entity": None, "group": "table-2", "offline": True}
    )
    told = read(tmp_path)
    assert told.run.run_id == identity == (tmp_path / "wandb_id").read_text().strip()
    assert (told.run.job_type, told.run.run_group, told.run.display_name) == ("evaluate", "table-2", "mine")
    assert list(told.run.tags) == ["pconv", "photos", "irregular"]
    assert told.config["protocol/lama/window"] == 11
    assert told.metrics["by_ratio/*"].step_metric == "hole_ratio"
    numbers = evaluation_log.summary(evaluation)
    assert {key: told.summary[key] for key in numbers} == numbers
    assert not [key for key in told.summary if "ratio" in key]
    assert [line["hole_ratio"] for line in told.history if "hole_ratio" in line] == [0.15, 0.25]

    tables = {key: rows for key, (rows,) in told.tables.items()}
    rows = tables[schema.ROWS]
    assert len(rows) == len(evaluation.rows)
    assert (rows[0]["run_model"], rows[0]["bucket"], rows[0]["psnr"]) == ("pconv", "(0.1, 0.2]", 30)
    assert [row["value"] for row in tables[schema.DISTRIBUTION_ROWS]] == [55.5, None]
    (line,) = tables[schema.PICTURES]
    assert (line["run_mask"], line["name"]) == ("irregular", "a.png")
    for kind in ("truth", "mask", "picture"):
        assert (
            Path(line[kind]["local_path"]).read_bytes() == (tmp_path / getattr(evaluation.saved[0], kind)).read_bytes()
        )
        assert tmp_path in Path(line[kind]["local_path"]).parents
    assert "masks" not in line["mask"]
    for kind in ("truth", "picture"):  # the hole lies over them
        overlay = Image.open(line[kind]["masks"]["hole"]["local_path"])
        assert np.asarray(overlay).tolist() == [[1] * 4 + [0] * 4] * 8


@pytest.mark.slow
def test_the_verb_tells_what_it_has_judged(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_SERVICE", raising=False)
    words = ["model=telea", "logger=wandb", "logger.offline=true", "limit=2", "save=1", "data.size=32", "device=cpu"]
    words += ["buckets=[[0.1,0.2],[0.2,0.3]]", "data.num_workers=0", "output=out"]
    answer = process.run("inpaintlab.verbs.evaluate", *words, cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    (folder,) = tmp_path.glob("out/wandb/offline-run-*")
    sync = f"wandb sync {folder.relative_to(tmp_path)}"
    assert answer.stdout.splitlines()[-1] == f"W&B: the run is on disk; send it with: {sync}"
    judged = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    told = read(tmp_path / "out")
    assert list(told.run.tags) == ["telea", "photos", "irregular"]
    numbers = evaluation_log.summary(EvaluationRecord.read(tmp_path / "out"))
    assert {key: told.summary[key] for key in numbers} == numbers
    (row,) = [
        row
        for row in judged["rows"]
        if (row["bucket"], row["output"], row["region"]) == ([0.1, 0.2], "completed", "hole")
    ]
    assert told.summary["standard/hole/10-20/psnr"] == row["psnr"]
    assert len(told.tables[schema.ROWS][0]) == len(judged["rows"])
    (pictures,) = told.tables[schema.PICTURES]
    assert [line["name"] for line in pictures] == [line["name"] for line in judged["saved"]]
