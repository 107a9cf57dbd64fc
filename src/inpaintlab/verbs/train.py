"""``inpaintlab train``: train one model, judge it on the test pictures, and write down what happened."""

import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.messages import report_errors
from inpaintlab.data.location import check_location
from inpaintlab.training.launch import is_launched, launch, processes, save_job
from inpaintlab.training.train import train


@hydra.main(config_path=FOLDER, config_name="train", version_base="1.3")
@report_errors
def compose_and_train(cfg: DictConfig) -> None:
    """Run the task in the folder that Hydra has made, in this process or in one for each device."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    count = processes(cfg.trainer)
    if count == 1 or is_launched():
        train(cfg, folder)
        return
    check_location(cfg.data)
    save_job(cfg, folder)
    if status := launch(folder, count):
        raise UserError(f"{count} processes: one of them failed with status {status}, see above")


QUICKSTART = "quickstart="
"""The word that chooses between the two: ``bundled``, the default, and ``scratch``."""


def choose_quickstart() -> None:
    """``train`` with no ``model=`` among its words is the quickstart, with ``quickstart=scratch`` that from nothing."""
    words = sys.argv[1:]
    kind = [word.removeprefix(QUICKSTART) for word in words if word.startswith(QUICKSTART)]
    chosen = any(word.startswith(("model=", "--config-name", "-cn", "--config-dir", "-cd")) for word in words)
    if kind and (chosen or kind[-1] not in ("bundled", "scratch")):
        sys.exit(f"error: quickstart={kind[-1]}: expected quickstart=bundled or quickstart=scratch, without model=")
    if not chosen:
        config = "quickstart_scratch" if kind and kind[-1] == "scratch" else "quickstart"
        sys.argv[1:] = [f"--config-name={config}", *(word for word in words if not word.startswith(QUICKSTART))]


def main() -> None:
    """Run the verb."""
    choose_quickstart()
    compose_and_train()


if __name__ == "__main__":
    main()
