"""The examination before a training."""

import numpy as np
import pytest
from PIL import Image

from tests.helpers.tiny import COMMON, PAPERS, run


@pytest.mark.slow
@pytest.mark.parametrize("paper", ["pconv", "context_encoder"])
def test_doctor_tries_everything_and_leaves_a_picture(paper, tmp_path):
    answer = run("inpaintlab.verbs.doctor", f"model={paper}", *COMMON, *PAPERS[paper], cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    lines = dict(line.split(maxsplit=1) for line in answer.stdout.splitlines())
    assert list(lines) == ["data", "pictures", "batch", "losses", "time", "processes", "memory", "disk", "log"]
    assert lines["pictures"].startswith("54 train, 50 val, 75 test; 32 px")
    assert [path.name for path in tmp_path.iterdir()] == ["doctor.png"]
    with Image.open(tmp_path / "doctor.png") as sheet:
        assert sheet.size == (4 * 32, 32)
        red, *others = np.asarray(sheet).astype(int).transpose(2, 0, 1)
    assert (red > np.max(others, 0) + 100).sum() > 50


def test_missing_data_is_told_first(tmp_path):
    answer = run("inpaintlab.verbs.doctor", "model=pconv", "data=places2", "data.root=nowhere", cwd=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: ")
