"""Everything the report says, laid out once; four writers turn it into files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpaintlab.report import gallery, literature, plots
from inpaintlab.report.costs import cost_table, other_costs
from inpaintlab.report.grouping import Group, make_groups
from inpaintlab.report.records import Evaluation, Record, read_folders
from inpaintlab.report.run_table import runs_markdown
from inpaintlab.report.scores import Intervals, mean_intervals, score_tables
from inpaintlab.report.set_tables import distribution_tables
from inpaintlab.report.significance import significance_tables
from inpaintlab.report.tables import Table

if TYPE_CHECKING:
    from inpaintlab.records.published import PublishedTable


@dataclass(frozen=True)
class Section:
    """One group of comparable evaluations."""

    group: Group
    scores: list[Table]
    distributions: list[Table]
    significance: list[Table]
    cost: Table
    intervals: dict[str, Intervals]


@dataclass(frozen=True)
class Figures:
    """The pictures and plots of one group, for the page alone."""

    ratio_plots: list[str]
    cost_plots: list[str]
    cases: list[gallery.Case]
    extremes: list[gallery.Extremes]


@dataclass(frozen=True)
class Document:
    """The report."""

    sections: list[Section]
    published: list[Table]
    runs: list[tuple[str, str]]
    """(title, Markdown table) of the training runs, and of costs without an evaluation."""
    repeated: list[str]
    broken: list[str]
    series: dict[str, int]
    """Number of each model's colour."""
    costs: list[Record]
    resamples: int
    seed: int


def compose(folders: Sequence[Path], published: Any, resamples: int, seed: int) -> Document:
    """Read the folders and lay out the report."""
    found = read_folders(folders)
    groups, repeated = make_groups(found.evaluations)
    printed = literature.choose_tables(published, found.evaluations)
    return Document(
        sections=[_section(group, printed, found.costs, resamples, seed) for group in groups],
        published=[literature.published_table(table, groups) for table in printed],
        runs=[*runs_markdown(found.runs), *other_costs(groups, found.costs)],
        repeated=repeated,
        broken=found.broken,
        series=plots.series_of(sorted(one.label for group in groups for one in group.evaluations)),
        costs=found.costs,
        resamples=resamples,
        seed=seed,
    )


def _section(
    group: Group, printed: Sequence["PublishedTable"], costs: Sequence[Record], resamples: int, seed: int
) -> Section:
    intervals = {one.label: mean_intervals(one, resamples, seed) for one in group.evaluations}
    scores, distributions = score_tables(group, intervals), distribution_tables(group)
    # Papers score the whole picture or do not say; beside hole or band their numbers would mislead.
    whole = [
        literature.beside(table, group, printed) if table.main and table.context["region"] == "full" else table
        for table in scores
    ]
    return Section(
        group=group,
        scores=whole,
        distributions=[literature.beside(table, group, printed) if table.main else table for table in distributions],
        significance=significance_tables(group) if len(group.evaluations) > 1 else [],
        cost=cost_table(group, costs),
        intervals=intervals,
    )


def draw(document: Document, section: Section, pictures: int) -> Figures:
    """Draw the plots and read the saved pictures of one section, at most ``pictures`` cases side by side."""
    group = section.group
    found = [gallery.extremes(one, pictures) for one in group.evaluations]
    return Figures(
        ratio_plots=plots.ratio_plots(group, section.intervals, document.series),
        cost_plots=plots.cost_plots(group, document.costs, document.series),
        cases=gallery.common_cases(group, pictures),
        extremes=[one for one in found if one is not None],
    )


def facts(one: Evaluation) -> list[tuple[str, str]]:
    """Return what made an evaluation: command, weights, masks, versions."""
    record, masks = one.record, one.record["masks"]
    weights = str(record.get("ckpt") or "none")
    if record.get("ckpt_sha256"):
        weights += f", sha256 {record['ckpt_sha256'][:16]}, iteration {record.get('iteration')}"
    frozen = f"frozen set {masks.get('folder')}, manifest sha256 {masks.get('sha256')}"
    drawn = f"drawn with seed {record['seed']} by {masks.get('maker')}"
    return [
        ("command", str(record["command"])),
        ("folder", one.place),
        ("checkpoint", weights),
        ("model", f"{record['model']}, judged {record['judged']}"),
        ("masks", frozen if masks["source"] == "frozen" else drawn),
        ("pictures", f"{record['choices']['data']}, {record['split']}, names sha256 {record['pictures_sha256']}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in record["versions"].items())),
        ("commit", str(record["commit"] or "unknown")),
    ]


def warnings(section: Section) -> list[str]:
    """Return what a reader must know before the numbers."""
    group, told = section.group, []
    if group.apart:
        told.append(f"Not comparable with set 1: {group.apart}.")
    found = {str(one.record["versions"].get("inpaintlab")) for one in group.evaluations}
    if len(found) > 1:
        told.append(f"Made by several versions of inpaintlab: {', '.join(sorted(found))}.")
    if len(group.evaluations) == 1:
        told.append("Only one evaluation of these pictures and masks: nothing to compare it with, and no bold.")
    return told
