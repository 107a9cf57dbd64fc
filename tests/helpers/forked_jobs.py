"""``inpaintlab sweep`` whose jobs are forked from it, in place of interpreters that import everything anew."""

import multiprocessing
import os
import subprocess
import sys
from types import SimpleNamespace

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

import inpaintlab.training.launch
import inpaintlab.training.worker
import inpaintlab.verbs.sweep


class Forked:
    """What ``launch`` asks of a ``Popen``; the lock that a job inherits is among its open files."""

    def __init__(self, command, env, stdout, stderr, pass_fds):
        assert "torch.distributed" not in " ".join(command), "a job of several processes"
        self.process = multiprocessing.get_context("fork").Process(
            target=work, args=(command[-1], env, stdout.fileno())
        )
        self.process.start()

    def wait(self, timeout=None):
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("job", timeout)
        return self.process.exitcode

    def send_signal(self, number):
        os.kill(self.process.pid, number)

    def terminate(self):
        self.process.terminate()

    def kill(self):
        self.process.kill()


def work(folder, variables, output):
    """Be the job's process: the sweep's Hydra is none of its own."""
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None
    os.environ.clear()
    os.environ.update(variables)
    for number in (1, 2):
        os.dup2(output, number)
    sys.argv = ["worker", folder]
    inpaintlab.training.worker.main()


def main():
    os.setpgid(0, 0)  # so that who kills the sweep's group kills nobody else
    inpaintlab.training.launch.subprocess = SimpleNamespace(
        Popen=Forked, STDOUT=subprocess.STDOUT, TimeoutExpired=subprocess.TimeoutExpired
    )
    inpaintlab.verbs.sweep.main()
