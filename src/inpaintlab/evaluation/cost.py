"""``inpaintlab cost``: count what a model is made of, and measure what it takes to fill a picture with it.

How each number comes about is told in ``complexity``; ``records.cost`` is what ``<output>/cost.json`` holds.
"""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.models.loading import check_given, choose_device, name_of
from inpaintlab.records.cost import CostRecord
from inpaintlab.records.markdown import markdown

if TYPE_CHECKING:
    from inpaintlab.evaluation.complexity import Subject
    from inpaintlab.models.base import InpaintingModule


def cost(cfg: DictConfig) -> CostRecord:
    """Count and measure, print the table, write the file, and return what it holds."""
    check_config(cfg)
    import torch

    from inpaintlab.evaluation.complexity import Subject, count_parameters

    method = None if cfg.model is None else OmegaConf.to_container(cfg.model, resolve=True)
    subject = Subject(cfg.ckpt, method, OmegaConf.to_container(cfg.mask, resolve=True), cfg.trust)
    model, trained_on = subject.build(choose_device(cfg.device))
    channels = cfg.paper.channels or trained_on.get("channels") or model.channels or 3
    sizes = cfg.sizes or [cfg.paper.size or trained_on.get("size")]
    if sizes == [None]:
        raise UserError(f"ckpt={cfg.ckpt}: does not tell the size of its training; give sizes=[256]")
    record = CostRecord(
        name=cfg.name or name_of(cfg.ckpt, cfg.choices.model),
        model=f"{type(model).__module__}.{type(model).__qualname__}",
        ckpt=cfg.ckpt,
        settings=dict(model.hparams),
        **count_parameters(model),
        **measure(subject, model, sizes, cfg.batches, cfg.repeats, channels),
        notes=notes(model, sizes),
        threads=torch.get_num_threads(),
        mask=cfg.choices.mask,
        channels=channels,
        **origin(cfg.overrides),
    )
    path = record.write(Path(cfg.output or f"cost/{record.name}"))
    print(f"{as_text(record)}\nwritten: {path}")
    return record


def check_config(cfg: DictConfig) -> None:
    """Refuse words that nothing could be measured with."""
    if (cfg.ckpt is None) == (cfg.model is None):
        raise UserError("give either model=<a paper's or a method's: pconv, telea> or ckpt=<a .ckpt file>")
    check_given(cfg.ckpt, cfg.model)
    for name in ("sizes", "batches"):
        numbers = cfg[name]
        if name == "sizes" and numbers is None:
            continue
        if not OmegaConf.is_list(numbers) or not numbers or not all(type(n) is int and n >= 1 for n in numbers):
            example = "[256,512]" if name == "sizes" else "[1,8]"
            raise UserError(f"{name}={numbers}: expected whole numbers of at least 1, such as {name}={example}")
    if type(cfg.repeats) is not int or cfg.repeats < 1:
        raise UserError(f"repeats={cfg.repeats}: expected a whole number of at least 1")


def measure(
    subject: "Subject",
    model: "InpaintingModule",
    sizes: Iterable[int],
    batches: Iterable[int],
    repeats: int,
    channels: int,
) -> dict[str, Any]:
    """Return {multiply_adds, latency, peak_memory_mb}, see the head of this file."""
    import torch

    from inpaintlab.basics.provenance import device_name
    from inpaintlab.evaluation.complexity import latency, multiply_adds, peak_memory

    counts, times, memory = {}, [], []
    for size in dict.fromkeys(sizes):
        try:
            counts[str(size)] = multiply_adds(model, subject.batch(size, 1, channels, model.device))
            for count in dict.fromkeys(batches):
                print(f"size {size}, batch {count} ...", flush=True)
                where = {"device": device_name(model.device, 1), "size": size, "batch": count}
                batch = subject.batch(size, count, channels, model.device)
                times.append({**where, "median_ms": round(latency(model, batch, repeats), 4), "runs": repeats})
                memory.append({**where, "mb": peak_memory(subject, model, batch)})
        except UserError as error:
            raise UserError(f"sizes: {size} px cannot be filled: {error}") from error
        except torch.OutOfMemoryError as error:
            hint = "leave them out, or take smaller batches"
            raise UserError(f"sizes: {size} px are too many for the memory of {model.device}; {hint}") from error
    return {"multiply_adds": counts, "latency": times, "peak_memory_mb": memory}


def notes(model: "InpaintingModule", sizes: Iterable[int]) -> list[str]:
    """Say what the numbers would not tell."""
    lines = model.notes()
    if next(model.parameters(), None) is None:
        lines.append("a method without network: it has no parameters and no multiply-adds to count")
    for size in dict.fromkeys(sizes):
        if padded := -size % model.divisor:
            lines.append(f"{size} px are padded to {size + padded}, as in predict")
    return lines


def origin(overrides: Iterable[str]) -> dict[str, Any]:
    """Return what the numbers depend on, and the command that made them."""
    from inpaintlab.basics.provenance import commit, versions

    return {
        "versions": versions(),
        "commit": commit(),
        "command": shlex.join(["inpaintlab", "cost", *overrides]),
    }


def as_text(record: CostRecord) -> str:
    """Lay the record out for reading."""
    parts = ", ".join(f"{name} {count:,}" for name, count in record.parameters_by_part.items())
    trainable = f"{record.parameters_trainable:,} trainable"
    lines = [f"\n{record.name}: {record.parameters:,} parameters ({trainable}{'; ' if parts else ''}{parts})"]
    rows = []
    for setting, milliseconds in record.times.items():
        count = record.adds[setting.size]
        rows.append(
            {
                **setting._asdict(),
                "multiply-adds per picture": None if count is None else f"{count / 1e9:.3f} G",
                "ms per picture": f"{milliseconds:.4g}",
                "peak memory, MiB": record.memories[setting],
            }
        )
    return "\n".join([*lines, *(f"note: {note}" for note in record.notes), "", markdown(rows)])
