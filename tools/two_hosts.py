"""Two hosts in two network namespaces train one PConv under torchrun; the link is cut in mid-run, and they go on.

As root on Linux: ``python tools/two_hosts.py``. The namespaces are gone afterwards.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tiny_runs import PCONV, same_bits, say

HOSTS = {"inpaintlab0": "10.77.0.1", "inpaintlab1": "10.77.0.2"}
LINK = "link0"
WORDS = [
    *PCONV, "name=tiny-run", "hardware=multinode", "trainer.accelerator=cpu", "trainer.devices=1",
    "trainer.num_nodes=2", "trainer.strategy.timeout=12", "trainer.max_steps=300", "callbacks.checkpoint.every=50",
    "ckpt=auto",
]  # fmt: skip
SHOWN = re.compile(r"^(model |step |resume |error|checkpoint )|Error: |Timed out|timed out")


def ip(*words: str) -> None:
    """Run ``ip``."""
    subprocess.run(["ip", *words], check=True)


def connect() -> None:
    """Make the two hosts and the cable between them."""
    first, second = HOSTS
    for host in HOSTS:
        ip("netns", "add", host)
        ip("-n", host, "link", "set", "lo", "up")
    ip("link", "add", LINK, "netns", first, "type", "veth", "peer", "name", LINK, "netns", second)
    for host, address in HOSTS.items():
        ip("-n", host, "addr", "add", f"{address}/24", "dev", LINK)
        ip("-n", host, "link", "set", LINK, "up")


def disconnect() -> None:
    """Remove them."""
    for host in HOSTS:
        subprocess.run(["ip", "netns", "del", host], stderr=subprocess.DEVNULL)


def train(work: Path, run: str, attempt: str) -> list[subprocess.Popen[str]]:
    """Start the same command on both hosts; ``run`` names the folder."""
    processes = []
    for rank, host in enumerate(HOSTS):
        command = [
            "timeout", "-k", "5", "400", "ip", "netns", "exec", host, sys.executable, "-m", "torch.distributed.run",
            "--nnodes=2", f"--node-rank={rank}", "--nproc-per-node=1", f"--master-addr={HOSTS['inpaintlab0']}",
            "--max-restarts=0", f"--rdzv-id={run}", "-m", "inpaintlab.verbs.train", *WORDS,
        ]  # fmt: skip
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": LINK}
        with (work / f"{run}-{attempt}-{rank}.log").open("w") as log:
            processes.append(subprocess.Popen(command, cwd=work, env=environment, stdout=log, stderr=log, text=True))
    return processes


def end(work: Path, run: str, attempt: str, processes: list[subprocess.Popen[str]], expected: bool) -> None:
    """Wait for both; print what each said, and check that both ended well, or that neither did."""
    began = time.monotonic()
    for rank, process in enumerate(processes):
        status = process.wait()
        say(f"host {rank}: status {status} after {time.monotonic() - began:.0f} s")
        log = (work / f"{run}-{attempt}-{rank}.log").read_text()
        lines = [line for line in log.splitlines() if SHOWN.search(line)]
        print("\n".join(line[:160] for line in list(dict.fromkeys(lines))[:8]), flush=True)
        if (status == 0) is not expected or status == 124:
            sys.exit(log[-6000:])


def main() -> None:
    """Train without and with a cut, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        try:
            connect()
            say("cut in mid-run")
            processes = train(work, "cut", "first")
            checkpoint = work / "runs/tiny-run/job-cut/checkpoints/last.ckpt"
            while not checkpoint.exists() and all(process.poll() is None for process in processes):
                time.sleep(0.1)
            ip("-n", "inpaintlab1", "link", "set", LINK, "down")
            say("the link is down")
            end(work, "cut", "first", processes, expected=False)
            ip("-n", "inpaintlab1", "link", "set", LINK, "up")
            say("the link is up, the same commands again")
            end(work, "cut", "second", train(work, "cut", "second"), expected=True)
            say("without a cut")
            end(work, "whole", "first", train(work, "whole", "first"), expected=True)
            same_bits(work / "runs/tiny-run/job-whole", work / "runs/tiny-run/job-cut")
        finally:
            disconnect()


if __name__ == "__main__":
    main()
