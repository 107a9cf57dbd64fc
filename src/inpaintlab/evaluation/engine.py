"""One evaluation from beginning to end, in as many processes as there are."""

import shlex
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.files import file_sha256, write_text
from inpaintlab.basics.locks import work_alone
from inpaintlab.basics.provenance import commit, device_name, versions
from inpaintlab.evaluation.holes import mask_source
from inpaintlab.evaluation.journal import Journal
from inpaintlab.evaluation.predictions import judge_batches
from inpaintlab.evaluation.processes import ProcessGroup
from inpaintlab.evaluation.saved import list_saved
from inpaintlab.evaluation.set_scores import list_set_scores, warn
from inpaintlab.evaluation.setup import Setup, make_setup
from inpaintlab.evaluation.summary import Effort, summarise
from inpaintlab.evaluation.table_md import as_markdown
from inpaintlab.records.evaluation import EvaluationCost, EvaluationRecord
from inpaintlab.records.picture_rows import FILE, write_csv
from inpaintlab.records.rows import Means, SetScore


def judge(cfg: dict[str, Any], group: ProcessGroup) -> None:
    """Write the evaluation that ``cfg`` (all resolved) describes; go on where an earlier call was cut off."""
    setup = make_setup(OmegaConf.create(cfg), group)
    journal = Journal(setup.output)
    with ExitStack() as alone:
        group.first(lambda: alone.enter_context(work_alone(setup.output, "evaluating")))
        if group.first(lambda: journal.begin(settings_of(setup))):
            group.first(lambda: print(f"{setup.output}: complete already, nothing is computed again", flush=True))
        else:
            judge_batches(setup, journal)
            group.wait()
            group.first(lambda: finish(setup, journal))
        if setup.cfg.csv and (setup.output / FILE).exists():  # an older evaluation has the CSV alone
            group.first(lambda: write_csv(setup.output))


def finish(setup: Setup, journal: Journal) -> None:
    """Write the files; ``evaluation.json`` is the last one, and with it the evaluation is complete."""
    rows, effort = summarise(setup, journal)
    distributions = list_set_scores(setup, journal)
    warn(distributions)
    record = record_of(setup, rows, distributions, effort)
    write_text(setup.output / "table.md", as_markdown(record))
    record.write(setup.output)
    journal.remove()


def settings_of(setup: Setup) -> dict[str, Any]:
    """Return everything that decides the files; two evaluations that agree in it write the same numbers."""
    cfg = setup.cfg
    data = {key: value for key, value in plain(cfg.data).items() if key not in ("mask", "num_workers")}
    return {
        "name": cfg.name,
        "model": None if cfg.model is None else plain(cfg.model),
        "ckpt_sha256": checkpoint_sha256(cfg),
        "data": data,
        "split": cfg.split,
        "seed": cfg.seed,
        "limit": cfg.limit,
        "pairing": cfg.pairing,
        "save": cfg.save,
        "masks": {key: value for key, value in asdict(mask_source(cfg)).items() if key != "folder"},
        "cells": [cell.plain for cell in setup.cells],
        "pictures_sha256": setup.pictures_sha256,
        "measures": list(cfg.measures),
        "protocols": plain(cfg.protocols),
        "weights": plain(cfg.weights),
        "networks": {name: network.sha256 for name, network in setup.features.networks.items()},
        "device": setup.device.type,
        "versions": {name: versions()[name] for name in ("inpaintlab", "torch")},
    }


def record_of(setup: Setup, rows: list[Means], distributions: list[SetScore], effort: Effort) -> EvaluationRecord:
    """Return what ``evaluation.json`` holds."""
    cfg, model = setup.cfg, setup.model
    return EvaluationRecord(
        name=cfg.name,
        model=f"{type(model).__module__}.{type(model).__qualname__}",
        ckpt=cfg.ckpt,
        ckpt_sha256=checkpoint_sha256(cfg),
        iteration=int(model.iteration),
        choices=plain(cfg.choices),
        overrides=list(cfg.overrides),
        command=shlex.join(["inpaintlab", "evaluate", *cfg.overrides]),
        split=cfg.split,
        seed=cfg.seed,
        size=setup.data.size,
        channels=setup.data.channels,
        blind=model.blind,
        versions=versions(),
        commit=commit(),
        measures=list(cfg.measures),
        protocols=plain(cfg.protocols),
        masks=mask_source(cfg),
        pictures_sha256=setup.pictures_sha256,
        cost=cost_of(setup, effort),
        rows=rows,
        distributions=distributions,
        saved=list_saved(setup),
        settings=settings_of(setup),
    )


def cost_of(setup: Setup, effort: Effort) -> EvaluationCost:
    """Return the cost of all processes together; a resumed evaluation counts every batch once."""
    return EvaluationCost(
        parameters=sum(p.numel() for p in setup.model.parameters() if p.requires_grad),
        predict_seconds=round(effort.predict_seconds, 3),
        score_seconds=round(effort.score_seconds, 3),
        features_seconds=round(effort.features_seconds, 3),
        peak_memory_mb=effort.peak_memory_mb,
        pictures=sum(map(len, setup.own)),
        device=device_name(setup.device, setup.group.size),
        batch_size=setup.batch_size,
    )


def checkpoint_sha256(cfg: DictConfig) -> str | None:
    """Return the hash of the checkpoint's file, if there is one."""
    return None if cfg.ckpt is None else file_sha256(Path(cfg.ckpt))


def plain(node: DictConfig) -> dict[str, Any]:
    """Return a node as plain data."""
    container = OmegaConf.to_container(node, resolve=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}
