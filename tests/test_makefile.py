"""What `make` hands over."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def dry_run(*words):
    """The commands that make would run, with every file taken as made already."""
    return make("--dry-run", "VENV=.venv", *words)


def make(*words):
    """Its output, without what a surrounding make left in the environment."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    answer = subprocess.run(["make", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True)
    return answer.stdout


def test_every_word_with_an_equals_sign_reaches_hydra():
    words = ["model=pconv", "mask=irregular", "data.size=64", "+trainer.limit_test_batches=2", "data.zoom=[1.0,2.0]"]
    last = dry_run("train", *words).splitlines()[-1]
    assert last.split()[:2] == [".venv/bin/inpaintlab", "train"]
    assert set(words) <= set(last.split())


def test_train_without_a_word_hands_over_none():
    assert dry_run("train").splitlines()[-1].split()[1:] == ["train"]


def test_test_installs_what_it_lacks():
    text = (ROOT / "Makefile").read_text()
    assert "\ntest: setup" in text
    assert "\ncheck: lint" in text
    assert "\nlint: setup" in text


def test_help_names_every_target():
    shown = make("help")
    for target in [
        "help",
        "setup",
        "train",
        "evaluate",
        "predict",
        "report",
        "masks",
        "test",
        "check",
        "bench",
        "clean",
    ]:
        assert target in shown.split()
