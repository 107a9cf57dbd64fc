"""``inpaintlab report``: join the results of many runs and evaluations into one Markdown document.

Reads every ``results.json`` and ``evaluation.json`` below a folder, and nothing else.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
from omegaconf import DictConfig

from inpaintlab.configs import FOLDER
from inpaintlab.errors import UserError
from inpaintlab.files import write_text
from inpaintlab.reporting import report_errors
from inpaintlab.tables import bucket_name, markdown

SCHEMA = 1
Row = dict[str, Any]


def report(folder: Path) -> str:
    """Return the document: finished runs, evaluations, unfinished runs, files that cannot be read."""
    if not folder.is_dir():
        raise UserError(f"runs={folder}: no such folder; give the folder that holds the runs")
    broken: list[str] = []
    runs = read_all(folder, "results.json", check_run, broken)
    evaluations = read_all(folder, "evaluation.json", check_evaluation, broken)
    if not runs and not evaluations and not broken:
        raise UserError(f"runs={folder}: no results.json or evaluation.json in it or below; train or evaluate first")
    done = [row for _, record in runs if record["status"] == "done" for row in run_rows(record)]
    judged = [row for _, record in evaluations for row in evaluation_rows(record)]
    unfinished = [
        {"run": str(path.parent), "name": record["name"], "status": record["status"]}
        | {"iterations": record["cost"].get("iterations")}
        for path, record in runs
        if record["status"] != "done"
    ]
    parts = [
        ("Test pictures", markdown(best_first(done, RUN_RIVALS), RUN_RIVALS) if done else ""),
        ("By hole ratio", markdown(best_first(judged, BUCKET_RIVALS), BUCKET_RIVALS) if judged else ""),
        (f"Not finished: {len(unfinished)}", markdown(unfinished) if unfinished else ""),
        (f"Unreadable files, left out: {len(broken)}", "".join(f"- {line}\n" for line in broken)),
    ]
    return "\n".join(f"## {title}\n\n{text}" for title, text in parts if text)


RUN_RIVALS = ("data", "mask", "size", "changed")
BUCKET_RIVALS = ("data", "mask", "changed", "split", "size", "seed", "bucket", "border", "pictures")


def read_all(
    folder: Path, name: str, check: Callable[[Any], None], broken: list[str]
) -> list[tuple[Path, dict[str, Any]]]:
    """Return (path below folder, record) of all files called ``name``; those that fail go to ``broken`` with why."""
    records = []
    for path in sorted(folder.rglob(name)):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            check(record)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            broken.append(f"{path.relative_to(folder)}: {type(error).__name__}: {error}")
        else:
            records.append((path.relative_to(folder), record))
    return records


def check_run(record: Any) -> None:
    """Refuse what is not a ``results.json`` of this schema."""
    _check_schema(record)
    run_rows(record)
    if not isinstance(record["status"], str):
        raise TypeError(f"status {record['status']}, expected a word")


def check_evaluation(record: Any) -> None:
    """Refuse what is not an ``evaluation.json`` of this schema."""
    _check_schema(record)
    evaluation_rows(record)


def _check_schema(record: Any) -> None:
    if record["schema"] != SCHEMA:
        raise ValueError(f"schema {record['schema']}, expected {SCHEMA}")


def run_rows(record: dict[str, Any]) -> list[Row]:
    """Return the row of a run and those of its baselines."""
    choices, cost = record["choices"], record["cost"]
    setting = {
        "data": choices.get("data"),
        "mask": choices.get("mask"),
        "size": record.get("size"),
        "changed": _changed(record),
    }
    trained = {"seed": record["seed"], "iterations": cost.get("iterations"), "minutes": _minutes(cost)}
    own = {"name": record["name"], **setting, **trained, **_test(record["metrics"])}
    untrained = {**setting, **dict.fromkeys(trained)}
    others = [{"name": name, **untrained, **_test(values)} for name, values in sorted(record["baselines"].items())]
    return [own, *others]


def evaluation_rows(record: dict[str, Any]) -> list[Row]:
    """Return one row per bucket and border."""
    where = {
        "data": record["choices"]["data"],
        "mask": record["choices"]["mask"],
        "changed": _changed(record),
        **{key: record[key] for key in ("split", "size", "seed")},
    }
    return [
        {**where, "bucket": bucket_name(row["bucket"]), "border": row["border"], "name": record["name"]}
        | {key: value for key, value in row.items() if key not in ("bucket", "border")}
        for row in record["rows"]
    ]


def best_first(rows: list[Row], rivals: tuple[str, ...]) -> list[Row]:
    """Sort by what makes rows comparable, then by PSNR inside the hole; equal rows appear once."""
    unique = {json.dumps(row): row for row in rows}.values()
    return sorted(unique, key=lambda row: (*(str(row[key]) for key in rivals), -(row.get("psnr_hole") or 0.0)))


def _changed(record: dict[str, Any]) -> str | None:
    """Return what else was said of the pictures and masks: numbers under other words are no rivals."""
    harmless = ("data.size=", "data.batch_size=", "data.num_workers=")  # the size has its own column
    words = [word for word in record["overrides"] if word.startswith(("data.", "mask."))]
    return " ".join(sorted(word for word in words if not word.startswith(harmless))) or None


def _test(metrics: dict[str, Any]) -> Row:
    return {name.removeprefix("test/"): value for name, value in metrics.items() if name.startswith("test/")}


def _minutes(cost: dict[str, Any]) -> float | None:
    seconds = cost.get("train_seconds")
    return None if seconds is None else round(seconds / 60, 1)


@hydra.main(config_path=FOLDER, config_name="report", version_base="1.3")
@report_errors
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    text = report(Path(cfg.runs))
    if cfg.output is not None:
        write_text(Path(cfg.output), text)
    print(text if cfg.output is None else f"{text}\nwritten: {cfg.output}")


if __name__ == "__main__":
    main()
