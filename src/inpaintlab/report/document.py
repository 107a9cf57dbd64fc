"""Everything the report says, laid out once; four writers turn it into files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpaintlab.records.cost import CostRecord
from inpaintlab.report import gallery, literature, plots
from inpaintlab.report.costs import cost_table, other_costs
from inpaintlab.report.findings import Evaluation, read_folders
from inpaintlab.report.grouping import Group, make_groups
from inpaintlab.report.home_paths import without_home
from inpaintlab.report.run_table import run_tables, unfinished_tables
from inpaintlab.report.scores import Intervals, mean_intervals, score_tables
from inpaintlab.report.set_tables import distribution_tables
from inpaintlab.report.significance import significance_tables
from inpaintlab.report.tables import Table
from inpaintlab.report.verdict import verdict

if TYPE_CHECKING:
    from inpaintlab.records.published import PublishedTable


@dataclass(frozen=True)
class Section:
    """One group of comparable evaluations."""

    group: Group
    verdict: list[str]
    """Sentences that stand on top."""
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
    runs: list[Table]
    """Of the training runs that are done."""
    unfinished: list[Table]
    """Of the others."""
    other_costs: list[Table]
    """Of models without an evaluation."""
    repeated: list[str]
    broken: list[str]
    series: dict[str, int]
    """Number of each model's colour."""
    costs: list[CostRecord]
    resamples: int
    seed: int


def compose(folders: Sequence[Path], published: Any, resamples: int, seed: int) -> Document:
    """Read the folders and lay out the report."""
    findings = read_folders(folders)
    groups, repeated = make_groups(findings.evaluations)
    printed = literature.choose_tables(published, findings.evaluations)
    return Document(
        sections=[_section(group, printed, findings.costs, resamples, seed) for group in groups],
        published=[literature.published_table(table, groups) for table in printed],
        runs=run_tables(findings.runs),
        unfinished=unfinished_tables(findings.runs),
        other_costs=other_costs(groups, findings.costs),
        repeated=repeated,
        broken=[without_home(line) for line in findings.broken],
        series=plots.series_of(sorted(one.label for group in groups for one in group.evaluations)),
        costs=findings.costs,
        resamples=resamples,
        seed=seed,
    )


def _section(
    group: Group, printed: Sequence["PublishedTable"], costs: Sequence[CostRecord], resamples: int, seed: int
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
        verdict=verdict(group),
        scores=whole,
        distributions=[literature.beside(table, group, printed) if table.main else table for table in distributions],
        significance=significance_tables(group) if len(group.evaluations) > 1 else [],
        cost=cost_table(group, costs),
        intervals=intervals,
    )


def draw(document: Document, section: Section, pictures: int) -> Figures:
    """Draw the plots and read the saved pictures of one section, at most ``pictures`` cases side by side."""
    group = section.group
    extremes = [gallery.extremes(one, pictures) for one in group.evaluations]
    return Figures(
        ratio_plots=plots.ratio_plots(group, section.intervals, document.series),
        cost_plots=plots.cost_plots(group, document.costs, document.series),
        cases=gallery.common_cases(group, pictures),
        extremes=[one for one in extremes if one is not None],
    )


def facts(one: Evaluation) -> list[tuple[str, str]]:
    """Return what made an evaluation: command, weights, masks, versions; nobody's home folder."""
    record, masks = one.record, one.record.masks
    weights = str(record.ckpt or "none")
    if record.ckpt_sha256:
        weights += f", sha256 {record.ckpt_sha256[:16]}, iteration {record.iteration}"
    frozen = f"frozen set {masks.folder}, manifest sha256 {masks.sha256}"
    drawn = f"drawn with seed {record.seed} by {masks.maker}"
    told = [
        ("command", record.command),
        ("folder", one.place),
        ("checkpoint", weights),
        ("model", f"{record.model}, judged by its {'prediction' if record.blind else 'completed picture'}"),
        ("masks", frozen if masks.is_frozen else drawn),
        ("pictures", f"{record.choices['data']}, {record.split}, sha256 {record.pictures_sha256}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in record.versions.items())),
        ("commit", str(record.commit or "unknown")),
    ]
    return [(name, without_home(text)) for name, text in told]


def verdicts(document: Document) -> list[str]:
    """Return the sentences on all sets, which are named where there are several."""
    several = len(document.sections) > 1
    return [
        f"Set {section.group.number}: {line}" if several else line
        for section in document.sections
        for line in section.verdict
    ]


def warnings(section: Section) -> list[str]:
    """Return what a reader must know before the numbers."""
    group, lines = section.group, []
    if group.difference:
        lines.append(f"Not comparable with set 1: {group.difference}.")
    versions = {str(one.record.versions.get("inpaintlab")) for one in group.evaluations}
    if len(versions) > 1:
        lines.append(f"Made by several versions of inpaintlab: {', '.join(sorted(versions))}.")
    if len(group.evaluations) == 1:
        lines.append("Only one evaluation of these pictures and masks: nothing to compare it with, and no bold.")
    return lines
