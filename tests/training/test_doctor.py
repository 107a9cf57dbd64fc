"""The examination before a training."""

import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.batch import Batch
from inpaintlab.training.doctor import compare_precisions
from tests.helpers.process import run
from tests.helpers.tiny import COMMON, PAPERS
from tests.training.callbacks.toy import Toy, samples


@pytest.mark.slow
@pytest.mark.parametrize("paper", ["pconv", "context_encoder"])
def test_doctor_tries_everything_and_leaves_a_picture(paper, tmp_path):
    answer = run("inpaintlab.verbs.doctor", f"model={paper}", *COMMON, *PAPERS[paper], cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    lines = dict(line.split(maxsplit=1) for line in answer.stdout.splitlines())
    assert list(lines) == [
        "data",
        "pictures",
        "batch",
        "losses",
        "precision",
        "time",
        "processes",
        "memory",
        "disk",
        "log",
    ]
    assert lines["pictures"].startswith("54 train, 50 val, 75 test; 32 px")
    assert [path.name for path in tmp_path.iterdir()] == ["doctor.png"]
    with Image.open(tmp_path / "doctor.png") as sheet:
        assert sheet.size == (4 * 32, 32)
        red, *others = np.asarray(sheet).astype(int).transpose(2, 0, 1)
    assert (red > np.max(others, 0) + 100).sum() > 50


@pytest.mark.parametrize(("cost", "word"), [(0.02, "32-true"), (-0.02, "bf16-mixed")])
def test_the_faster_precision_is_recommended(cost, word, capsys, monkeypatch):
    """The machine is slower by ``cost`` seconds in bfloat16, or in float32."""

    class Timed(Toy):
        def losses(self, batch):
            seconds = 0.03 + (cost if torch.is_autocast_enabled("cpu") else 0)
            clock.append(clock[-1] + seconds)
            return super().losses(batch)

    clock = [0.0]
    monkeypatch.setattr("inpaintlab.training.doctor.time.perf_counter", lambda: clock[-1])
    model = Timed()
    batch = Batch(*map(torch.stack, zip(*samples(4), strict=True)))
    compare_precisions(model, batch, torch.device("cpu"))
    ratio = (0.03 + cost) / 0.03
    assert capsys.readouterr().out == (
        f"precision bfloat16 takes {ratio:.2f} of float32's time here; take trainer.precision={word}\n"
    )
    assert all(parameter.grad is None for parameter in model.parameters())


def test_missing_data_is_told_first(tmp_path):
    answer = run("inpaintlab.verbs.doctor", "model=pconv", "data=places2", "data.root=nowhere", cwd=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: ")
