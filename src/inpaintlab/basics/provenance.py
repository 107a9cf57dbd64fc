"""Where numbers come from: versions, commit, hardware."""

import importlib.metadata
import platform
import subprocess
import sys
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
    """Return the git commit of the working directory, with ``+changes`` if files differ from it; None without git."""
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True)
        changes = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return head.stdout.strip() + ("+changes" if changes.stdout.strip() else "")


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
