"""In which process a job trains: this one, or one for each device under torchrun.

Lightning's own launcher would call the whole command line again in each process, and with it a whole multirun. Here
each process loads the job's resolved configuration instead, so a sweep's job may itself have many processes.
Free of torch unless the number of GPUs is asked for.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_text
from inpaintlab.basics.words import python, safe_environment

CONFIG = "job.yaml"
"""The resolved configuration in the run's folder."""
OTHERS = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_", "ROLE_", "MASTER_", "PL_",
          "TORCHELASTIC_", "TORCH_ELASTIC_", "SLURM_NTASKS", "SLURM_NPROCS", "SLURM_PROCID",
          "SLURM_LOCALID")  # fmt: skip
"""Beginnings of the variables by which a process knows its place among others; they are not those of its children."""
SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGUSR1", "SIGUSR2") if hasattr(signal, name)]
"""Signals on which a training leaves a checkpoint and stops."""
GRACE = 60
"""Seconds that a training has for it when this process ends by something else than such a signal."""


def processes(trainer: Mapping[str, Any]) -> int:
    """Return how many processes this machine is to run for ``trainer`` (accelerator, devices)."""
    devices = trainer["devices"]
    if isinstance(devices, int) and devices > 0:
        return devices
    if not isinstance(devices, (int, str)):
        return len(devices)
    if str(devices).isdigit():
        return int(devices)
    if devices not in ("auto", -1, "-1"):
        raise UserError(f"trainer.devices={devices}: expected a number, a list of device numbers, or auto")
    if trainer["accelerator"] == "cpu":
        return 1
    import torch

    return max(1, torch.cuda.device_count())


def is_launched() -> bool:
    """Tell whether torchrun or srun has started this process as one of many."""
    return "LOCAL_RANK" in os.environ or int(os.environ.get("SLURM_NTASKS", "1")) > 1


def save_job(cfg: DictConfig, folder: Path) -> Path:
    """Write the configuration with everything resolved, so that a process can run it without Hydra."""
    plain = OmegaConf.to_container(cfg, resolve=True)
    path = folder / CONFIG
    write_text(path, OmegaConf.to_yaml(OmegaConf.create(plain)))
    return path


def launch(folder: Path, count: int, output: IO[str] | None = None, keep: int | None = None) -> int:
    """Run the saved job of ``folder`` in ``count`` new processes, and return their exit status.

    ``output`` takes what they print; they inherit the file descriptor ``keep``.
    """
    worker = [*python("inpaintlab.training.worker"), str(folder)]
    torchrun = [*python("torch.distributed.run"), "--standalone", f"--nproc-per-node={count}", "--max-restarts=0",
                "--no-python"]  # fmt: skip
    environment = {key: value for key, value in safe_environment().items() if not key.startswith(OTHERS)}
    # torchrun dies of the signals that it is not told to hand on.
    environment["PET_SIGNALS_TO_HANDLE"] = "SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1,SIGUSR2"
    process = subprocess.Popen(
        [*(torchrun if count > 1 else []), *worker],
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        pass_fds=() if keep is None else (keep,),
    )
    return wait_for(process)


def wait_for(process: subprocess.Popen[Any]) -> int:
    """Return a process's exit status; a signal to stop is handed on to it, and then this process ends likewise."""
    received: list[int] = []

    def hand_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        received.append(number)
        process.send_signal(number)

    listening = threading.current_thread() is threading.main_thread()
    # A handler that is there already is that of a launcher, such as submitit, which queues its job again.
    quiet = [number for number in SIGNALS if listening and signal.getsignal(number) == signal.SIG_DFL]
    for number in quiet:
        signal.signal(number, hand_on)
    try:
        status = process.wait()
    except BaseException:  # Ctrl-C, or a launcher's handler
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
        raise
    finally:
        for number in quiet:
            signal.signal(number, signal.SIG_DFL)
    if received:
        raise SystemExit(128 + received[-1])
    return status
