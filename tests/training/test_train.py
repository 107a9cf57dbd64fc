"""The verb, as a user types it, on the embedded photographs with a tiny network."""

import json

import pytest
import torch
from PIL import Image

from tests.helpers.process import run

TINY = [
    "model=pconv", "mask=irregular", "model.width=4", "model.levels=3", "model.perceptual=0", "model.style=0",
    "data.size=32", "data.batch_size=4", "data.num_workers=0", "hardware=cpu",
    "trainer.max_steps=4", "trainer.val_check_interval=2", "trainer.limit_val_batches=1",
    "+trainer.limit_test_batches=2",
]  # fmt: skip


def train(cwd, *words, ok=True):
    answer = run("inpaintlab.verbs.train", *words, cwd=cwd)
    assert (answer.returncode == 0) is ok, answer.stdout + answer.stderr
    return answer


def only_run(cwd, name):
    (run,) = (cwd / "runs" / name).iterdir()
    return run


@pytest.mark.slow
def test_train_writes_everything_and_resumes_in_the_same_folder(tmp_path):
    answer = train(tmp_path, *TINY)
    run = only_run(tmp_path, "pconv-photos-irregular")
    results = json.loads((run / "results.json").read_text())
    assert results["status"] == "done"
    assert (results["choices"]["model"], results["choices"]["mask"]) == ("pconv", "irregular")
    assert results["metrics"]["test/psnr_hole"] > 0
    assert results["baselines"]["mean_color"]["test/psnr_hole"] > 0
    assert results["cost"]["iterations"] == 4
    assert (run / ".hydra" / "config.yaml").is_file()
    assert list((run / "samples").glob("*.png"))
    assert str(run / "results.json").split("runs/")[1] in answer.stdout
    checkpoint = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 4

    train(tmp_path, *TINY, "ckpt=last", "trainer.max_steps=6")
    assert only_run(tmp_path, "pconv-photos-irregular") == run  # the same folder, no second one
    checkpoint = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 6
    assert int(checkpoint["state_dict"]["iteration"]) == 6


@pytest.mark.slow
def test_the_quickstart_from_scratch(tmp_path):
    words = [
        "trainer.max_steps=2",
        "data.num_workers=0",
        "trainer.val_check_interval=2",
        "+trainer.limit_test_batches=1",
    ]
    answer = train(tmp_path, *words, "quickstart=scratch", "model.width=4")
    assert "without the VGG" in answer.stdout
    assert {"quickstart_scratch", "mean_color", "telea"} <= {line.split(" ")[0] for line in answer.stdout.splitlines()}
    assert json.loads((only_run(tmp_path, "quickstart_scratch") / "results.json").read_text())["notice"]


@pytest.mark.slow
def test_a_folder_of_pictures_with_text_masks(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for index in range(12):
        Image.effect_noise((90, 70), 60 + index).convert("RGB").save(pictures / f"{index}.jpg")
    train(tmp_path, *TINY, "data=folder", f"data.root={pictures}", "mask=text", "data.batch_size=2")
    assert (only_run(tmp_path, "pconv-folder-text") / "checkpoints" / "last.ckpt").is_file()


def test_missing_data_are_one_line(tmp_path):
    """That torch is not imported for it stands in verbs/test_start.py."""
    answer = train(tmp_path, "model=pconv", "data=places2", "data.root=nowhere", ok=False)
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: ")
    assert str(tmp_path / "nowhere") in answer.stderr
    assert "data.download=true" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.slow
def test_a_two_job_multirun(tmp_path):
    answer = train(tmp_path, "-m", *TINY, "trainer.max_steps=1", "trainer.val_check_interval=1", "seed=1,2")
    runs = list((tmp_path / "runs").rglob("results.json"))
    assert len(runs) == 2, answer.stdout
    assert {json.loads(path.read_text())["seed"] for path in runs} == {1, 2}
