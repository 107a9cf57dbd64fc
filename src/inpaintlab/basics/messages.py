"""How a verb tells the user that something given is wrong."""

import errno
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import InterpolationResolutionError, MissingMandatoryValue

from inpaintlab.basics.configs import usual
from inpaintlab.basics.errors import UserError, check_seed, one_line
from inpaintlab.basics.files import unwritable
from inpaintlab.basics.paths import expand_paths, refuse_null

TOLD = ("TypeError", "MisconfigurationException")
"""A constructor's complaints that the user can act on: an argument it does not take, hardware that is not there."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""What the system says where nothing more can be written."""
CLOSED = (errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
"""What it says of a place that is not ours, or none."""


def user_message(error: BaseException) -> str | None:
    """Return the line to show for ``error``, or None if it is a defect of ours and deserves its traceback."""
    link: BaseException | None = error
    while link is not None:  # Hydra and Lightning wrap what a constructor or a loader's worker raises
        if isinstance(link, UserError):
            # A loader's worker sends its traceback before the message.
            return one_line(str(link).rsplit("UserError: ", 1)[-1].strip())
        if isinstance(link, OSError) and link.errno in FULL:
            return one_line(str(unwritable(Path(str(link.filename or "output")), link)))
        if isinstance(link, OSError) and link.errno in CLOSED and link.filename:
            return one_line(f"{link.filename}: {link.strerror}; give a place that can be read and written")
        link = link.__cause__ or link.__context__
    if isinstance(error, MissingMandatoryValue):
        return f"{error.full_key}=... is needed: the configuration leaves it open"
    if isinstance(error, InterpolationResolutionError):
        return f"{error.full_key}: {str(error).splitlines()[0]}; ${{...}} stands for the value of another key"
    if isinstance(error, InstantiationException) and type(error.__cause__).__name__ in TOLD:
        return " ".join(str(error.__cause__).split())
    return None


def report_errors(task: Callable[..., Any]) -> Callable[..., Any]:
    """Let a verb end with one line: status 2 for a ``UserError``, 130 for Ctrl-C; HYDRA_FULL_ERROR=1 shows all."""

    @functools.wraps(task)
    def reported(cfg: Any) -> Any:
        try:
            if OmegaConf.is_config(cfg):
                if HydraConfig.initialized():
                    refuse_null(cfg, usual(str(HydraConfig.get().job.config_name)))
                expand_paths(cfg)
                check_seed(cfg.get("seed", 0))
            return task(cfg)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            sys.exit(130)
        except Exception as error:
            message = user_message(error)
            sweeping = HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN
            if message is None or sweeping or os.environ.get("HYDRA_FULL_ERROR") == "1":
                raise
            print(f"error: {message}", file=sys.stderr)
            sys.exit(2)

    return reported
