"""What a model costs: ``cost.json`` where there is one, else what its evaluation took."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from inpaintlab.records.markdown import markdown
from inpaintlab.report.grouping import Group
from inpaintlab.report.records import Evaluation, Record
from inpaintlab.report.tables import Block, Column, Entry, Line, Table

NOTE = (
    "Parameters, multiply-adds, latency and peak memory are those of inpaintlab cost where a cost.json of the same "
    "name was found; the last columns are what the evaluation itself took, on the device named."
)


def cost_table(group: Group, costs: Sequence[Record]) -> Table:
    """Return parameters, multiply-adds, latency and memory of each model of the group."""
    by_name = {cost["name"]: cost for cost in costs}
    own = [by_name.get(one.record["name"], {}) for one in group.evaluations]
    sizes = sorted({int(size) for cost in own for size in cost.get("multiply_adds") or {}})
    speeds = sorted({_setting(row) for cost in own for row in cost.get("latency") or []}, key=str)
    memories = sorted({_setting(row) for cost in own for row in cost.get("peak_memory_mb") or []}, key=str)
    columns = [
        Column("parameters", "millions"),
        *(Column("multiply-adds", f"10⁹, {size} px") for size in sizes),
        *(Column("latency, ms", f"{size} px, batch {batch}, {device}") for device, size, batch in speeds),
        *(Column("peak memory, MiB", f"{size} px, batch {batch}, {device}") for device, size, batch in memories),
        Column("evaluation", "ms per picture"),
        Column("evaluation", "device"),
    ]
    lines = []
    for one, cost in zip(group.evaluations, own, strict=True):
        latency = {_setting(row): row["median_ms"] for row in cost.get("latency") or []}
        memory = {_setting(row): row["mb"] for row in cost.get("peak_memory_mb") or []}
        adds = {int(size): count for size, count in (cost.get("multiply_adds") or {}).items()}
        lines.append(
            Line(
                one.label,
                [
                    _plain(_scaled(parameters(one, cost), 1e-6), 2),
                    *(_plain(_scaled(adds.get(size), 1e-9), 2) for size in sizes),
                    *(_plain(latency.get(speed), 1) for speed in speeds),
                    *(_plain(memory.get(where), 0) for where in memories),
                    _plain(evaluation_ms(one), 1),
                    Entry(f"{one.record['cost'].get('device')}, batch {one.record['cost'].get('batch_size')}"),
                ],
            )
        )
    told = [f"{cost['name']}: {note}" for cost in own if cost for note in cost.get("notes") or []]
    return Table("Cost", columns, [Block("", lines, title="cost")], notes=(NOTE, *dict.fromkeys(told)))


def other_costs(groups: Sequence[Group], costs: Sequence[Record]) -> list[tuple[str, str]]:
    """Return (title, Markdown table) of the costs whose models have no evaluation; nothing where there are none."""
    evaluated = {one.record["name"] for group in groups for one in group.evaluations}
    rows = []
    for cost in (cost for cost in costs if cost["name"] not in evaluated):
        row = {"name": cost["name"], "parameters": cost["parameters"]}
        row |= {f"multiply-adds, {size} px": count for size, count in (cost["multiply_adds"] or {}).items()}
        for time in cost["latency"]:
            row[f"ms, {time['size']} px, batch {time['batch']}, {time['device']}"] = time["median_ms"]
        for memory in cost["peak_memory_mb"]:
            row[f"MiB, {memory['size']} px, batch {memory['batch']}, {memory['device']}"] = memory["mb"]
        rows.append(row)
    return [("Cost of models that were not evaluated", markdown(rows))] if rows else []


def cost_axes(group: Group, costs: Sequence[Record]) -> dict[str, dict[str, float]]:
    """Return {axis title: {label: cost}} of what at least two models are known in; a latency is of one device."""
    by_name = {cost["name"]: cost for cost in costs}
    own = {one.label: (one, by_name.get(one.record["name"], {})) for one in group.evaluations}
    size = group.key["size"]
    axes: dict[str, dict[str, float | None]] = {
        f"multiply-adds per picture at {size} px (10⁹)": {
            label: _scaled((cost.get("multiply_adds") or {}).get(size), 1e-9) for label, (_, cost) in own.items()
        },
        "parameters (millions)": {label: _scaled(parameters(one, cost), 1e-6) for label, (one, cost) in own.items()},
    }
    speeds = Counter(_setting(row) for _, cost in own.values() for row in cost.get("latency") or [])
    if speeds:
        best = max(speeds, key=lambda speed: (speeds[speed], str(speed[1]) == size, -int(speed[2])))
        axes[f"latency per picture (ms): {best[1]} px, batch {best[2]}, {best[0]}"] = {
            label: next((row["median_ms"] for row in cost.get("latency") or [] if _setting(row) == best), None)
            for label, (_, cost) in own.items()
        }
    device = Counter(_where(one) for one in group.evaluations).most_common(1)[0][0]
    if max(speeds.values(), default=0) < len(own):
        axes[f"prediction time in the evaluation (ms per picture): {device}"] = {
            label: evaluation_ms(one) if _where(one) == device else None for label, (one, _) in own.items()
        }
    known = {axis: {k: v for k, v in values.items() if v is not None and v > 0} for axis, values in axes.items()}
    return {axis: values for axis, values in known.items() if len(values) > 1}


def parameters(one: Evaluation, cost: Record) -> float | None:
    """Return the number of parameters; a method without training has 0."""
    count = cost.get("parameters")
    return one.record["cost"].get("parameters") if count is None else count


def evaluation_ms(one: Evaluation) -> float | None:
    """Return the milliseconds that the evaluation spent on predicting a picture."""
    seconds, pictures = one.record["cost"].get("predict_seconds"), one.record["cost"].get("pictures")
    return 1000 * seconds / pictures if seconds is not None and pictures else None


def _where(one: Evaluation) -> str:
    return f"{one.record['cost'].get('device')}, batch {one.record['cost'].get('batch_size')}"


def _setting(row: dict[str, Any]) -> tuple[str, Any, Any]:
    return row["device"], row["size"], row["batch"]


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _plain(value: float | None, decimals: int) -> Entry | None:
    return None if value is None else Entry(f"{value:,.{decimals}f}" if value else "0", value)
