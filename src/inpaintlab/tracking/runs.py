"""Begin a W&B run: never with a prompt, and again under the same id where the folder has one."""

import atexit
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_text
from inpaintlab.tracking import schema

if TYPE_CHECKING:
    from wandb import Run

ID = "wandb_id"
"""File in the folder of a run or an evaluation that holds the id under which W&B knows it."""

SWEEPS = ("multirun", "sweeps")
"""Folders in which each folder is a sweep."""


def check(offline: bool) -> None:
    """Refuse a run that must reach the server without credentials; nobody is asked for them.

    ``WANDB_MODE=offline`` is heard.
    """
    import wandb

    wandb.finish()  # of the job before this one, where a sweep runs its jobs in one process
    if not offline and wandb.setup().settings.mode == "online":
        check_login("; or keep the run on disk: logger.offline=true")


def check_login(otherwise: str = "") -> None:
    """Refuse to go on without W&B's credentials; ``otherwise`` ends the message."""
    import wandb

    try:
        known = wandb.login(prompt=False, verify=False)
    except wandb.Error as error:
        raise UserError(f"W&B: {error}") from error
    if not known:
        raise UserError(f"W&B: not logged in; run `wandb login`, or set WANDB_API_KEY{otherwise}")


def find_id(folder: Path) -> str:
    """Return the id of the run that this folder belongs to, or of a new one; ``WANDB_RUN_ID`` names it for a sweep."""
    path = folder / ID
    if path.is_file():
        return path.read_text(encoding="utf-8").strip()
    return os.environ.get("WANDB_RUN_ID") or secrets.token_hex(4)


def sweep_of(folder: Path) -> str | None:
    """Return the sweep that a run's folder belongs to, or None for a run on its own.

    Read off the path, ``<runs>/multirun/<sweep>/<run>`` or ``<runs>/sweeps/<sweep>/<run>``, because a process that
    was started for one job of a sweep knows nothing else of it.
    """
    parent = folder.absolute().parent
    return parent.name if parent.parent.name in SWEEPS else None


def start(
    folder: Path,
    identity: str,
    job_type: str,
    config: Mapping[str, Any],
    *,
    project: str,
    entity: str | None,
    name: str,
    group: str | None,
    offline: bool,
    notes: str | None = None,
) -> "Run":
    """Begin the folder's run, or go on with it, with the schema's tags and metrics; ``UserError`` if W&B refuses.

    The last words of a process with an offline run say how it is sent.

    ``identity`` is that of ``find_id``, and is kept in the folder.
    """
    check(offline)
    import wandb

    _stage_in(folder)
    try:
        run = wandb.init(
            dir=folder, id=identity, resume="allow", mode="offline" if offline else None, project=project,
            entity=entity, name=name, group=group, job_type=job_type, tags=schema.tags(config), notes=notes,
            config=dict(config),
        )  # fmt: skip
    except wandb.Error as error:
        raise UserError(f"W&B: {error}") from error
    write_text(folder / ID, identity + "\n")
    if run.offline:
        atexit.register(print, f"W&B: the run is on disk; send it with: wandb sync {quote(str(Path(run.dir).parent))}")
    for definition in schema.definitions(job_type):
        run.define_metric(**definition)
    return run


def _stage_in(folder: Path) -> None:
    """Keep the pictures of tables in the folder until they are sent, unless the user has said where.

    W&B's own place is below the home directory, which is not always there any more when an offline run is synced.
    """
    given = os.environ.get("WANDB_DATA_DIR")
    if given is None or (Path(given).parent / ID).is_file():  # the latter: of the job before this one
        os.environ["WANDB_DATA_DIR"] = str(folder.absolute() / "wandb")
