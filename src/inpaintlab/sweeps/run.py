"""``inpaintlab sweep``: the jobs of ``experiments/<name>/sweep.yaml``, each done once, however often it is interrupted.

A job's folder, ``<runs>/sweeps/<name>/<its choices>``, is a function of its choices. A job whose ``results.json`` is
complete is not run again, one that was interrupted goes on from its checkpoint, one that failed is tried again. Each
job runs in processes of its own, so that neither a crash nor a leak reaches the next. The sweep ends with a table
(``table.md``) and with status 1 if a job failed.
"""

import time
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.locks import lock_folder
from inpaintlab.data.location import check_location
from inpaintlab.records.comparison import differences, flatten
from inpaintlab.records.failure import JobFailure
from inpaintlab.records.run import RunRecord, read_done
from inpaintlab.training.launch import CONFIG, launch, processes, save_job

FREE = (
    "runs", "overrides", "hydra", "hardware", "logger", "compile", "retries", "experiment", "variants", "callbacks",
    "choices.hardware", "data.root", "data.num_workers", "mask.root", "model.vgg_weights", "trainer.accelerator",
    "trainer.strategy", "trainer.log_every_n_steps", "trainer.enable_model_summary",
)  # fmt: skip
"""Nodes that may differ when a sweep is taken up again. Devices and precision are none of them: they change results."""


def run_job(cfg: DictConfig) -> float:
    """Do one job unless it is done, and return its objective; a job that fails raises ``UserError``."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    with lock_folder(folder) as lock:
        record = read_done(folder)
        if record is not None:
            check_unchanged(cfg, folder)
            print(f"{folder.name}: done before", flush=True)
        else:
            record = train_job(cfg, folder, lock.fileno())
            print(f"{folder.name}: done, {cfg.objective} {record.metrics.get(cfg.objective)}", flush=True)
    if cfg.objective not in record.metrics:
        raise UserError(f"objective={cfg.objective}: {folder / 'results.json'} has only {', '.join(record.metrics)}")
    return float(record.metrics[cfg.objective])


def train_job(cfg: DictConfig, folder: Path, lock: int) -> RunRecord:
    """Train until it succeeds or all tries are spent; return its record. Its output goes to ``output.log``."""
    if (folder / CONFIG).exists():
        check_unchanged(cfg, folder)
    check_location(cfg.data)
    save_job(cfg, folder)
    for attempt in range(cfg.retries + 1):
        print(f"{folder.name}: training{f', try {attempt + 1}' if attempt else ''}", flush=True)
        with (folder / "output.log").open("a", encoding="utf-8") as log:
            status = launch(folder, processes(cfg.trainer), output=log, keep=lock)
        record = read_done(folder)
        if status == 0 and record is not None:
            (folder / JobFailure.FILE).unlink(missing_ok=True)
            return record
        reason = last_line(folder / "output.log")
        JobFailure(status, reason, attempt + 1, now()).write(folder)
    raise UserError(f"{folder.name}: failed with status {status}: {reason}; see {folder / 'output.log'}")


def check_unchanged(cfg: DictConfig, folder: Path) -> None:
    """Refuse to mix two definitions of one job."""
    old, new = (deciding(node) for node in (OmegaConf.load(folder / CONFIG), cfg))
    if changed := differences(old, new):
        what = ", ".join(f"{one.name} {one.first} -> {one.second}" for one in changed[:3])
        raise UserError(f"{folder}: was begun with other settings ({what}); give another runs=, or remove the folder")


def deciding(cfg: Any) -> dict[str, Any]:
    """Return {dotted key: value} of everything that decides a job's result."""
    plain: Any = OmegaConf.to_container(cfg, resolve=True)
    free = tuple(f"{name}." for name in FREE)
    return {key: value for key, value in flatten(plain) if value != {} and not f"{key}.".startswith(free)}


def last_line(log: Path) -> str:
    """Return the last line that is not empty: a user's error, or the end of a traceback."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines[-200:] if line.startswith("error: ")]
    return (errors or lines or ["no output"])[-1]


def now() -> str:
    """Return the local time, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S")
