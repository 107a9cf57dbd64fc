"""Processes that end with the one that began them."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Sequence


def run_child(command: Sequence[str]) -> int:
    """Run a command to its end and return its status; whatever ends this process, the child does not outlive it.

    Ctrl-C reaches the child from the terminal; it is waited for, and then this process ends likewise.
    """
    with subprocess.Popen(command, preexec_fn=die_with_parent) as child:
        try:
            return child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise


def die_with_parent() -> None:
    """Let the kernel send SIGTERM to this process when its parent dies, be it by SIGKILL; Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
