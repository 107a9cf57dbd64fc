"""Where the YAML files lie, and the names they may compute.

Free of torch, so that a wrong word on the command line is answered at once.
"""

import contextlib
import time
from pathlib import Path

from omegaconf import OmegaConf

from inpaintlab.errors import UserError

_PACKAGE = Path(__file__).resolve().parent
# In the wheel conf/ lies inside the package, in a checkout two floors up.
FOLDER = str(next(p for p in (_PACKAGE / "conf", _PACKAGE.parents[1] / "conf") if p.is_dir()))


def last_checkpoint(runs: str, name: str) -> Path:
    """Return ``checkpoints/last.ckpt`` of the newest run called ``name`` below the folder ``runs``."""
    found = sorted(Path(runs, name).glob("*/checkpoints/last.ckpt"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise UserError(f"ckpt=last: no checkpoint below {Path(runs, name).absolute()}; start the run without ckpt=")
    return found[-1]


def find_checkpoint(ckpt: str | None, runs: str, name: str) -> Path | None:
    """Resolve ``ckpt``: None, ``last``, or the path of an existing file."""
    if ckpt is None:
        return None
    path = last_checkpoint(runs, name) if ckpt == "last" else Path(ckpt)
    if not path.is_file():
        raise UserError(f"ckpt={ckpt}: no such file ({path.absolute()}); give a .ckpt file, or ckpt=last")
    return path


def run_folder(runs: str, name: str, ckpt: str | None) -> str:
    """Return the folder of this run: a new one, or the one whose checkpoint is resumed.

    Hydra asks before the verb begins, which will report a checkpoint that is not there.
    """
    with contextlib.suppress(UserError):
        path = find_checkpoint(ckpt, runs, name)
        if path is not None and path.parent.name == "checkpoints":
            return str(path.parent.parent)
    return str(Path(runs, name, time.strftime("%Y%m%d-%H%M%S")))


OmegaConf.register_new_resolver("run_dir", run_folder, replace=True, use_cache=True)
