"""A finished evaluation as a W&B run of job type ``evaluate``; ``schema`` names what is in it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inpaintlab.records.markdown import MEASURES, bucket_name
from inpaintlab.tracking import runs, schema

Record = Mapping[str, Any]


def log(record: Record, folder: str | Path, cfg: Mapping[str, Any]) -> str:
    """Tell W&B of the evaluation in ``folder``, whose ``evaluation.json`` is ``record``; return the run's id.

    ``cfg``: project, entity (null: yours), group (null: the sweep that trained the checkpoint, if any), offline.
    An evaluation that is logged again from its folder goes to the same run. ``UserError`` without the package, or
    without credentials unless offline.
    """
    folder = Path(folder)
    with runs.start(
        folder, runs.find_id(folder), schema.EVALUATE, config(record), project=cfg["project"], entity=cfg["entity"],
        name=record["name"], group=cfg["group"] or group(record), offline=cfg["offline"],
    ) as run:  # fmt: skip
        for point in curves(record):
            run.log(point)
        run.log(tables(record, folder))
        run.summary.update(summary(record))
    return run.id


def group(record: Record) -> str | None:
    """Return the group of the run that trained the checkpoint, ``<run>/checkpoints/<name>.ckpt``."""
    return runs.sweep_of(Path(record["ckpt"]).absolute().parents[1]) if record["ckpt"] else None


def config(record: Record) -> dict[str, Any]:
    """Return what the run is compared by: training's words where they are the same, then the evaluation's own."""
    masks, choices = record["masks"], record["choices"]
    frozen = masks["source"] == "frozen"
    return {
        "model": choices.get("model") or record["model"].split(".models.")[-1].split(".")[0],
        "data": choices["data"],
        "mask": Path(masks["folder"]).name if frozen else choices["mask"],
        **{key: record[key] for key in ("seed", "size", "channels", "name", "split", "judged", "iteration")},
        **{key: record[key] for key in ("ckpt", "ckpt_sha256", "commit", "pictures_sha256")},
        "masks_sha256": masks["sha256"],
        "protocols": ",".join(record["protocols"]),
        **schema.flatten("protocol", record["protocols"]),
        **schema.flatten("versions", record["versions"]),
    }


def summary(record: Record) -> dict[str, float]:
    """Return every number of the evaluation, and its cost, by the schema's keys."""
    numbers = {
        schema.summary_key(row["protocol"], region, _cell(row), measure): row[measure]
        for row, region in _regions(record)
        for measure in MEASURES
        if row.get(measure) is not None
    }
    for row in record["distributions"]:
        if row["value"] is not None:
            region = schema.region_key("full", row["output"], record["judged"])
            numbers[schema.summary_key(row["protocol"], region, _cell(row), row["measure"])] = row["value"]
    cost = {f"cost/{key}": value for key, value in record["cost"].items() if isinstance(value, int | float)}
    return numbers | cost


def curves(record: Record) -> list[dict[str, float]]:
    """Return the points of every measure over the hole ratio, at the middle of each bucket whose border is free."""
    points: dict[float, dict[str, float]] = {}
    ratios = _ratios(record)
    for key, value in summary(record).items():
        protocol, region, cell, measure = key.split("/") if key.count("/") == 3 else ("", "", "", "")
        if ratio := ratios.get(cell):
            points.setdefault(ratio, {schema.HOLE_RATIO: ratio})[schema.curve_key(protocol, region, measure)] = value
    return [points[ratio] for ratio in sorted(points)]


def tables(record: Record, folder: Path) -> dict[str, Any]:
    """Return W&B's tables: the rows, the distributions and the pictures that were saved."""
    found = {schema.ROWS: record["rows"], schema.DISTRIBUTION_ROWS: record["distributions"]}
    own = {"name": record["name"], **{key: value for key, value in config(record).items() if key in schema.CONFIG}}
    pictures = [
        {**line, **{kind: _picture(folder / line[kind]) for kind in ("truth", "mask", "picture")}}
        for line in record["saved"]
    ]
    return {key: _table(own, rows) for key, rows in {**found, schema.PICTURES: pictures}.items() if rows}


def _regions(record: Record) -> Iterator[tuple[dict[str, Any], str]]:
    for row in record["rows"]:
        yield row, schema.region_key(row["region"], row["output"], record["judged"])


def _ratios(record: Record) -> dict[str, float]:
    """Return the middle of each bucket of ratios, by the cell's name."""
    rows = [row for row in record["rows"] if isinstance(row["bucket"], list) and row["border"] in ("any", None)]
    return {_cell(row): round(sum(row["bucket"]) / 2, 6) for row in rows}


def _cell(row: Mapping[str, Any]) -> str:
    return schema.bucket_key(row["bucket"], row["border"])


def _picture(path: Path) -> Any:
    from wandb import Image

    return Image(str(path))


def _table(own: Mapping[str, Any], rows: list[dict[str, Any]]) -> Any:
    """Make a table whose every row tells which model, data and mask it belongs to."""
    from wandb import Table

    # "mask" is a picture in the table of pictures, so the run's own words have a prefix.
    lines = [
        {**{f"run_{key}": value for key, value in own.items()}, **row, "bucket": bucket_name(row["bucket"])}
        for row in rows
    ]
    columns = list(dict.fromkeys(key for line in lines for key in line))
    data = [[line.get(column) for column in columns] for line in lines]
    return Table(columns=columns, data=data, allow_mixed_types=True)
