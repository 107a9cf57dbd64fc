"""A sweep of two jobs through each launcher, and an Optuna search that is stopped and continued.

``python tools/launchers.py [--ray FOLDER] [joblib submitit_local ray optuna]``; FOLDER is where
``pip install --target FOLDER hydra-ray-launcher`` has put Ray, if it is not in the environment itself.
"""

import argparse
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tiny_runs import PCONV, say

TINY = [*PCONV, "hardware=cpu", "trainer.max_steps=20"]
LAUNCHERS = {
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
    "submitit_local": ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=20"],
    "ray": ["hydra/launcher=ray", "+hydra.launcher.ray.init.num_cpus=2",
            "+hydra.launcher.ray.init.include_dashboard=false"],
}  # fmt: skip
SWEEP = """\
# @package _global_
defaults: [experiment, override model: pconv, _self_]
hydra: {sweeper: {params: {seed: '1,2'}}}
"""
SEARCH = """\
# @package _global_
defaults:
  - experiment
  - override model: pconv
  - override hydra/sweeper: optuna
  - _self_

hydra:
  sweeper:
    direction: maximize     # the sweeper's own default is minimize
    storage: sqlite:///${experiment}.sqlite
    study_name: ${experiment}
    n_trials: 3             # of each call; a later call adds as many
    n_jobs: 1               # at a time
    max_failure_rate: 1.0   # a failed job is counted and ends nothing
    sampler: {seed: null}   # with a number every call would begin with the same points
    params:
      model.hole: interval(1, 12)
      model.valid: choice(0.5, 1, 2)
"""
SHOWN = re.compile(r"^\||jobs: |Best|\berror\b|Error|Ray Launcher|SIGTERM|training|done")


def sweep(work: Path, *words: str, **options) -> subprocess.Popen[str]:
    """Start ``inpaintlab sweep``."""
    command = [
        "timeout",
        "-k",
        "90",
        "300",
        sys.executable,
        "-m",
        "inpaintlab.verbs.sweep",
        "experiment=tiny",
        *TINY,
        *words,
    ]
    return subprocess.Popen(command, cwd=work, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def finish(process: subprocess.Popen[str], expected: int = 0) -> None:
    """Wait for a sweep, print what matters, check its status."""
    began = time.monotonic()
    output, _ = process.communicate()
    print("\n".join(line[:200] for line in output.splitlines() if SHOWN.search(line)), flush=True)
    say(f"status {process.returncode}, {time.monotonic() - began:.0f} s")
    if process.returncode != expected:
        sys.exit(output[-5000:])


def experiment(work: Path, text: str) -> Path:
    """Write experiments/tiny/sweep.yaml into a new folder."""
    folder = work / "experiments" / "tiny"
    folder.mkdir(parents=True)
    (folder / "sweep.yaml").write_text(text)
    return work


def search(work: Path) -> None:
    """Stop a search in its second trial, and continue it."""
    experiment(work, SEARCH)
    words = ["trainer.max_steps=400", "callbacks.checkpoint.every=50"]
    say("$ inpaintlab sweep experiment=tiny  # stopped in its second trial")
    process = sweep(work, *words)
    jobs = work / "runs" / "sweeps" / "tiny"
    while process.poll() is None:
        done = sum('"done"' in path.read_text() for path in jobs.glob("*/results.json"))
        if done == 1 and len(list(jobs.glob("*/checkpoints/last.ckpt"))) == 2:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    finish(process, 128 + signal.SIGTERM)
    trials(work)
    say("$ inpaintlab sweep experiment=tiny  # again")
    finish(sweep(work, *words))
    for log in jobs.glob("*/output.log"):
        if "resume " in log.read_text():
            print("\n".join(line for line in log.read_text().splitlines() if line.startswith(("SIGTERM", "resume "))))
    trials(work)


def trials(work: Path) -> None:
    """Print what the study's data base holds."""
    with sqlite3.connect(work / "tiny.sqlite") as base:
        (direction,) = base.execute("select direction from study_directions").fetchone()
        rows = base.execute(
            "select number, state, value from trials left join trial_values using (trial_id) order by number"
        ).fetchall()
    say(f"study: {direction}; " + "; ".join(f"trial {number} {state} {value}" for number, state, value in rows))


def main() -> None:
    """Run what is asked for, each in a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ray", help="folder of Ray's packages")
    parser.add_argument("what", nargs="*", default=[*LAUNCHERS, "optuna"])
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in given.what:
        with tempfile.TemporaryDirectory() as folder:
            if name == "optuna":
                search(Path(folder))
                continue
            say(f"$ inpaintlab sweep experiment=tiny {' '.join(LAUNCHERS[name])}")
            environment = dict(os.environ)
            if name == "ray" and given.ray:
                environment["PYTHONPATH"] = given.ray
            finish(sweep(experiment(Path(folder), SWEEP), *LAUNCHERS[name], env=environment))


if __name__ == "__main__":
    main()
