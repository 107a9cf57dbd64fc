"""Where the YAML files lie, and the names they may compute.

Free of torch, so that a wrong word on the command line is answered at once.
"""

import contextlib
import itertools
import os
import sys
import time
import zipfile
from pathlib import Path
from typing import NoReturn

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import unwritable
from inpaintlab.basics.paths import user_path

_PACKAGE = Path(__file__).resolve().parents[1]
# In the wheel conf/ lies inside the package, in a checkout two floors up.
FOLDER = str(next(p for p in (_PACKAGE / "conf", _PACKAGE.parents[1] / "conf") if p.is_dir()))


def usual(verb: str) -> DictConfig:
    """Return what a verb's own YAML says, groups and words left out; nothing for a configuration of the user's own."""
    path = Path(FOLDER, f"{verb}.yaml")
    cfg = OmegaConf.load(path) if path.is_file() else OmegaConf.create()
    assert isinstance(cfg, DictConfig)
    return cfg


def last_checkpoint(folder: Path) -> Path | None:
    """Return the newest whole checkpoint of a run folder: ``last.ckpt``, or the one before it if that one is torn."""
    for name in ("last.ckpt", "previous.ckpt"):
        path = folder / "checkpoints" / name
        if path.is_file():
            if is_whole(path):
                return path
            print(f"{path}: torn or damaged, the checkpoint before it is used", file=sys.stderr, flush=True)
    return None


def is_whole(path: Path) -> bool:
    """Tell whether a checkpoint, which is a zip archive, is complete and agrees with its checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, OSError, EOFError):
        return False


def newest_checkpoint(runs: str, name: str) -> Path:
    """Return the last checkpoint of the newest run called ``name`` below the folder ``runs``."""
    found = sorted(Path(runs, name).glob("*/checkpoints/last.ckpt"), key=lambda path: path.stat().st_mtime)
    for path in reversed(found):
        if whole := last_checkpoint(path.parent.parent):
            return whole
    raise UserError(f"ckpt=last: no checkpoint below {Path(runs, name).absolute()}; start the run without ckpt=")


def find_checkpoint(ckpt: str | None, runs: str, name: str, folder: Path | None = None) -> Path | None:
    """Resolve ``ckpt``: None, ``last``, ``auto`` (that of ``folder``, None if it has none), or an existing file."""
    if ckpt is None:
        return None
    if ckpt == "auto":
        return folder and last_checkpoint(folder)
    path = newest_checkpoint(runs, name) if ckpt == "last" else Path(ckpt)
    if not path.is_file():
        raise UserError(f"ckpt={ckpt}: no such file ({path.absolute()}); give a .ckpt file, ckpt=last or ckpt=auto")
    return path


def run_folder(runs: str, name: str, ckpt: str | None) -> str:
    """Return the folder of this run: a new one, or the one whose checkpoint is resumed.

    Under Slurm or torchrun it is named by their job, so that all processes, and the job once it is requeued, agree.
    Hydra asks before the verb begins, which will report a checkpoint that is not there.
    """
    for key, value in (("runs", runs), ("name", name)):
        if not value:
            _refuse(
                f"{key}={'null' if value is None else value}: expected a name; put null into quotes where it is one"
            )
    runs = str(user_path(runs))
    with contextlib.suppress(UserError):
        path = find_checkpoint(ckpt and str(user_path(ckpt)), runs, name)
        if path is not None and path.parent.name == "checkpoints":
            return str(path.parent.parent)
    job = os.environ.get("SLURM_JOB_ID") or os.environ.get("TORCHELASTIC_RUN_ID")
    return str(Path(runs, name, f"job-{job}") if job else take_folder(Path(runs, name, time.strftime("%Y%m%d-%H%M%S"))))


def take_folder(path: Path) -> Path:
    """Make a folder that nobody else has, under this name or, where it is taken, with ``-2``, ``-3`` ... behind it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _refuse(f"runs: {unwritable(path.parent, error)}")
    for number in itertools.count(2):
        try:
            path.mkdir()
        except FileExistsError:
            path = path.with_name(f"{path.name.rpartition('-')[0] if number > 2 else path.name}-{number}")
        else:
            return path
    raise AssertionError


def _refuse(message: str) -> NoReturn:
    """End with a line: Hydra asks for the folder, and shows the traceback of every exception but this."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


OmegaConf.register_new_resolver("run_dir", run_folder, replace=True, use_cache=True)
