"""Sizes and length of a training of one's own pictures, from how many there are and how long an iteration takes.

Numbers that the configuration leaves open (``null``) are chosen once, printed, and kept in ``plan.json``: from then on
they are as fixed as if they had been given, so that the result is that of any run with these words.
"""

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf

from inpaintlab.basics.errors import UserError, check_whole
from inpaintlab.records.plan import Plan
from inpaintlab.training.durations import about
from inpaintlab.training.launch import processes
from inpaintlab.training.setup import check_fit, make_model
from inpaintlab.training.trial import try_steps

if TYPE_CHECKING:
    from inpaintlab.data.datamodule import InpaintingData
    from inpaintlab.data.dataset import InpaintingDataset

LOOKED_AT = 50
"""Pictures whose sizes are looked at, spread evenly."""
EPOCH = 64
"""Squares of an epoch, at least: a handful of pictures gives several of each."""
STREAKS = (9, 49)
"""Widths of ``mask=irregular``; on smaller pictures they are made as wide as these are on 256 px."""
DAY = 86_400


def fill_in(cfg: DictConfig, folder: Path, say: Callable[[str], Any]) -> None:
    """Choose what ``cfg.plan`` leaves open, in place, and say how long it takes; nothing without such a node.

    More than a day needs ``yes=true``: ``UserError``.
    """
    if "plan" not in cfg:
        return
    if processes(cfg.trainer) > 1:
        raise UserError("train without model=: it plans for one process; give model=bundled for several")
    if (folder / Plan.FILE).is_file():
        plan = dataclasses.replace(Plan.read(folder), **given(cfg))
        say(f"plan   as begun: {describe(plan)}")
    else:
        plan, seconds = choose(cfg)
        say(f"plan   {describe(plan)}, {about(seconds)} on this machine with the judging")
        if seconds > DAY and not cfg.yes:
            raise UserError(
                f"{about(seconds)}: begin with yes=true, or take less: model.iterations=..., plan.hours=..."
            )
        plan.write(folder)
    apply(cfg, plan)


def given(cfg: DictConfig) -> dict[str, int]:
    """Return what the words say of a plan, which is then not chosen."""
    said = {
        "size": cfg.data.size,
        "batch_size": cfg.data.batch_size,
        "iterations": cfg.model.iterations,
        "crops_per_picture": cfg.data.get("crops_per_picture", 1),  # sums of sets have none of the whole
        "val_check_interval": cfg.trainer.val_check_interval,
    }
    if said["crops_per_picture"] == 1 and "data.crops_per_picture=1" not in cfg.overrides:  # every set's own value
        del said["crops_per_picture"]
    there = {name: value for name, value in said.items() if value is not None}
    for name, value in there.items():
        check_whole(name, value, 1)
    return there


def describe(plan: Plan) -> str:
    """Say a plan in words."""
    return f"{plan.iterations:,} iterations of {plan.batch_size} pictures of {plan.size} px"


def apply(cfg: DictConfig, plan: Plan) -> None:
    """Write a plan into the configuration."""
    cfg.data.size, cfg.data.batch_size = plan.size, plan.batch_size
    cfg.model.iterations = plan.iterations
    cfg.trainer.val_check_interval = plan.val_check_interval
    if "crops_per_picture" in cfg.data:
        cfg.data.crops_per_picture = plan.crops_per_picture
    if cfg.choices.mask == "irregular_wide":
        cfg.mask.dilation = [round(width * 256 / plan.size) for width in STREAKS]


def choose(cfg: DictConfig) -> tuple[Plan, float]:
    """Return the plan and its seconds: the largest size at which the wanted length fits into ``plan.hours``.

    Where it fits at none, the smallest size is taken, and as many iterations as fit, but ``plan.fewest``.
    """
    fixed = given(cfg)
    pictures, shorter = look(cfg, fixed.get("crops_per_picture", 1))
    check_wishes(cfg.plan)
    limit = 3600 * cfg.plan.hours
    for size in [fixed["size"]] if "size" in fixed else fitting(cfg.plan.sizes, shorter):
        batch_size = fixed.get("batch_size", 8 if size < 256 else 4)
        plan = planned(size, batch_size, length(pictures, batch_size, cfg.plan), pictures, fixed)
        step, judging = measure(cfg, plan)
        if plan.iterations * step + judging(plan) <= limit:
            break
    if "iterations" not in fixed and plan.iterations * step > limit:
        fewer = max(cfg.plan.fewest, round_down(limit / step))
        plan = planned(size, batch_size, fewer, pictures, fixed)
    return plan, plan.iterations * step + judging(plan)


def check_wishes(wishes: DictConfig) -> None:
    """Refuse wishes that no plan could follow."""
    check_whole("plan.tried", wishes.tried, 1)
    for name in ("hours", "views", "fewest", "most"):
        if type(wishes[name]) not in (int, float) or not wishes[name] > 0:
            raise UserError(f"plan.{name}={wishes[name]}: expected a number above 0")
    if not isinstance(wishes.sizes, ListConfig) or not wishes.sizes:
        raise UserError(f"plan.sizes={wishes.sizes}: expected a list of sides in pixels, plan.sizes=[128,256]")
    for size in wishes.sizes:
        check_whole("plan.sizes", size, 1)


def planned(size: int, batch_size: int, iterations: int, pictures: int, fixed: dict[str, int]) -> Plan:
    """Return a plan with five validations, and epochs of some length, but for what is fixed."""
    iterations = fixed.get("iterations", iterations)
    rest = {"crops_per_picture": math.ceil(EPOCH / pictures), "val_check_interval": max(1, iterations // 5)}
    return Plan(**{"size": size, "batch_size": batch_size, "iterations": iterations} | rest | fixed)


def look(cfg: DictConfig, crops: int) -> tuple[int, float]:
    """Return how many training pictures there are, and the median of their shorter sides in pixels."""
    data = instantiate(at(cfg, size=32, batch_size=1).data, _convert_="all")
    data.prepare_data()
    dataset = data.dataset("train")
    count = len(dataset)
    places = sorted({place * count // LOOKED_AT for place in range(LOOKED_AT)})
    sides = [side for place in places if (side := shorter_side(dataset, place))]
    return max(1, count // crops), statistics.median(sides or [0])


def shorter_side(dataset: "InpaintingDataset", place: int) -> int | None:
    """Return the shorter side of a picture in pixels; one that cannot be read is told when its turn comes."""
    try:
        return min(dataset.open(place).size)
    except UserError:
        return None


def fitting(sizes: Sequence[int], shorter: float) -> list[int]:
    """Return the sizes that pictures fill, from the largest down; the smallest where they fill none."""
    return [size for size in sorted(sizes, reverse=True) if size <= shorter] or [min(sizes)]


def length(pictures: int, batch_size: int, settings: Any) -> int:
    """Return the wanted iterations: ``views`` of every picture, within ``fewest`` and ``most``."""
    wanted = settings.views * pictures / batch_size
    return max(settings.fewest, min(settings.most, round_down(wanted)))


def round_down(iterations: float) -> int:
    """Return two leading digits of a number, and never less than 10: what is measured varies."""
    unit = 10 ** max(1, int(math.log10(max(1.0, iterations))) - 1)
    return max(10, int(iterations // unit) * unit)


def measure(cfg: DictConfig, plan: Plan) -> tuple[float, Callable[[Plan], float]]:
    """Return the seconds of one iteration, and a function that gives those of all judging of a plan."""
    import torch

    here = at(cfg, size=plan.size, batch_size=plan.batch_size)
    apply(here, plan)
    data: InpaintingData = instantiate(here.data, _convert_="all")
    data.setup("fit")
    data.setup("test")
    model = make_model(here)
    check_fit(model, data, here.trainer)
    trial = try_steps(here, model, data, steps=cfg.plan.tried + 1)
    batch = next(iter(data.test_dataloader()))
    model.eval().to(trial.device)
    batch = type(batch)(*(part.to(trial.device) for part in batch))
    begun = time.perf_counter()
    with torch.no_grad():
        model.judged_picture(batch)
    once = (time.perf_counter() - begun) / len(batch.image)

    def judging(plan: Plan) -> float:
        val = min(len(data.dataset("val")), cfg.trainer.limit_val_batches * plan.batch_size) if data.has("val") else 0
        return once * (val * (plan.iterations // plan.val_check_interval) + len(data.dataset("test")))

    return trial.seconds, judging


def at(cfg: DictConfig, **data: int) -> DictConfig:
    """Return a copy of the configuration with these values of ``data``, to be tried."""
    copied = OmegaConf.create(OmegaConf.to_container(cfg, resolve=False))
    copied.data.update(data)
    assert isinstance(copied, DictConfig)
    return copied
