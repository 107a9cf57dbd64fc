"""A verb in a process of its own, that need not import torch again.

A server that has imported everything once is forked for each call (multiprocessing's forkserver), so a process costs
what it does and not the seconds before it. Killing it, its signals, its exit status are those of any process.
"""

import atexit
import importlib
import multiprocessing
import multiprocessing.connection
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch.multiprocessing

ROOT = Path(__file__).resolve().parents[2]
WARM = "forkserver"
"""The way to start processes that have imported everything already, for who starts them himself."""
CONTEXT = multiprocessing.get_context(WARM)
CONTEXT.set_forkserver_preload(["tests.conftest", "tests.helpers.warm"])  # the first lets the collector rest


def environment(**more):
    """The variables of a child: this checkout comes first, one thread."""
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1", **more}


def start_warm(monkeypatch):
    """Let the product's own processes begin warm too, where it is not their start that is to be proven."""
    begin = torch.multiprocessing.start_processes

    def warm(*args, **given):
        return begin(*args, **{**given, "start_method": WARM})

    for name in ("spawn", "start_processes"):
        monkeypatch.setattr(torch.multiprocessing, name, warm)


def start(module, *words, cwd, stdout, stderr, **variables):
    """Begin ``module.main()`` with these words; stdout and stderr are files."""
    os.environ.pop("PYTHONSAFEPATH", None)  # a verb that ran in this process has set it; the server must find the tests
    given = (module, words, str(cwd), environment(**variables), str(stdout), str(stderr))
    process = CONTEXT.Process(target=_run, args=given)
    process.start()
    return process


def run(module, *words, cwd, timeout=300):
    """Run it to its end and return what ``subprocess.run`` would."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = start(module, *words, cwd=cwd, stdout=out, stderr=err)
        process.join(timeout)
        if process.is_alive():
            process.kill()
            raise subprocess.TimeoutExpired([module, *words], timeout, out.read_bytes(), err.read_bytes())
        return subprocess.CompletedProcess([module, *words], process.exitcode, out.read_text(), err.read_text())


def run_ranks(count, module, *words, cwd, timeout=300):
    """Run it in so many processes as torchrun does, but warm; where one fails, the others are killed."""
    if count == 1:
        return run(module, *words, cwd=cwd, timeout=timeout)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    everyone = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "GROUP_RANK": 0, "TORCHELASTIC_RUN_ID": "tests",
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        ranks = []
        for rank in range(count):
            place = {name: str(value) for name, value in {**everyone, "RANK": rank, "LOCAL_RANK": rank}.items()}
            ranks.append(start(module, *words, cwd=cwd, stdout=out, stderr=err, **place))
        end = time.monotonic() + timeout
        while any(rank.is_alive() for rank in ranks):
            if any(rank.exitcode for rank in ranks) or time.monotonic() > end:
                for rank in ranks:
                    rank.kill()
            multiprocessing.connection.wait([rank.sentinel for rank in ranks if rank.is_alive()], timeout=1)
        status = next((rank.exitcode for rank in ranks if rank.exitcode), 0)
        return subprocess.CompletedProcess([module, *words], status, out.read_text(), err.read_text())


def _run(module, words, cwd, variables, stdout, stderr):
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(cwd)
    for path, number in ((stdout, 1), (stderr, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.argv = [f"{module}.py", *words]
    try:
        importlib.import_module(module).main()
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves them out
