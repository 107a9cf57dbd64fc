"""``inpaintlab doctor``: what ``train`` with the same words would do, tried in a minute, before it takes days.

Takes every word of ``train`` and leaves no run behind: data, masks, a step, memory, a checkpoint, each with the
seconds it took.

    inpaintlab doctor
    inpaintlab doctor model=pconv data=folder data.root=photos
    inpaintlab doctor model=madf data=places2 hardware=gpu_bf16 trainer.max_time=01:00:00:00
"""

import sys

from omegaconf import DictConfig

from inpaintlab.basics.running import verb
from inpaintlab.training.doctor import examine
from inpaintlab.verbs.train import choose_quickstart


@verb("train")
def compose_and_examine(cfg: DictConfig) -> None:
    """Run the verb."""
    examine(cfg)


def main() -> None:
    """As ``train``, no ``model=`` among the words means the quickstart; no folder is made for a run."""
    choose_quickstart()
    sys.argv += ["hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=stdout"]
    compose_and_examine()


if __name__ == "__main__":
    main()
