"""``inpaintlab evaluate``: judge one model over a list of hole-ratio buckets, every model on the same masks.

Writes three files into ``output``: ``table.md``, ``pictures.csv`` (a row per picture, bucket and border: these, name
and the six measures; empty where one does not exist), and ``evaluation.json``:

    schema      1
    name        of the model in the tables
    model       class of the model
    ckpt        checkpoint, or null
    iteration   of training
    choices     {data, mask}: the chosen configuration files
    overrides   the words given on the command line
    split, seed, size, channels
    versions, commit
    rows        [{bucket: [low, high] or null, border, pictures, psnr, ..., identical, lpips, fid}]; of several the
                last one, with bucket and border "all", is over all pictures of the others (without lpips and fid)
"""

import copy
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.utils import instantiate
from omegaconf import DictConfig

from inpaintlab.configs import FOLDER
from inpaintlab.data.location import check_location
from inpaintlab.errors import UserError
from inpaintlab.files import write_json, write_text
from inpaintlab.loading import check_given, choose_device, load_given
from inpaintlab.reporting import report_errors
from inpaintlab.tables import MEASURES, bucket_name, markdown

if TYPE_CHECKING:
    from inpaintlab.data.datamodule import InpaintingData
    from inpaintlab.masks.base import MaskMaker
    from inpaintlab.metrics.pictures import Judged
    from inpaintlab.models.base import InpaintingModule

Row = dict[str, Any]


def evaluate(cfg: DictConfig) -> dict[str, Any]:
    """Judge, write the files, print the table, and return what ``evaluation.json`` holds."""
    check_given(cfg.ckpt, cfg.model)
    check_location(cfg.data)
    rules = list_rules(cfg)
    model, trained_on = load_given(cfg.ckpt, cfg.model, choose_device(cfg.device))
    data = make_data(cfg, trained_on)
    rows, pictures = judge(cfg, model, data, rules)
    record = {**header(cfg, model, data), "rows": rows}

    output = Path(cfg.output or f"evaluation/{record['name']}/{cfg.choices.data}-{cfg.choices.mask}-{cfg.split}")
    table = markdown([{**row, "bucket": bucket_name(row["bucket"])} for row in rows])
    write_json(output / "evaluation.json", record)
    write_text(output / "pictures.csv", as_csv(pictures))
    write_text(output / "table.md", table)
    print(f"\n{record['name']} on {cfg.choices.data} ({cfg.split}), masks: {cfg.choices.mask}\n\n{table}")
    print(f"written: {', '.join(str(output / name) for name in ('table.md', 'evaluation.json', 'pictures.csv'))}")
    return record


def list_rules(cfg: DictConfig) -> list[dict[str, Any]]:
    """Return what each mask maker is told, {ratio, border}; {} leaves the masks as they are."""
    if cfg.split not in ("train", "val", "test"):
        raise UserError(f"split={cfg.split}: expected test, val or train")
    if cfg.limit is not None and cfg.limit < 1:
        raise UserError(f"limit={cfg.limit}: expected at least 1 picture, or null for all")
    if cfg.buckets is None:
        return [{}]
    if not cfg.buckets or not cfg.borders:
        raise UserError("buckets and borders: expected at least one each; buckets=null takes the masks as they are")
    return [{"ratio": list(bucket), "border": border} for bucket in cfg.buckets for border in cfg.borders]


def make_data(cfg: DictConfig, trained_on: dict[str, Any]) -> "InpaintingData":
    """Build the data module; size and channels that nobody gave are those of the model's training."""
    for key in ("size", "channels"):
        if cfg.paper[key] is None:
            cfg.paper[key] = trained_on.get(key)
        if cfg.data[key] is None:
            raise UserError(f"ckpt={cfg.ckpt}: does not tell the {key} of its training; give data.{key}=...")
    data: InpaintingData = instantiate(cfg.data, _convert_="all")
    return data


def judge(
    cfg: DictConfig, model: "InpaintingModule", data: "InpaintingData", rules: list[dict[str, Any]]
) -> tuple[list[Row], list[Row]]:
    """Judge the split under every rule: the rows of means, and one row per picture and rule."""
    rows, pictures = [], []
    for rule in rules:
        where = {"bucket": rule.get("ratio"), "border": rule.get("border")}
        row, judged = judge_bucket(cfg, model, data, instantiate(cfg.mask, _convert_="all", **rule))
        rows.append({**where, **row})
        pictures += [{**where, **line} for line in judged]
        print(f"hole ratio {bucket_name(where['bucket'])}: {row['pictures']} pictures", flush=True)
    data.teardown("test")
    if len(rules) > 1:
        rows.append({"bucket": "all", "border": "all", **pool(pictures)})
    return rows, pictures


def header(cfg: DictConfig, model: "InpaintingModule", data: "InpaintingData") -> dict[str, Any]:
    """Return what ``evaluation.json`` tells besides the numbers."""
    from inpaintlab.callbacks.results import commit, versions

    return {
        "schema": 1,
        "name": cfg.name or name_of(cfg),
        "model": f"{type(model).__module__}.{type(model).__qualname__}",
        "ckpt": cfg.ckpt,
        "iteration": int(model.iteration),
        "choices": {"data": cfg.choices.data, "mask": cfg.choices.mask},
        "overrides": list(cfg.overrides),
        "split": cfg.split,
        "seed": cfg.seed,
        "size": data.size,
        "channels": data.channels,
        "versions": versions(),
        "commit": commit(),
    }


def judge_bucket(
    cfg: DictConfig, model: "InpaintingModule", data: "InpaintingData", mask: "MaskMaker"
) -> tuple[Row, list[Row]]:
    """Judge the split under one mask maker: the mean row, and one row per picture."""
    import torch
    from torch.utils.data import DataLoader, Subset

    from inpaintlab.batch import Batch, composite
    from inpaintlab.padding import inpaint_any_size

    dataset = copy.copy(data.dataset(cfg.split))
    dataset.mask = mask.for_split(cfg.split)
    total = len(dataset)
    count = min(cfg.limit or total, total)
    indices = [index * total // count for index in range(count)]  # spread, since neighbours are often alike
    whole = data.eval_fit == "whole"  # pictures of different sizes do not stack
    loader = DataLoader(
        Subset(dataset, indices), batch_size=1 if whole else data.batch_size, num_workers=data.workers()
    )
    metrics = instantiate(cfg.metrics, _convert_="all").to(model.device)
    pictures: list[Row] = []
    with torch.no_grad():
        for batch in loader:
            batch = Batch(*(part.to(model.device) for part in batch))
            picture = inpaint_any_size(model, batch.corrupted, batch.known)
            if model.judged == "completed":
                picture = composite(picture, batch)
            judged = metrics.update(picture, batch)
            pictures += picture_rows([dataset.name(i) for i in indices[len(pictures) :]], judged)
    return {"pictures": count, **{name: float(value) for name, value in metrics.compute().items()}}, pictures


def picture_rows(names: list[str], judged: "Judged") -> list[Row]:
    """Return {name, psnr, ...} of each picture of a batch; None where a measure does not exist."""
    from inpaintlab.metrics.pictures import NAMES

    values = judged.values.double().cpu().where(judged.counted.cpu(), float("inf")).tolist()
    return [
        {
            "name": name,
            **{key: None if value == float("inf") else value for key, value in zip(NAMES, line, strict=True)},
        }
        for name, line in zip(names, values, strict=False)
    ]


def pool(pictures: list[Row]) -> Row:
    """Return the means over pictures of all buckets."""
    row: Row = {"pictures": len(pictures)}
    for name in (name for name in MEASURES if name in pictures[0]):
        values = [picture[name] for picture in pictures if picture[name] is not None]
        row[name] = sum(values) / len(values) if values else None
    return {**row, "identical": sum(picture["psnr"] is None for picture in pictures)}


def as_csv(pictures: list[Row]) -> str:
    """Return one line per picture, with six significant digits."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(pictures[0]), lineterminator="\n")
    writer.writeheader()
    for row in pictures:
        numbers = {key: f"{value:.6g}" for key, value in row.items() if isinstance(value, float)}
        writer.writerow({**row, **numbers, "bucket": bucket_name(row["bucket"])})
    return text.getvalue()


def name_of(cfg: DictConfig) -> str:
    """Name the model: the method, or the run folder's last two parts, or the checkpoint's file name."""
    if cfg.ckpt is None:
        return str(cfg.choices.model)
    path = Path(cfg.ckpt).absolute()
    return "/".join(path.parts[-4:-2]) if path.parent.name == "checkpoints" else path.stem


@hydra.main(config_path=FOLDER, config_name="evaluate", version_base="1.3")
@report_errors
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    evaluate(cfg)


if __name__ == "__main__":
    main()
