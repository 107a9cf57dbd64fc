"""``inpaintlab sweep``: the jobs of an experiment, each done once, however often it is interrupted.

They are those of ``experiments/<name>/sweep.yaml``, or with ``scale=small`` of ``small.yaml`` there; ``experiments=``
is another folder of experiments. A table of the jobs is printed at the end.

    inpaintlab sweep experiment=all_models_by_ratio scale=small
    inpaintlab sweep experiment=mine experiments=my_experiments
    inpaintlab sweep experiment=mine retries=2 hydra/launcher=joblib
"""

import sys
import time
from pathlib import Path

import hydra
from hydra.errors import CompactHydraException
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.errors import UserError, one_line
from inpaintlab.basics.paths import quote, user_path
from inpaintlab.basics.running import check_words
from inpaintlab.basics.words import take
from inpaintlab.sweeps.run import run_job
from inpaintlab.sweeps.status import show


class JobFailed(CompactHydraException):
    """Why a job failed. Of its own exceptions Hydra shows the text alone, of others the traceback."""


@hydra.main(config_path=FOLDER, config_name="experiment", version_base="1.3")
def compose_and_run(cfg: DictConfig) -> float:
    """Run one job of the sweep in the folder that Hydra has made."""
    try:
        return run_job(cfg)
    except UserError as error:
        raise JobFailed(f"error: {one_line(str(error))}") from error


def main() -> None:
    """Turn ``experiment=`` and ``scale=`` into Hydra's words, sweep, and show how every job ended."""
    given, rest = take(sys.argv[1:], "experiment", "scale", "experiments", "runs")
    folder = Path(given.get("experiments", "experiments"), given.get("experiment", ""))
    scale = given.get("scale", "full")
    name = {"full": "sweep"}.get(scale, scale)
    if "experiment" not in given or not (folder / f"{name}.yaml").is_file():
        known = ", ".join(sorted(path.parent.name for path in folder.parent.glob("*/sweep.yaml"))) or "none here"
        sys.exit(f"error: experiment={given.get('experiment', '')}: no {folder / name}.yaml; experiments: {known}")
    title = given["experiment"] if scale == "full" else f"{given['experiment']}-{scale}"
    runs = str(given.get("runs", "runs"))
    sys.argv[1:] = ["--multirun", f"--config-dir={folder}", f"--config-name={name}", *rest]
    sys.argv += [f"experiment={quote(title)}", f"runs={quote(runs)}"]
    check_words("experiment", sys.argv[1:])
    began, status = time.time(), 0
    try:
        compose_and_run()
    except SystemExit as exit_:  # Hydra ends the process after the first failed job's report
        if exit_.code not in (0, None, 1):
            raise
        status = exit_.code or 0
    try:
        sys.exit(max(status, show(user_path(runs) / "sweeps" / title, since=began)))
    except UserError as error:  # the first job was refused before it began: that has been told
        sys.exit(status or f"error: {error}")


if __name__ == "__main__":
    main()
