"""``inpaintlab doctor``: what ``train`` with the same words would do, tried in a minute, before it takes days.

Counts and samples the data, draws a batch with its holes in red, trains three iterations in the chosen precision,
holds bfloat16 against float32 on this very machine, and forecasts time, memory and disk. Nothing is logged and nothing
is written but the picture.
"""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from inpaintlab.basics.files import write_png
from inpaintlab.data.location import check_location
from inpaintlab.training.launch import processes
from inpaintlab.training.train import check_fit, prepare_networks, quiet

if TYPE_CHECKING:
    from inpaintlab.batch import Batch
    from inpaintlab.data.datamodule import InpaintingData
    from inpaintlab.models.base import InpaintingModule

STEPS = 3
"""Iterations that are tried; the first one is warm-up and not timed."""
FEW = 2
"""Pictures on which the precisions are compared; BatchNorm behind a bottleneck needs two."""
WORTH = 0.9
"""Share of float32's time below which bfloat16 is worth its rounding."""
PICTURE = "doctor.png"


def examine(cfg: DictConfig) -> None:
    """Try everything and print a line for each; what is wrong raises ``UserError``."""
    check_location(cfg.data)
    say("data", "found")
    data: InpaintingData = instantiate(cfg.data, _convert_="all")
    data.prepare_data()
    data.setup("fit")
    data.setup("test")
    counts = ", ".join(f"{len(data.dataset(split)):,} {split}" for split in ("train", "val", "test") if data.has(split))
    say("pictures", f"{counts}; {data.size} px, {data.channels} channels, batch {data.batch_size}")
    batch = next(iter(data.train_dataloader()))
    draw(batch)

    model: InpaintingModule = instantiate(cfg.model, _convert_="all")
    model.augment = instantiate(cfg.augment, _convert_="all") or None
    check_fit(model, data, cfg.trainer)
    seconds, device, world = try_steps(cfg, model, data)
    compare_precisions(model, batch, device)
    forecast(cfg, model, seconds, device, world)


def draw(batch: "Batch") -> None:
    """Write up to 16 pictures of the batch with their holes in red."""
    import torch
    from PIL import Image

    image, known = batch.image[:16].expand(-1, 3, -1, -1), batch.known[:16]
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    shown = torch.where(known > 0, image, 0.35 * image + 0.65 * red).mul(255).round().byte()
    sheet = torch.cat(list(shown.permute(0, 2, 3, 1)), 1).numpy()
    write_png(Path(PICTURE), Image.fromarray(sheet))
    low, high = batch.hole.mean((1, 2, 3)).aminmax()
    say("batch", f"{PICTURE} shows it, holes in red: {low:.1%} to {high:.1%} of a picture")


def try_steps(cfg: DictConfig, model: "InpaintingModule", data: "InpaintingData") -> tuple[float, Any, int]:
    """Train a few iterations on one device; return the seconds of one, the device and the configured processes."""
    from lightning import Trainer
    from lightning.pytorch.callbacks import Callback

    from inpaintlab.training.callbacks.finite import FiniteLoss

    class Clock(Callback):
        ends: list[float] = []  # noqa: RUF012

        def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
            wait_for(trainer.strategy.root_device)
            self.ends.append(time.perf_counter())

    quiet()
    clock = Clock()
    prepare_networks(model, cfg)
    trainer = Trainer(
        accelerator=cfg.trainer.accelerator, devices=1, precision=cfg.trainer.precision, max_steps=STEPS, max_epochs=-1,
        limit_val_batches=0, inference_mode=False, use_distributed_sampler=False, logger=False,
        callbacks=[clock, FiniteLoss(".", every=1)],
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        gradient_clip_val=cfg.trainer.gradient_clip_val,
    )  # fmt: skip
    trainer.fit(model, datamodule=data)
    losses = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("train/")}
    say("losses", ", ".join(f"{name.removeprefix('train/')} {value:.4g}" for name, value in losses.items()))
    return (clock.ends[-1] - clock.ends[0]) / (STEPS - 1), trainer.strategy.root_device, processes(cfg.trainer)


def compare_precisions(model: "InpaintingModule", batch: "Batch", device: Any) -> None:
    """Say whether autocast to bfloat16 is faster here: a CPU without instructions for it takes many times as long."""
    import torch

    model.to(device).train()
    few = type(batch)(*(part[:FEW].to(device) for part in batch))

    def seconds(bf16: bool) -> float:
        wait_for(device)
        start = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            loss = torch.stack(list(model.losses(few).values())).sum()
        loss.backward()
        wait_for(device)
        return time.perf_counter() - start

    rounds = [(seconds(False), seconds(True)) for _ in range(STEPS)][1:]  # in turns; the first one is warm-up
    full, half = map(min, zip(*rounds, strict=True))
    model.zero_grad()
    ratio = half / full
    better = "bf16-mixed" if ratio < WORTH else "32-true"
    say("precision", f"bfloat16 takes {ratio:.2f} of float32's time here; take trainer.precision={better}")


def wait_for(device: Any) -> None:
    """Wait until a GPU has done its work."""
    if device.type == "cuda":
        import torch

        torch.cuda.synchronize()


def forecast(cfg: DictConfig, model: "InpaintingModule", seconds: float, device: Any, world: int) -> None:
    """Say what the whole training will take."""
    from inpaintlab.basics.provenance import device_name, peak_memory_mb

    iterations = cfg.trainer.max_steps if cfg.trainer.max_steps > 0 else model.iterations
    whole = f"; all {iterations:,} without validation: {duration(seconds * iterations)}" if iterations else ""
    limit = f", but no longer than trainer.max_time={cfg.trainer.max_time}" if cfg.trainer.max_time else ""
    say("time", f"{seconds:.3g} s an iteration on {device_name(device, 1)}{whole}{limit}")
    pictures = world * cfg.data.batch_size * cfg.trainer.accumulate_grad_batches
    say("processes", f"{world}; a step takes {pictures} pictures, learning rates as configured")
    memory = peak_memory_mb(device)
    say("memory", f"{memory:,.0f} MiB at most so far" if memory else "cannot be told on this device")
    # Weights, and Adam's two moments of each; three checkpoints, and a fourth while one is written.
    checkpoint = 12 * sum(parameter.numel() for parameter in model.parameters()) / 2**20
    place = next(path for path in (Path(cfg.runs).absolute(), *Path(cfg.runs).absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free / 2**20
    short = "; TOO LITTLE" if free < 4 * checkpoint else ""
    say("disk", f"four checkpoints of about {checkpoint:,.0f} MiB; {free:,.0f} MiB free in {place}{short}")
    say(
        "log",
        f"{cfg.logger._target_.rsplit('.', 1)[-1]}, sample pictures and results.json in {cfg.runs}/{cfg.name}/<date>",
    )


def duration(seconds: float) -> str:
    """Write a time for people: ``3 d 4 h``, ``2 h 5 min``, ``40 s``."""
    for unit, length, part, part_length in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} {int(seconds % length // part_length)} {part}"
    return f"{seconds:.0f} s"


def say(what: str, text: str) -> None:
    """Print one line of the examination."""
    print(f"{what:10}{text}", flush=True)
