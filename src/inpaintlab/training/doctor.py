"""``inpaintlab doctor``: what ``train`` with the same words would do, tried in a minute, before it takes days.

Counts and samples the data, draws a batch with its holes in red, trains three iterations in the chosen precision,
holds bfloat16 against float32 on this very machine, and forecasts time, memory and disk. Nothing is logged and nothing
is written but the picture.
"""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from inpaintlab.basics.files import write_png
from inpaintlab.training.durations import about, duration
from inpaintlab.training.launch import processes
from inpaintlab.training.opening import last_iteration
from inpaintlab.training.plan import apply, choose, describe
from inpaintlab.training.setup import check_fit, check_places, make_data, make_model
from inpaintlab.training.train import quiet
from inpaintlab.training.trial import try_steps, wait_for

if TYPE_CHECKING:
    from inpaintlab.batch import Batch
    from inpaintlab.models.base import InpaintingModule

ROUNDS = 3
"""In which the precisions take turns; the first one is warm-up and not timed."""
FEW = 2
"""Pictures on which the precisions are compared; BatchNorm behind a bottleneck needs two."""
WORTH = 0.9
"""Share of float32's time below which bfloat16 is worth its rounding."""
PICTURE = "doctor.png"


def examine(cfg: DictConfig) -> None:
    """Try everything and print a line for each; what is wrong raises ``UserError``."""
    check_places(cfg)
    if "plan" in cfg:
        plan, seconds = choose(cfg)
        apply(cfg, plan)
        say("plan", f"{describe(plan)}, {about(seconds)} on this machine")
    say("data", "found")
    data = make_data(cfg)
    counts = ", ".join(f"{len(data.dataset(split)):,} {split}" for split in ("train", "val", "test") if data.has(split))
    say("pictures", f"{counts}; {data.size} px, {data.channels} channels, batch {data.batch_size}")
    batch = next(iter(data.train_dataloader()))
    draw(batch)

    model = make_model(cfg)
    check_fit(model, data, cfg.trainer)
    quiet()
    trial = try_steps(cfg, model, data)
    say("losses", ", ".join(f"{name.removeprefix('train/')} {value:.4g}" for name, value in trial.losses.items()))
    compare_precisions(model, batch, trial.device)
    forecast(cfg, model, trial.seconds, trial.device, processes(cfg.trainer))


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

    rounds = [(seconds(False), seconds(True)) for _ in range(ROUNDS)][1:]  # in turns; the first one is warm-up
    full, half = map(min, zip(*rounds, strict=True))
    model.zero_grad()
    ratio = half / full
    better = "bf16-mixed" if ratio < WORTH else "32-true"
    say("precision", f"bfloat16 takes {ratio:.2f} of float32's time here; take trainer.precision={better}")


def forecast(cfg: DictConfig, model: "InpaintingModule", seconds: float, device: Any, world: int) -> None:
    """Say what the whole training will take."""
    from inpaintlab.basics.provenance import device_name, peak_memory_mb

    iterations = last_iteration(model, cfg.trainer.max_steps)
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


def say(what: str, text: str) -> None:
    """Print one line of the examination."""
    print(f"{what:10}{text}", flush=True)
