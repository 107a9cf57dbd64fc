"""A real Slurm of one node, made from Debian's packages: a sweep through submitit, and a run that queues itself again.

As root on Debian: ``python tools/slurm_cluster.py [--install]``. Daemons and files are gone afterwards.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tiny_runs import PCONV, same_bits, say

CONF = """\
ClusterName=tiny
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=10
JobRequeue=1
SchedulerParameters=batch_sched_delay=0,sched_interval=5,bf_interval=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=8000 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
MUNGE = ("/run/munge", "/var/log/munge", "/var/lib/munge")


def run(*words: str, timeout: int = 60, **options) -> str:
    """Run a command within its time and return what it printed."""
    done = subprocess.run(["timeout", "-k", "5", str(timeout), *words], capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def start(folder: Path) -> None:
    """Start munged, slurmctld and slurmd, and wait until the node is idle."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(host=socket.gethostname().split(".")[0], folder=folder))
    os.environ["SLURM_CONF"] = str(conf)
    for path in MUNGE:
        Path(path).mkdir(parents=True, exist_ok=True)
        shutil.chown(path, "munge", "munge")
    run("runuser", "-u", "munge", "--", "munged", "--force")
    run("slurmctld", "-f", str(conf))
    run("slurmd", "-f", str(conf))
    for _ in range(60):
        time.sleep(1)
        if run("sinfo", "--noheader", "--format=%T") == "idle":
            say(run("sinfo", "--version") + ", " + run("sinfo", "--noheader", "--format=%D node %T, %c CPUs"))
            return
    sys.exit(f"the node is not idle after 60 s; see {folder}")


def stop(folder: Path) -> None:
    """End the jobs and the daemons that this script started."""
    subprocess.run(["timeout", "-k", "5", "20", "scancel", "--full", "--user=root"], capture_output=True)
    time.sleep(2)
    for path in (folder / "slurmd.pid", folder / "slurmctld.pid", Path("/run/munge/munged.pid")):
        if path.exists():
            try:
                os.kill(int(path.read_text()), signal.SIGTERM)
            except ProcessLookupError:
                continue
    time.sleep(2)


def submit(work: Path, *words: str) -> str:
    """Submit the sbatch line of conf/hardware/slurm.yaml; return the job's number."""
    training = f"srun {sys.executable} -m inpaintlab.verbs.train {' '.join(map(repr, words))} ckpt=auto hardware=slurm"
    return run("sbatch", "--parsable", "--requeue", "--open-mode=append", "--signal=USR1@120", "--time=30",
               "--output=job-%j.log", "--wrap", training, cwd=work)  # fmt: skip


def state(job: str) -> str:
    """Return a job's state, and how often it was queued again."""
    told = run("scontrol", "show", "job", job)
    return " ".join(re.search(rf"{name}=(\S+)", told)[0] for name in ("JobState", "Restarts"))


def wait(job: str, seconds: int, until: str = "COMPLETED") -> None:
    """Wait for a job's end."""
    for _ in range(seconds):
        now = state(job)
        if until in now:
            return
        if any(word in now for word in ("FAILED", "CANCELLED", "TIMEOUT")):
            break
        time.sleep(1)
    sys.exit(f"job {job}: {now}")


def sweep(work: Path) -> None:
    """Sweep two jobs through Slurm."""
    folder = work / "experiments" / "tiny"
    folder.mkdir(parents=True)
    (folder / "sweep.yaml").write_text(
        "# @package _global_\ndefaults: [experiment, override model: pconv, _self_]\n"
        "hydra: {sweeper: {params: {seed: '1,2'}}}\n"
    )
    say("$ inpaintlab sweep experiment=tiny hydra/launcher=submitit_slurm ...")
    words = [*PCONV, "hardware=cpu", "trainer.max_steps=20", "hydra/launcher=submitit_slurm",
             "hydra.launcher.timeout_min=20", "hydra.launcher.mem_gb=3", "hydra.launcher.cpus_per_task=1"]  # fmt: skip
    began = time.monotonic()
    print(
        run(sys.executable, "-m", "inpaintlab.verbs.sweep", "experiment=tiny", *words, cwd=work, timeout=550),
        flush=True,
    )
    say(f"{time.monotonic() - began:.0f} s")
    for path in sorted((work / "runs/sweeps/tiny/.submitit").glob("*/*.out")):
        say(f"{path.name}: " + " | ".join(line for line in path.read_text().splitlines() if "done" in line))


def requeue(work: Path) -> None:
    """Interrupt one of two equal jobs by SIGUSR1, and compare how they end; the sweep runs while Slurm holds it."""
    words = [*PCONV, "name=tiny-run", "trainer.accelerator=cpu", "trainer.devices=1", "callbacks.checkpoint.every=50",
             "trainer.max_steps=600"]  # fmt: skip
    job = submit(work, *words)
    checkpoint = work / f"runs/tiny-run/job-{job}/checkpoints/last.ckpt"
    for _ in range(1200):
        if checkpoint.exists():
            break
        time.sleep(0.1)
    say(f"$ scancel --signal=USR1 {job}")
    run("scancel", "--signal=USR1", job)
    for _ in range(60):
        time.sleep(1)
        if "Restarts=1" in state(job):
            break
    say(f"job {job}: {state(job)}")
    sweep(work)
    whole = submit(work, *words)
    wait(whole, 300)
    wait(job, 300)
    say(f"job {job}: {state(job)}; job {whole}: {state(whole)}")
    say(f"job-{job}.log:")
    shown = re.compile(r"model |resume |SIGUSR1|queued|error|Traceback|checkpoint ")
    print("\n".join(line for line in (work / f"job-{job}.log").read_text().splitlines() if shown.search(line)))
    same_bits(work / f"runs/tiny-run/job-{whole}", work / f"runs/tiny-run/job-{job}")


def main() -> None:
    """Make the cluster, use it, take it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="apt-get install slurm-wlm munge")
    if parser.parse_args().install:
        run("apt-get", "install", "-y", "slurm-wlm", "munge", timeout=600)
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        try:
            start(Path(folder, "slurm"))
            Path(folder, "work").mkdir()
            requeue(Path(folder, "work"))
        finally:
            stop(Path(folder, "slurm"))


if __name__ == "__main__":
    main()
