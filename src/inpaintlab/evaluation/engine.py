"""One evaluation from beginning to end, in as many processes as there are."""

import json
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from inpaintlab.basics.files import write_json, write_text
from inpaintlab.evaluation.job import Job, make_job
from inpaintlab.evaluation.journal import Journal
from inpaintlab.evaluation.markdown_table import as_markdown
from inpaintlab.evaluation.predictions import judge_batches
from inpaintlab.evaluation.processes import Group
from inpaintlab.evaluation.record import record_of, settings_of
from inpaintlab.evaluation.saved import list_saved
from inpaintlab.evaluation.set_scores import list_distributions, warn
from inpaintlab.evaluation.summary import summarise


def judge(cfg: dict[str, Any], group: Group) -> None:
    """Write the evaluation that ``cfg`` (all resolved) describes; go on where an earlier call was cut off."""
    job = make_job(OmegaConf.create(cfg), group)
    journal = Journal(job.output)
    if group.first(lambda: journal.begin(settings_of(job))):
        group.first(lambda: print(f"{job.output}: complete already, nothing is computed again", flush=True))
        return
    judge_batches(job, journal)
    group.wait()
    group.first(lambda: finish(job, journal))


def finish(job: Job, journal: Journal) -> None:
    """Write the files; ``evaluation.json`` is the last one, and with it the evaluation is complete."""
    rows, cost = summarise(job, journal)
    distributions = list_distributions(job, journal)
    warn(distributions)
    record = record_of(job, rows, distributions, list_saved(job), cost)
    write_text(job.output / "table.md", as_markdown(record))
    write_json(job.output / "evaluation.json", record)
    journal.remove()


def read(output: Path) -> dict[str, Any]:
    """Return what ``evaluation.json`` of a complete evaluation holds."""
    record: dict[str, Any] = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    return record
