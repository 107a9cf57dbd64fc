import os
import signal
import subprocess
import sys
import time

import pytest

from inpaintlab.basics.paths import quote_words
from inpaintlab.basics.words import as_list, python, take


def test_words_are_read_as_hydra_reads_them():
    words = quote_words(["experiment=a b", "runs=it's", "model.width=4", "scale=small", "-m", "scale=full"])
    assert take(words, "experiment", "scale", "runs") == (
        {"experiment": "a b", "runs": "it's", "scale": "full"},
        ["model.width=4", "-m"],
    )


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("models=a,b.ckpt", "models=['a','b.ckpt']"),
        ("models=été", "models=['été']"),
        ("models=[a,b]", "models=[a,b]"),
        ("other=a,b", "other=a,b"),
    ],
)
def test_several_are_no_sweep(word, told):
    assert as_list(word, "models") == told


def test_modules_of_the_working_folder_are_not_imported(tmp_path):
    (tmp_path / "hydra.py").write_text("raise SystemExit('run')")
    done = subprocess.run([*python("inpaintlab.verbs.cli")], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage: inpaintlab" in done.stdout
    code = "import inpaintlab.basics.configs, hydra"
    assert "run" in subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True).stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_child_ends_with_its_parent_whatever_the_signal(tmp_path):
    sleeper = f"echo $$ > {tmp_path}/pid; exec sleep 60"
    code = f"from inpaintlab.basics.children import run_child; run_child(['sh', '-c', {sleeper!r}])"
    parent = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 30
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child = int((tmp_path / "pid").read_text())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while os.path.exists(f"/proc/{child}"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
