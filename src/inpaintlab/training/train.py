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
from inpaintlab.basics.errors import UserError
from inpaintlab.data.location import check_location
from inpaintlab.masks.drawings import drawings
from inpaintlab.records.measures import watched_columns
from inpaintlab.training.run_folder import in_its_folder

if TYPE_CHECKING:
    from lightning import Trainer

    from inpaintlab.data.datamodule import InpaintingData
    from inpaintlab.models.base import InpaintingModule


@in_its_folder
def train(cfg: DictConfig, folder: Path) -> dict[str, dict[str, float]]:
    """Train, test, and return the test metrics of the model and of each baseline: {name: {metric: value}}."""
    check_location(cfg.data)
    ckpt = find_checkpoint(cfg.ckpt, cfg.runs, cfg.name, folder)

    from lightning import seed_everything
    from lightning.pytorch.utilities import rank_zero_only

    from inpaintlab.models.checkpoints import check_resumable, read_checkpoint
    from inpaintlab.models.initial import take_weights
    from inpaintlab.training.callbacks.results import Results

    quiet()
    seed_everything(cfg.seed, verbose=False)
    logger = instantiate(cfg.logger)  # one that cannot log, for want of an account, says so before anything slow
    data = instantiate(cfg.data, _convert_="all")
    data.prepare_data()
    data.setup("fit")
    data.setup("test")  # a set without test pictures is refused now, not after the training
    model = instantiate(cfg.model, _convert_="all")
    model.metrics = instantiate(cfg.metrics, _convert_="all")
    model.augment = instantiate(cfg.augment, _convert_="all") or None
    check_fit(model, data, cfg.trainer)
    say = rank_zero_only(print)

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
    say(opening(cfg, model, data, trainer, ckpt), flush=True)
    if ckpt is not None:
        # Plain data with right checksums, of this model, or refused: Lightning would run what stands in it.
        check_resumable(read_checkpoint(ckpt), ckpt, model)
    elif cfg.init_from is not None:
        say(take_weights(model, cfg.init_from), flush=True)
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


def check_fit(model: "InpaintingModule", data: "InpaintingData", trainer: DictConfig) -> None:
    """Refuse a picture size or a model that cannot be trained, before anything slow happens."""
    if model.iterations == 0:
        raise UserError(f"model: {type(model).__name__} needs no training; use `inpaintlab evaluate` or `predict`")
    if trainer.accumulate_grad_batches > 1 and not model.automatic_optimization:
        raise UserError(
            f"trainer.accumulate_grad_batches={trainer.accumulate_grad_batches}: {type(model).__name__} is a GAN, "
            "whose players take turns within a batch; use a larger data.batch_size, or several processes"
        )
    if model.augment is not None:
        model.augment.check(data)
    if data.size % model.divisor:
        raise UserError(
            f"data.size={data.size}: the network needs a multiple of {model.divisor}; "
            "choose such a size, or fewer levels (model.levels) where the model has them"
        )


def prepare_networks(model: "InpaintingModule", cfg: DictConfig) -> None:
    """Compile each network by itself, store its weights channels last, recompute VGG's activations: where asked for.

    None of them changes a name in the checkpoint.
    """
    import torch

    if cfg.checkpointing:
        if not model.needs_vgg:
            raise UserError(
                f"checkpointing=true: {type(model).__name__} as configured uses no VGG features; leave it out"
            )
        model.recompute = True
    for network in model.children():
        if cfg.channels_last:
            network.to(memory_format=torch.channels_last)
        if cfg.compile:
            network.compile()


def quiet() -> None:
    """Keep what Lightning says to warnings, without those that no user can act on."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for noise in (".*LeafSpec.*", "You have overridden `on_(before|after)_batch_transfer`",
                  "The number of training batches .* is smaller than the logging interval",
                  "The '.*_dataloader' does not have many workers", "Found .* in eval mode at the start of training",
                  "The `srun` command is available"):  # fmt: skip
        warnings.filterwarnings("ignore", message=noise)


def opening(
    cfg: DictConfig, model: "InpaintingModule", data: "InpaintingData", trainer: "Trainer", ckpt: Path | None
) -> str:
    """Say what is about to run."""
    parameters = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    ranks, gathered = trainer.world_size, trainer.accumulate_grad_batches
    factors = [f"{data.batch_size} pictures", *[f"{n} {what}" for n, what in
               ((ranks, "processes"), (gathered, "accumulated batches")) if n > 1]]  # fmt: skip
    step = " x ".join(factors) + (f" = {data.batch_size * ranks * gathered} pictures" if len(factors) > 1 else "")
    lines = [
        f"model  {cfg.choices.model}: {parameters:,} parameters, {model.iterations or '?'} iterations",
        f"data   {cfg.choices.data}: {len(data.dataset('train')):,} training pictures of {data.size} px, "
        f"mask {cfg.choices.mask}{stand_in(cfg)}",
        f"step   {step}, precision {trainer.precision}; learning rates as configured, not scaled",
    ]
    lines += [f"notice {told}" for told in data.notices()]
    if cfg.notice:
        lines.append(f"notice {cfg.notice}")
    if ckpt:
        lines.append(f"resume {ckpt}")
    return "\n".join(lines)


def stand_in(cfg: DictConfig) -> str:
    """Say whose place the masks take, where they are not the paper's."""
    paper = cfg.paper.get("masks")
    return f", in place of the paper's {paper}" if paper and cfg.choices.mask != paper else ""


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
