"""``inpaintlab train``: train one model, judge it on the test pictures, and write down what happened.

Without ``model=`` it is the quickstart, which goes on from the weights that come with the package; a run leaves
curves, checkpoints, sample grids and ``results.json`` in ``runs/<name>/<date>``.

    inpaintlab train data=folder data.root=photos
    inpaintlab train model=pconv data=folder data.root=photos mask=text paper.size=256
    inpaintlab train model=madf data=places2 hardware=gpu_bf16 ckpt=last
"""

import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.running import verb
from inpaintlab.basics.words import training
from inpaintlab.training.launch import is_launched, launch, processes, save_job
from inpaintlab.training.setup import check_places
from inpaintlab.training.train import train


@verb("train")
def compose_and_train(cfg: DictConfig) -> None:
    """Run the task in the folder that Hydra has made, in this process or in one for each device."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    count = processes(cfg.trainer)
    if count == 1 or is_launched():
        train(cfg, folder)
        return
    check_places(cfg)
    save_job(cfg, folder)
    if status := launch(folder, count):
        raise UserError(f"{count} processes: one of them failed with status {status}, see above")


def choose_quickstart() -> None:
    """Let ``train`` with no ``model=`` among its words be a quickstart, see ``words.training``."""
    try:
        config, words = training(sys.argv[1:])
    except UserError as error:
        sys.exit(f"error: {error}")
    sys.argv[1:] = words if config == "train" else [f"--config-name={config}", *words]


def main() -> None:
    """Run the verb."""
    choose_quickstart()
    compose_and_train()


if __name__ == "__main__":
    main()
