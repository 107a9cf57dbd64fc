"""Tables of training runs: what ``results.json`` says of the test pictures."""

import json
from typing import Any

from inpaintlab.records.markdown import markdown

Row = dict[str, Any]
RIVALS = ("data", "mask", "size", "changed")
"""Columns in which rows must agree to be compared."""


def runs_markdown(runs: list[tuple[str, Row]]) -> list[tuple[str, str]]:
    """Return (title, table) of the finished and of the unfinished runs."""
    done = [row for _, record in runs if record["status"] == "done" for row in run_rows(record)]
    unfinished = [
        {"run": place, "name": record["name"], "status": record["status"]}
        | {"iterations": record["cost"].get("iterations")}
        for place, record in runs
        if record["status"] != "done"
    ]
    parts = [("Test pictures", markdown(best_first(done), RIVALS))] if done else []
    return parts + ([(f"Not finished: {len(unfinished)}", markdown(unfinished))] if unfinished else [])


def run_rows(record: Row) -> list[Row]:
    """Return the row of a run and those of its baselines."""
    choices, cost = record["choices"], record["cost"]
    setting = {
        "data": choices.get("data"),
        "mask": choices.get("mask"),
        "size": record.get("size"),
        "changed": changed_words(record, ("data.", "mask.")),
    }
    trained = {"seed": record["seed"], "iterations": cost.get("iterations"), "minutes": _minutes(cost)}
    own = {"name": record["name"], **setting, **trained, **_test(record["metrics"])}
    untrained = {**setting, **dict.fromkeys(trained)}
    others = [{"name": name, **untrained, **_test(values)} for name, values in sorted(record["baselines"].items())]
    return [own, *others]


def best_first(rows: list[Row]) -> list[Row]:
    """Sort by what makes rows comparable, then by PSNR inside the hole; equal rows appear once."""
    unique = {json.dumps(row): row for row in rows}.values()
    return sorted(unique, key=lambda row: (*(str(row[key]) for key in RIVALS), -(row.get("psnr_hole") or 0.0)))


def changed_words(record: Row, prefixes: tuple[str, ...]) -> str | None:
    """Return what else was said of the pictures and masks: numbers under other words are no rivals."""
    harmless = ("data.size=", "data.batch_size=", "data.num_workers=")  # the size has its own column
    words = [word for word in record["overrides"] if word.startswith(prefixes)]
    return " ".join(sorted(word for word in words if not word.startswith(harmless))) or None


def _test(metrics: dict[str, Any]) -> Row:
    return {name.removeprefix("test/"): value for name, value in metrics.items() if name.startswith("test/")}


def _minutes(cost: dict[str, Any]) -> float | None:
    seconds = cost.get("train_seconds")
    return None if seconds is None else round(seconds / 60, 1)
