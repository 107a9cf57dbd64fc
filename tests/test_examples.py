"""The examples do what they say; each is loaded from a copy outside of the repository."""

import importlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
TINY = ["hardware=cpu", "logger=none", "baselines=null", "trainer.max_steps=2", "data.num_workers=0", "data.size=32",
        "data.batch_size=2", "trainer.limit_val_batches=1", "+trainer.limit_test_batches=1",
        "trainer.val_check_interval=100"]  # fmt: skip


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Load a script by its name, as a module of that name."""
    folder = tmp_path / "outside"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(tmp_path)
    loaded = []

    def load(name):
        shutil.copy(EXAMPLES / f"{name}.py", folder)
        loaded.append(name)
        return importlib.import_module(name)

    yield load
    for name in loaded:
        sys.modules.pop(name, None)


def test_fill(example, tmp_path, capsys):
    filled = example("fill").main([])
    assert (filled.size, filled.mode) == ((256, 256), "RGB")
    assert "Telea filled filled.png" in capsys.readouterr().out
    Image.new("L", (40, 30), 90).save("photo.png")
    hole = np.zeros((30, 40), np.uint8)
    hole[5:9, 5:9] = 255
    Image.fromarray(hole).save("hole.png")
    filled = example("fill").main(["photo.png", "hole.png", "out.png", "mean_color"])
    assert np.array_equal(np.asarray(filled), np.full((30, 40), 90))
    assert (tmp_path / "out.png").exists()


@pytest.mark.slow
def test_judge(example, capsys):
    found = example("judge").main(["mean_color", "telea"])
    assert found["telea"]["psnr"] > found["mean_color"]["psnr"] > 5
    assert "of the picture is hole" in capsys.readouterr().out


def test_train(example, tmp_path, capsys):
    tested = example("train").main([str(tmp_path / "run"), *TINY, "model.width=4", "model.levels=3"])
    assert set(tested["example"]) >= {"psnr_hole", "ssim_hole", "l1_hole"}
    assert "PConv after 2 iterations" in capsys.readouterr().out


def test_own_paper(example, tmp_path):
    filled = example("own_paper").main([str(tmp_path / "run"), *TINY, "model.width=4"])
    assert filled.shape == (3, 64, 64)
    assert torch.equal(filled[..., 32:], torch.full((3, 64, 32), 0.5))
    lines = (EXAMPLES / "own_paper.py").read_text().splitlines()
    assert len(lines) <= 60
