"""Plots of one group as SVG: quality by hole ratio and over cost, each model in its own colour."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inpaintlab.records.cells import BORDERS, Cell, View
from inpaintlab.records.cost import CostRecord
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.records.measures import REGION_TITLES
from inpaintlab.report.costs import cost_axes
from inpaintlab.report.drawing import (
    MARKERS,
    SERIES,
    as_svg,
    at_least_2_db,
    letters,
    new_figure,
    spread_out,
    write_name,
)
from inpaintlab.report.grouping import Group
from inpaintlab.report.scores import Intervals

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def series_of(labels: Sequence[str]) -> dict[str, int]:
    """Return the number of each model's colour and marker, the same in the whole report."""
    return {label: place for place, label in enumerate(dict.fromkeys(labels))}


def ratio_plots(group: Group, intervals: dict[str, Intervals], series: dict[str, int]) -> list[str]:
    """Return PSNR by hole ratio, an SVG per region and border; none with fewer than two buckets."""
    own = {cell for one in group.evaluations for cell in one.record.cells if cell.bucket.is_ratio}
    borders = [b for b in BORDERS if sum(cell.border == b for cell in own) > 1]
    return [_ratio_plot(group, intervals, series, border, r) for r in ("full", "hole") for border in borders]


def _ratio_plot(group: Group, intervals: dict[str, Intervals], series: dict[str, int], border: str, region: str) -> str:
    figure, axis = new_figure()
    ends = []
    for one in group.evaluations:
        view = one.record.main_view.in_region(region)
        points = _points(one.record, border, view)
        if points:
            x, y, cells = zip(*points, strict=True)
            bounds = [intervals[one.label].get((cell, view, "psnr")) for cell in cells]
            _line(axis, x, y, bounds, series[one.label])
            ends.append((one.label, x[-1], y[-1]))
    axis.set_title(f"{REGION_TITLES[region]}" + ("" if border == "any" else f", {border}"), fontsize=10, loc="left")
    axis.set_xlabel("hole ratio")
    axis.set_ylabel("PSNR (dB)")
    _label_ends(axis, ends, series)
    return as_svg(figure, f"ratio{group.number}-{region}-{border}-")


def _points(record: EvaluationRecord, border: str, view: View) -> list[tuple[float, float, Cell]]:
    return sorted(
        (row.cell.bucket.middle, psnr, row.cell)
        for row in record.rows
        if row.view == view
        and row.cell.border == border
        and row.cell.bucket.is_ratio
        and (psnr := row.values.get("psnr")) is not None
    )


def _line(axis: "Axes", x: Any, y: Any, bounds: Sequence[tuple[float, float] | None], number: int) -> None:
    color = SERIES[number % len(SERIES)]
    axis.plot(x, y, color=color, marker=MARKERS[number % len(MARKERS)], markersize=5, linewidth=1.8,
              linestyle="-" if number < len(SERIES) else "--")  # fmt: skip
    if all(bounds):
        low, high = zip(*(pair for pair in bounds if pair), strict=True)
        axis.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)


def _label_ends(axis: "Axes", ends: Sequence[tuple[str, float, float]], series: dict[str, int]) -> None:
    """Write each model's name at the right end of its line, moved apart where lines end close together."""
    low, high = at_least_2_db(axis.get_ylim())
    places = spread_out([y for _, _, y in ends], 0.065 * (high - low))
    for (label, x, _), place in zip(ends, places, strict=True):
        write_name(axis, label, x, place, series[label])
    left, right = axis.get_xlim()
    axis.set_xlim(left, right + 0.36 * (right - left))
    axis.set_xticks([0.1, 0.2, 0.3, 0.4, 0.5])
    axis.set_ylim(min([low, *places]), max([high, *places]))


def cost_plots(group: Group, costs: Sequence[CostRecord], series: dict[str, int]) -> list[str]:
    """Return PSNR over each cost that is known of at least two models, an SVG per cost."""
    quality: dict[str, float] = {}
    what = None
    for one in group.evaluations:
        cell = one.record.main_cell
        row = one.record.row(cell, one.record.main_view)
        psnr = row.values.get("psnr") if row else None
        if row and psnr is not None and (what is None or what == (cell, row.pictures)):
            quality[one.label], what = psnr, (cell, row.pictures)
    plots = []
    for title, known in cost_axes(group, costs).items():
        points = {label: (cost, quality[label]) for label, cost in known.items() if label in quality}
        if len(points) > 1 and what is not None:
            figure = _cost_plot(title, points, str(what[0]), series)
            plots.append(as_svg(figure, f"cost{group.number}-{len(plots)}-"))
    return plots


def _cost_plot(title: str, points: dict[str, tuple[float, float]], where: str, series: dict[str, int]) -> "Figure":
    from matplotlib.ticker import FuncFormatter, LogLocator

    figure, axis = new_figure()
    for label, (x, y) in points.items():
        number = series[label]
        axis.plot(x, y, MARKERS[number % len(MARKERS)], color=SERIES[number % len(SERIES)], markersize=9)
    axis.set_xscale("log")
    name, _, detail = title.partition(": ")
    axis.set_xlabel(letters(f"{name}\n{detail}" if detail else name))
    axis.set_ylabel(letters(f"PSNR (dB), {where}"))
    low, high = at_least_2_db(axis.get_ylim())
    margin = 0.1 * (high - low)
    axis.set_ylim(low - margin, high + margin)
    least, most = min(x for x, _ in points.values()), max(x for x, _ in points.values())
    span = max(most / least, 2.0)
    axis.set_xlim(least / span**0.12, most * span**0.5)
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span < 50 else (1,)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.xaxis.set_minor_formatter(FuncFormatter(lambda _x, _: ""))
    _label_points(axis, points, series)
    return figure


def _label_points(axis: "Axes", points: dict[str, tuple[float, float]], series: dict[str, int]) -> None:
    """Name each point; a name that would cover a neighbour's moves up."""
    low, high = axis.get_ylim()
    left, right = np.log(axis.get_xlim())
    gap = 0.07 * (high - low)
    placed: list[tuple[float, float]] = []
    for label, (x, y) in sorted(points.items(), key=lambda item: item[1][1]):
        near = [other for at, other in placed if abs(np.log(x) - at) < 0.35 * (right - left)]
        place = max([y, *(other + gap for other in near if abs(other - y) < gap)])
        placed.append((float(np.log(x)), place))
        write_name(axis, label, x, place, series[label])
