"""What a model costs: ``cost.json`` where there is one, else what its evaluation took."""

from collections import Counter
from collections.abc import Sequence

from inpaintlab.records.cost import CostRecord
from inpaintlab.report.findings import Evaluation
from inpaintlab.report.grouping import Group
from inpaintlab.report.run_table import Tested, text_table
from inpaintlab.report.tables import Block, Column, Entry, Line, Table

NOTE = (
    "Parameters, multiply-adds, latency and peak memory are those of inpaintlab cost where a cost.json of the same "
    "name was found; the last columns are what the evaluation itself took, on the device named."
)


def cost_table(group: Group, costs: Sequence[CostRecord]) -> Table:
    """Return parameters, multiply-adds, latency and memory of each model of the group."""
    costs_of = _by_label(group, costs)
    known = [cost for cost in costs_of.values() if cost]
    sizes = sorted({size for cost in known for size in cost.adds})
    speeds = sorted({setting for cost in known for setting in cost.times}, key=str)
    memories = sorted({setting for cost in known for setting in cost.memories}, key=str)
    columns = [
        _column("parameters", "millions"),
        *(_column("multiply-adds", f"10⁹, {size} px") for size in sizes),
        *(_column("latency, ms", str(setting)) for setting in speeds),
        *(_column("peak memory, MiB", str(setting)) for setting in memories),
        _column("evaluation", "ms per picture"),
        _column("evaluation", "device"),
    ]
    lines = []
    for one in group.evaluations:
        cost = costs_of[one.label]
        adds, times, memory = (cost.adds, cost.times, cost.memories) if cost else ({}, {}, {})
        entries = [
            _plain(_scaled(parameters(one, cost), 1e-6), 2),
            *(_plain(_scaled(adds.get(size), 1e-9), 2) for size in sizes),
            *(_plain(times.get(setting), 1) for setting in speeds),
            *(_plain(memory.get(setting), 0) for setting in memories),
            _plain(evaluation_ms(one), 1),
            Entry(one.record.cost.where),
        ]
        lines.append(Line(one.label, entries))
    notes = dict.fromkeys(f"{cost.name}: {note}" for cost in known for note in cost.notes)
    return Table("Cost", columns, [Block("", lines, title="cost")], notes=(NOTE, *notes))


def other_costs(groups: Sequence[Group], costs: Sequence[CostRecord]) -> list[Table]:
    """Return the table of the costs whose models have no evaluation; nothing where there are none."""
    evaluated = {one.record.name for group in groups for one in group.evaluations}
    models = []
    for cost in (cost for cost in costs if cost.name not in evaluated):
        values = {"parameters": cost.parameters}
        values |= {f"multiply-adds, {size} px": count for size, count in cost.adds.items()}
        values |= {f"ms, {setting}": time for setting, time in cost.times.items()}
        values |= {f"MiB, {setting}": memory for setting, memory in cost.memories.items()}
        models.append(Tested(cost.name, "", values))
    return [text_table("Cost of models that were not evaluated", models, "model")] if models else []


def cost_axes(group: Group, costs: Sequence[CostRecord]) -> dict[str, dict[str, float]]:
    """Return {axis title: {label: cost}} of what at least two models are known in; a latency is of one device."""
    costs_of, size = _by_label(group, costs), group.key["size"]
    axes: dict[str, dict[str, float | None]] = {
        f"multiply-adds per picture at {size} px (10⁹)": {
            label: _scaled(cost.adds.get(int(size)), 1e-9) if cost else None for label, cost in costs_of.items()
        },
        "parameters (millions)": {
            one.label: _scaled(parameters(one, costs_of[one.label]), 1e-6) for one in group.evaluations
        },
    }
    speeds = Counter(setting for cost in costs_of.values() if cost for setting in cost.times)
    if speeds:
        best = max(speeds, key=lambda setting: (speeds[setting], str(setting.size) == size, -setting.batch))
        axes[f"latency per picture (ms): {best}"] = {
            label: cost.times.get(best) if cost else None for label, cost in costs_of.items()
        }
    device = Counter(one.record.cost.where for one in group.evaluations).most_common(1)[0][0]
    if max(speeds.values(), default=0) < len(costs_of):
        axes[f"prediction time in the evaluation (ms per picture): {device}"] = {
            one.label: evaluation_ms(one) if one.record.cost.where == device else None for one in group.evaluations
        }
    known = {axis: {k: v for k, v in values.items() if v is not None and v > 0} for axis, values in axes.items()}
    return {axis: values for axis, values in known.items() if len(values) > 1}


def parameters(one: Evaluation, cost: CostRecord | None) -> float | None:
    """Return the number of parameters; a method without training has 0."""
    return one.record.cost.parameters if cost is None else cost.parameters


def evaluation_ms(one: Evaluation) -> float | None:
    """Return the milliseconds that the evaluation spent on predicting a picture."""
    seconds, pictures = one.record.cost.predict_seconds, one.record.cost.pictures
    return 1000 * seconds / pictures if seconds is not None and pictures else None


def _by_label(group: Group, costs: Sequence[CostRecord]) -> dict[str, CostRecord | None]:
    """Return the cost of each model of the group, if there is one of its name."""
    by_name = {cost.name: cost for cost in costs}
    return {one.label: by_name.get(one.record.name) for one in group.evaluations}


def _column(title: str, quantity: str) -> Column:
    return Column(title, quantity, measure=title, quantity=quantity)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _plain(value: float | None, decimals: int) -> Entry | None:
    return None if value is None else Entry(f"{value:,.{decimals}f}" if value else "0", value)
