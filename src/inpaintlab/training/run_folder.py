"""A run's folder: one process trains in it, it tells of one run, and whoever stops that learns how to go on."""

import functools
import os
import shlex
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import read_json, write_text
from inpaintlab.basics.locks import work_alone
from inpaintlab.masks.drawings import drawings
from inpaintlab.training.transcript import transcript

Task = Callable[[DictConfig, Path], Any]


def in_its_folder(train: Task) -> Task:
    """Let ``train(cfg, folder)`` work alone in the folder, on the run that was begun there, and end well at Ctrl-C."""

    @functools.wraps(train)
    def alone(cfg: DictConfig, folder: Path) -> Any:
        check_same_run(cfg, folder)
        first = int(os.environ.get("RANK", os.environ.get("SLURM_PROCID", "0"))) == 0
        with work_alone(folder, "training") if first else nullcontext(), transcript(folder) if first else nullcontext():
            try:
                if first:
                    keep_words(cfg, folder)
                return train(cfg, folder)
            except (KeyboardInterrupt, SystemExit) as stop:
                if isinstance(stop, SystemExit) and stop.code != 130:
                    raise
                if first:
                    print(how_to_go_on(cfg, folder), file=sys.stderr, flush=True)
                sys.exit(130)

    return alone


def check_same_run(cfg: DictConfig, folder: Path) -> None:
    """Refuse to go on under another run's name, or with another model, data, masks or optimiser: a record would lie."""
    record = read_json(folder / "results.json") or {}
    then, now = ({"name": each.get("name"), **each.get("choices", {})} for each in (record, cfg))
    keys = ("name", "model", "data", "mask", "optimizer", "lr_schedule")
    changed = [f"{key}={then[key]}, not {now.get(key)}" for key in keys
               if then.get(key) not in (None, now.get(key))]  # fmt: skip
    if record and not changed and record.get("drawings", {}) != drawings(cfg.mask):
        changed = [f"mask={then['mask']} as another version of inpaintlab draws it"]
    if changed:
        raise UserError(
            f"ckpt={cfg.ckpt}: the run in {folder} was begun with {'; '.join(changed)}; go on with the same words, "
            "or begin a new run from its weights with init_from=<checkpoint>"
        )


def keep_words(cfg: DictConfig, folder: Path) -> None:
    """Write ``.hydra/`` as Hydra does, which would write it before anybody knows whether the folder is this run's."""
    if HydraConfig.initialized():
        (folder / ".hydra").mkdir(exist_ok=True)
        for name, node in (("config", cfg), ("overrides", HydraConfig.get().overrides.task)):
            write_text(folder / ".hydra" / f"{name}.yaml", OmegaConf.to_yaml(node, resolve=True))


def how_to_go_on(cfg: DictConfig, folder: Path) -> str:
    """Say what to type after Ctrl-C."""
    last = folder / "checkpoints" / "last.ckpt"
    words = [word for word in cfg.overrides if not word.startswith("ckpt=")]
    if not last.is_file():
        return f"interrupted before the first checkpoint; begin again: {shlex.join(['inpaintlab', 'train', *words])}"
    return f"interrupted; go on with: {shlex.join(['inpaintlab', 'train', *words, f'ckpt={last}'])}"
