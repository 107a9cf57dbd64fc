"""The first lines of a training: what is about to run."""

from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

if TYPE_CHECKING:
    from lightning import Trainer

    from inpaintlab.data.datamodule import InpaintingData
    from inpaintlab.models.base import InpaintingModule


def opening(
    cfg: DictConfig, model: "InpaintingModule", data: "InpaintingData", trainer: "Trainer", ckpt: Path | None, done: int
) -> str:
    """Say what is about to run; ``done`` iterations of it lie in the checkpoint."""
    parameters = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    ranks, gathered = trainer.world_size, trainer.accumulate_grad_batches
    factors = [f"{data.batch_size} pictures", *[f"{n} {what}" for n, what in
               ((ranks, "processes"), (gathered, "accumulated batches")) if n > 1]]  # fmt: skip
    step = " x ".join(factors) + (f" = {data.batch_size * ranks * gathered} pictures" if len(factors) > 1 else "")
    last = last_iteration(model, trainer.max_steps)
    length = f"{last:,} iterations" if last else "iterations without end"
    lines = [
        f"model  {cfg.choices.model}: {parameters:,} parameters, {length}{f', {done:,} of them done' if done else ''}",
        f"data   {cfg.choices.data}: {len(data.dataset('train')):,} training pictures of {data.size} px, "
        f"mask {cfg.choices.mask}{stand_in(cfg)}",
        f"step   {step}, precision {trainer.precision}; learning rates as configured, not scaled",
    ]
    lines += [f"{word}={choice}, in place of the paper's" for word in ("optimizer", "lr_schedule")
              if (choice := cfg.choices[word]) != "paper"]  # fmt: skip
    lines += [f"notice {told}" for told in (*data.notices(), *falls_too_late(model, last))]
    if cfg.notice:
        lines.append(f"notice {cfg.notice}")
    if ckpt:
        lines.append(f"resume {ckpt}")
    return "\n".join(lines)


def last_iteration(model: "InpaintingModule", max_steps: int) -> int | None:
    """Return the iteration at which the run will end, None where only time or the user ends it.

    ``max_steps`` is the trainer's, not positive where there is no such end.
    """
    limits = [model.iterations, max_steps if max_steps > 0 else None]
    return min((limit for limit in limits if limit is not None), default=None)


def falls_too_late(model: "InpaintingModule", last: int | None) -> list[str]:
    """Tell where the run ends long before a schedule of the rates has come to its end."""
    end = model.rates_end
    if end is None or last is None or last >= end:
        return []
    told = f"the rates fall to 0 at iteration {end:,}, and the run ends at {last:,}"
    return [f"lr_schedule: {told}; lr_schedule.iterations={last} lets both end together"]


def stand_in(cfg: DictConfig) -> str:
    """Say whose place the masks take, where they are not the paper's."""
    paper = cfg.paper.get("masks")
    return f", in place of the paper's {paper}" if paper and cfg.choices.mask != paper else ""
