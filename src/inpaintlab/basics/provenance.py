"""Where numbers come from: versions, commit, hardware."""

import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import inpaintlab

if TYPE_CHECKING:
    import torch


def versions() -> dict[str, str]:
    """Return the versions that the numbers depend on."""
    return {
        "inpaintlab": inpaintlab.__version__,
        "python": platform.python_version(),
        "torch": importlib.metadata.version("torch"),
        "lightning": importlib.metadata.version("lightning"),
    }


def commit() -> str | None:
    """Return the git commit of the working directory, with ``+changes`` if files differ from it; None without git.

    The folder may be anybody's, and git runs what its ``.git/config`` names: monitors, filters, fetches. So files are
    compared from a git folder of our own, which borrows nothing but the index and the objects.
    """
    asked = ("rev-parse", "HEAD", "--show-toplevel", "--git-path", "index", "--git-path", "objects")
    try:
        head, top, *borrowed = _git(*asked).splitlines()
        index, objects = map(os.path.abspath, borrowed)
        with tempfile.TemporaryDirectory() as own:
            _git("init", "--bare", "--template=", own)
            folders = {"GIT_DIR": own, "GIT_WORK_TREE": top, "GIT_INDEX_FILE": index, "GIT_OBJECT_DIRECTORY": objects}
            changes = _git("diff", "--name-only", "--ignore-submodules=all", head, **folders, GIT_OPTIONAL_LOCKS="0")
    except (OSError, subprocess.SubprocessError):
        return None
    return head + ("+changes" if changes else "")


def _git(*words: str, **variables: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(["git", *words], capture_output=True, text=True, timeout=10, check=True, env=environment)
    return done.stdout.strip()


def peak_memory_mb(device: "torch.device") -> float | None:
    """Return the most memory used so far, in MiB: of the GPU, else of this process; None where it cannot be told."""
    if device.type == "cuda":
        import torch

        return round(torch.cuda.max_memory_allocated(device) / 2**20, 1)
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def device_name(device: "torch.device", count: int) -> str:
    """Name the hardware, such as ``2 x NVIDIA H200`` or ``cpu``."""
    if device.type == "cuda":
        import torch

        name = torch.cuda.get_device_name(device)
    else:
        name = device.type
    return name if count == 1 else f"{count} x {name}"
