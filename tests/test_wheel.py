"""The wheel alone can train: it carries the configuration."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_wheel_composes_and_starts_outside_of_the_checkout(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    unpacked = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    assert {path.name for path in (ROOT / "conf").rglob("*.yaml")} == {
        path.name for path in (unpacked / "inpaintlab" / "conf").rglob("*.yaml")
    }

    empty = tmp_path / "empty"
    empty.mkdir()
    answer = subprocess.run(
        [sys.executable, "-m", "inpaintlab.verbs.cli", "train", "--cfg", "job"],
        cwd=empty,
        env={"PYTHONPATH": str(unpacked), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    assert "name: quickstart" in answer.stdout
    where = subprocess.run(
        [sys.executable, "-c", "import inpaintlab.basics.configs as c; print(c.FOLDER)"],
        cwd=empty,
        env={"PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
    )
    assert where.stdout.strip() == str(unpacked / "inpaintlab" / "conf")
