"""``evaluation.json``: what was judged, by what, and everything that decides the numbers."""

import hashlib
import shlex
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.files import file_sha256
from inpaintlab.basics.provenance import commit, device_name, versions
from inpaintlab.evaluation.cells import mask_source
from inpaintlab.evaluation.job import Job

SCHEMA = 2
Record = dict[str, Any]


def settings_of(job: Job) -> Record:
    """Return everything that decides the files; two evaluations that agree in it write the same numbers."""
    cfg = job.cfg
    data = {key: value for key, value in plain(cfg.data).items() if key not in ("mask", "num_workers")}
    return {
        "name": cfg.name,
        "model": None if cfg.model is None else plain(cfg.model),
        "ckpt_sha256": None if cfg.ckpt is None else file_sha256(Path(cfg.ckpt)),
        "data": data,
        "split": cfg.split,
        "seed": cfg.seed,
        "limit": cfg.limit,
        "pairing": cfg.pairing,
        "save": cfg.save,
        "masks": {key: value for key, value in mask_source(cfg).items() if key != "folder"},
        "cells": [cell.where for cell in job.cells],
        "pictures_sha256": pictures_sha256(job),
        "measures": list(cfg.measures),
        "protocols": protocols_of(cfg),
        "weights": plain(cfg.weights),
        "networks": {name: network.sha256 for name, network in job.features.networks.items()},
        "device": job.device.type,
        "versions": {name: versions()[name] for name in ("inpaintlab", "torch")},
    }


def record_of(job: Job, rows: list[Record], distributions: list[Record], saved: list[Record], cost: Record) -> Record:
    """Return what ``evaluation.json`` holds."""
    cfg, model = job.cfg, job.model
    return {
        "schema": SCHEMA,
        "name": cfg.name,
        "model": f"{type(model).__module__}.{type(model).__qualname__}",
        "ckpt": cfg.ckpt,
        "ckpt_sha256": None if cfg.ckpt is None else file_sha256(Path(cfg.ckpt)),
        "iteration": int(model.iteration),
        "choices": plain(cfg.choices),
        "overrides": list(cfg.overrides),
        "command": shlex.join(["inpaintlab", "evaluate", *cfg.overrides]),
        "split": cfg.split,
        "seed": cfg.seed,
        "size": job.data.size,
        "channels": job.data.channels,
        "judged": "raw" if model.blind else "completed",
        "versions": versions(),
        "commit": commit(),
        "measures": list(cfg.measures),
        "protocols": protocols_of(cfg),
        "masks": mask_source(cfg),
        "pictures_sha256": pictures_sha256(job),
        "cost": cost_of(job, cost),
        "rows": rows,
        "distributions": distributions,
        "saved": saved,
        "settings": settings_of(job),
    }


def cost_of(job: Job, cost: Record) -> Record:
    """Return the cost of all processes together; a resumed evaluation counts every batch once."""
    return {
        "parameters": sum(p.numel() for p in job.model.parameters() if p.requires_grad),
        **{name: round(value, 3) if name.endswith("seconds") else value for name, value in cost.items()},
        "pictures": sum(map(len, job.own)),
        "device": device_name(job.device, job.group.size),
        "batch_size": job.batch_size,
    }


def protocols_of(cfg: DictConfig) -> Record:
    """Return {name: settings} of the protocols, in the order in which they were asked for."""
    return plain(cfg.protocols)


def pictures_sha256(job: Job) -> str:
    """Return the hash of the ordered list of names, one a line."""
    digest = hashlib.sha256()
    for name in job.names():
        digest.update(f"{name}\n".encode())
    return digest.hexdigest()


def plain(node: DictConfig) -> Record:
    """Return a node as plain data."""
    container = OmegaConf.to_container(node, resolve=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}
