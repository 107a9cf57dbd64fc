"""What a training is made of: data, model, and the check that they fit; heavy imports wait until the data is found."""

from pathlib import Path
from typing import TYPE_CHECKING

from hydra.utils import instantiate
from omegaconf import DictConfig

from inpaintlab.basics.errors import UserError
from inpaintlab.data.location import check_location

if TYPE_CHECKING:
    from inpaintlab.data.datamodule import InpaintingData
    from inpaintlab.models.base import InpaintingModule


def check_places(cfg: DictConfig) -> None:
    """Check where the data sets lie, and that no word is an old one or half a pair."""
    runs = Path(cfg.runs)
    check_location(cfg.data, results=runs)
    if cfg.val_data is not None:
        check_location(cfg.val_data, name="val_data", results=runs)
    if cfg.trainer.get("gradient_clip_val") is not None:
        raise UserError("trainer.gradient_clip_val: the word is model.clip_norm=<norm>, for every model")
    if cfg.init_part is not None and cfg.init_from is None:
        raise UserError(f"init_part={cfg.init_part}: of which file? init_from=<file> is needed")


def make_data(cfg: DictConfig) -> "InpaintingData":
    """Return the data set, with the second validation set if there is one; a split without pictures is refused."""
    data: InpaintingData = instantiate(cfg.data, _convert_="all")
    if cfg.val_data is not None:
        data.also_val = cfg.choices.val_data, instantiate(cfg.val_data, _convert_="all")
    for one in [data] if data.also_val is None else [data, data.also_val[1]]:
        one.prepare_data()
    data.setup("fit")
    data.setup("test")  # a set without test pictures is refused now, not after the training
    if data.also_val is not None:
        if not data.has("val"):
            raise UserError(f"val_data={data.also_val[0]}: a second one, but data={cfg.choices.data} has no first")
        data.also_val[1].dataset("val")
    return data


def make_model(cfg: DictConfig) -> "InpaintingModule":
    """Return the model with its metrics, its augmentation, its optimiser and its schedule."""
    from inpaintlab.models.optimization import optimize_with

    model: InpaintingModule = instantiate(cfg.model, _convert_="all")
    model.metrics = instantiate(cfg.metrics, _convert_="all")
    model.augment = instantiate(cfg.augment, _convert_="all") or None
    optimize_with(model, *(instantiate(cfg[word], _convert_="all") or None for word in ("optimizer", "lr_schedule")))
    return model


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
    """Do what is asked for: compile each network by itself, store weights channels last, recompute VGG's activations.

    None of them changes a name in the checkpoint.
    """
    if cfg.checkpointing:
        if not model.needs_vgg:
            raise UserError(
                f"checkpointing=true: {type(model).__name__} as configured uses no VGG features; leave it out"
            )
        model.recompute = True
    if cfg.channels_last:
        store_channels_last(model)
    if cfg.compile:
        for name, network in model.named_children():
            if name not in model.differentiated_twice:
                network.compile()


def store_channels_last(model: "InpaintingModule") -> None:
    """Store the weights of its convolutions channels last.

    ``Module.to(memory_format=...)`` would ask the same of tensors of five axes, which MADF's filters are, and fail.
    """
    import torch

    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
