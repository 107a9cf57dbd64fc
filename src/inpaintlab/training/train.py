"""``inpaintlab train``: train one model, judge it on the test pictures, and write down what happened.

Heavy imports wait until the data has been found, so that a wrong path is answered within seconds.
"""

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from inpaintlab.basics.configs import find_checkpoint
from inpaintlab.masks.drawings import drawings
from inpaintlab.records.measures import watched_columns
from inpaintlab.training.opening import opening
from inpaintlab.training.plan import fill_in
from inpaintlab.training.run_folder import in_its_folder
from inpaintlab.training.setup import check_fit, check_places, make_data, make_model, prepare_networks

if TYPE_CHECKING:
    from lightning import Trainer

    from inpaintlab.data.datamodule import InpaintingData
    from inpaintlab.models.base import InpaintingModule


@in_its_folder
def train(cfg: DictConfig, folder: Path) -> dict[str, dict[str, float]]:
    """Train, test, and return the test metrics of the model and of each baseline: {name: {metric: value}}."""
    check_places(cfg)
    ckpt = find_checkpoint(cfg.ckpt, cfg.runs, cfg.name, folder)

    from lightning import seed_everything
    from lightning.pytorch.utilities import rank_zero_only

    from inpaintlab.models.checkpoints import check_resumable, read_checkpoint
    from inpaintlab.models.initial import take_weights
    from inpaintlab.training.callbacks.results import Results

    quiet()
    say = rank_zero_only(print)
    fill_in(cfg, folder, say)
    seed_everything(cfg.seed, verbose=False)
    logger = instantiate(cfg.logger)  # one that cannot log, for want of an account, says so before anything slow
    data = make_data(cfg)
    model = make_model(cfg)
    check_fit(model, data, cfg.trainer)

    results = Results(folder, header(cfg))
    callbacks = [one for one in instantiate(cfg.callbacks, _convert_="all").values() if one is not None]
    callbacks.append(results)
    make_trainer = instantiate(cfg.trainer, _convert_="all", _partial_=True)  # objects are no part of a configuration
    trainer: Trainer = make_trainer(
        enable_checkpointing=bool(cfg.callbacks),
        enable_progress_bar=bool(cfg.callbacks),
        logger=logger,
        callbacks=callbacks,
        default_root_dir=folder,
    )
    done = 0
    if ckpt is not None:
        # Plain data with right checksums, of this model, or refused: Lightning would run what stands in it.
        saved = read_checkpoint(ckpt)
        check_resumable(saved, ckpt, model)
        done = int(saved["state_dict"]["iteration"])
    say(opening(cfg, model, data, trainer, ckpt, done), flush=True)
    if ckpt is None and cfg.init_from is not None:
        say(take_weights(model, cfg.init_from, cfg.init_part), flush=True)
    prepare_networks(model, cfg)
    trainer.fit(model, datamodule=data, ckpt_path=ckpt)
    if trainer.interrupted:
        raise KeyboardInterrupt

    tested = {cfg.name: test(trainer, model, data)}
    for name, node in (cfg.baselines or {}).items():
        method = instantiate(node, _convert_="all")
        method.metrics = model.metrics
        method.label = name  # what the logger calls it
        tested[name] = test(trainer, method, data)
    results.finish(tested)
    say(summary(tested, folder))
    return tested


def test(trainer: "Trainer", model: "InpaintingModule", data: "InpaintingData") -> dict[str, float]:
    """Judge one model on the test pictures: {metric: value}."""
    values = trainer.test(model, datamodule=data, verbose=False)[0]
    return {name.removeprefix("test/"): value for name, value in values.items()}


def quiet() -> None:
    """Keep what Lightning says to warnings, without those that no user can act on."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for noise in (".*LeafSpec.*", "You have overridden `on_(before|after)_batch_transfer`",
                  "The number of training batches .* is smaller than the logging interval",
                  "The '.*_dataloader' does not have many workers", "Found .* in eval mode at the start of training",
                  "The `srun` command is available"):  # fmt: skip
        warnings.filterwarnings("ignore", message=noise)


def header(cfg: DictConfig) -> dict[str, Any]:
    """Return what results.json tells of the run before it begins."""
    return {
        "name": cfg.name,
        "choices": dict(cfg.choices),
        "overrides": list(cfg.overrides),
        "seed": cfg.seed,
        "drawings": drawings(cfg.mask),
        "notice": cfg.notice,
    }


def summary(tested: dict[str, dict[str, float]], folder: Path) -> str:
    """Lay out the test metrics of all models as a table, and say where things lie."""
    shown = watched_columns()
    width = max(map(len, tested))
    lines = ["", "test".ljust(width) + "".join(f"{name:>11}" for name in shown)]
    for model, values in tested.items():
        lines.append(model.ljust(width) + "".join(f"{values[name]:11.4f}" for name in shown))
    return "\n".join(
        [
            *lines,
            "",
            f"checkpoint  {folder / 'checkpoints' / 'last.ckpt'}",
            f"pictures    {folder / 'samples'}",
            f"results     {folder / 'results.json'}",
        ]
    )
