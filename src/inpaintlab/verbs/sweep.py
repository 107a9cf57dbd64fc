"""``inpaintlab sweep``: the jobs of an experiment, each done once, however often it is interrupted."""

import sys
import time
from pathlib import Path

import hydra
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.sweeps import run
from inpaintlab.sweeps.run import run_job
from inpaintlab.sweeps.status import show


@hydra.main(config_path=FOLDER, config_name="experiment", version_base="1.3")
def compose_and_run(cfg: DictConfig) -> float:
    """Run one job of the sweep in the folder that Hydra has made."""
    return run_job(cfg)


def main() -> None:
    """Turn ``experiment=`` and ``scale=`` into Hydra's words, sweep, and show how every job ended."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(
            f"{run.__doc__}\nusage: inpaintlab sweep experiment=<name> [scale=small] [key=value ...]; keys as in train"
        )
        return
    own = ("experiment=", "scale=", "experiments=")
    words = dict(word.split("=", 1) for word in sys.argv[1:] if word.startswith(own))
    folder = Path(words.get("experiments", "experiments"), words.get("experiment", ""))
    scale = words.get("scale", "full")
    name = {"full": "sweep"}.get(scale, scale)
    if "experiment" not in words or not (folder / f"{name}.yaml").is_file():
        known = ", ".join(sorted(path.parent.name for path in folder.parent.glob("*/sweep.yaml"))) or "none here"
        sys.exit(f"error: experiment={words.get('experiment', '')}: no {folder / name}.yaml; experiments: {known}")
    rest = [word for word in sys.argv[1:] if not word.startswith(own)]
    title = words["experiment"] if scale == "full" else f"{words['experiment']}-{scale}"
    sys.argv[1:] = ["--multirun", f"--config-dir={folder}", f"--config-name={name}", *rest]
    sys.argv.append(f"experiment={title}")
    began, status = time.time(), 0
    try:
        compose_and_run()
    except SystemExit as exit_:  # Hydra ends the process after the first failed job's report
        if exit_.code not in (0, None, 1):
            raise
        status = exit_.code or 0
    runs = next((word.removeprefix("runs=") for word in rest if word.startswith("runs=")), "runs")
    sys.exit(max(status, show(Path(runs, "sweeps", title), since=began)))


if __name__ == "__main__":
    main()
