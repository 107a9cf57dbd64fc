"""A finished evaluation as a W&B run of job type ``evaluate``; ``schema`` names what is in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inpaintlab.basics.files import inside
from inpaintlab.basics.pictures import open_image
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.records.rows import FILES, SavedPicture
from inpaintlab.tracking import runs, schema


def log(record: EvaluationRecord, folder: str | Path, cfg: Mapping[str, Any]) -> str:
    """Tell W&B of the evaluation in ``folder``, which holds ``record``; return the run's id.

    ``cfg``: project, entity (null: yours), group (null: the sweep that trained the checkpoint, if any), offline.
    An evaluation that is logged again from its folder goes to the same run. ``UserError`` without the package, or
    without credentials unless offline.
    """
    folder = Path(folder)
    with runs.start(
        folder, runs.find_id(folder), schema.EVALUATE, config(record), project=cfg["project"], entity=cfg["entity"],
        name=record.name, group=cfg["group"] or group(record), offline=cfg["offline"],
    ) as run:  # fmt: skip
        for point in curves(record):
            run.log(point)
        run.log(tables(record, folder))
        run.summary.update(summary(record))
    return run.id


def group(record: EvaluationRecord) -> str | None:
    """Return the group of the run that trained the checkpoint."""
    return runs.sweep_of(record.trained_in) if record.trained_in else None


def config(record: EvaluationRecord) -> dict[str, Any]:
    """Return what the run is compared by: training's words where they are the same, then the evaluation's own."""
    masks, choices = record.masks, record.choices
    own = ("seed", "size", "channels", "name", "split", "blind", "iteration", "ckpt", "ckpt_sha256", "commit")
    return {
        "model": choices.get("model") or record.model.split(".models.")[-1].split(".")[0],
        "data": choices["data"],
        "mask": Path(str(masks.folder)).name if masks.is_frozen else choices["mask"],
        **{key: getattr(record, key) for key in (*own, "pictures_sha256")},
        "masks_sha256": masks.sha256,
        "protocols": ",".join(record.protocols),
        **schema.flatten("protocol", record.protocols),
        **schema.flatten("versions", record.versions),
    }


def numbers(record: EvaluationRecord) -> dict[schema.NumberKey, float]:
    """Return every number of the evaluation by what it is: protocol, region, cell, measure."""
    values = {
        schema.NumberKey(row.view.protocol, schema.region_key(row.view, record.blind), row.cell, measure): value
        for row in record.rows
        for measure, value in {**row.values, "identical": row.identical}.items()
        if value is not None
    }
    for score in record.distributions:
        if score.value is not None:
            region = schema.region_key(score.view, record.blind)
            values[schema.NumberKey(score.protocol, region, score.cell, score.measure)] = score.value
    return values


def summary(record: EvaluationRecord) -> dict[str, float]:
    """Return every number of the evaluation, and its cost, by the schema's keys."""
    cost = {f"cost/{key}": value for key, value in vars(record.cost).items() if isinstance(value, int | float)}
    return {place.summary_key: value for place, value in numbers(record).items()} | cost


def curves(record: EvaluationRecord) -> list[dict[str, float]]:
    """Return the points of every measure over the hole ratio, at the middle of each bucket whose border is free."""
    points: dict[float, dict[str, float]] = {}
    for place, value in numbers(record).items():
        if place.cell.bucket.is_ratio and place.cell.has_no_rule:
            ratio = place.cell.bucket.middle
            points.setdefault(ratio, {schema.HOLE_RATIO: ratio})[place.curve_key] = value
    return [points[ratio] for ratio in sorted(points)]


def tables(record: EvaluationRecord, folder: Path) -> dict[str, Any]:
    """Return W&B's tables: the rows, the distributions and the pictures that were saved."""
    own = {"name": record.name, **{key: value for key, value in config(record).items() if key in schema.CONFIG}}
    pictures = [(saved.cell, {**saved.to_plain(), **_pictures(folder, saved)}) for saved in record.saved]
    lines = {
        schema.ROWS: [(row.cell, row.to_plain()) for row in record.rows],
        schema.DISTRIBUTION_ROWS: [(score.cell, score.to_plain()) for score in record.distributions],
        schema.PICTURES: pictures,
    }
    return {
        key: _table(own, [{**line, "bucket": str(cell.bucket)} for cell, line in rows])
        for key, rows in lines.items()
        if rows
    }


def _pictures(folder: Path, saved: SavedPicture) -> dict[str, Any]:
    """Return {kind: picture}; truth and fill have the hole over them, which W&B shows or hides."""
    import numpy as np
    from wandb import Image

    paths = {kind: inside(folder, getattr(saved, kind)) for kind in FILES}
    with open_image(paths["mask"]) as mask:
        hole = (np.asarray(mask.convert("L")) > 127).astype(np.uint8)
    overlay = {"hole": {"mask_data": hole, "class_labels": {0: "known", 1: "hole"}}}
    return {kind: Image(str(path), masks=None if kind == "mask" else overlay) for kind, path in paths.items()}


def _table(own: Mapping[str, Any], rows: list[dict[str, Any]]) -> Any:
    """Make a table whose every row tells which model, data and mask it belongs to."""
    from wandb import Table

    # "mask" is a picture in the table of pictures, so the run's own words have a prefix.
    lines = [{**{f"run_{key}": value for key, value in own.items()}, **row} for row in rows]
    columns = list(dict.fromkeys(key for line in lines for key in line))
    data = [[line.get(column) for column in columns] for line in lines]
    return Table(columns=columns, data=data, allow_mixed_types=True)
