"""A verb in a process of its own, that need not import torch again.

A server that has imported everything once is forked for each call (multiprocessing's forkserver), so a process costs
what it does and not the seconds before it. Killing it, its signals, its exit status are those of any process.
"""

import atexit
import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import torch.multiprocessing

ROOT = Path(__file__).resolve().parents[2]
WARM = "forkserver"
"""The way to start processes that have imported everything already, for who starts them himself."""
CONTEXT = multiprocessing.get_context(WARM)
CONTEXT.set_forkserver_preload(["tests.helpers.warm"])


def environment(**more):
    """The variables of a child: this checkout comes first, one thread."""
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1", **more}


def start_warm(monkeypatch):
    """Let the product's own processes begin warm too, where it is not their start that is to be proven."""
    monkeypatch.setattr(
        torch.multiprocessing, "spawn", partial(torch.multiprocessing.start_processes, start_method=WARM)
    )


def start(module, *words, cwd, stdout, stderr):
    """Begin ``module.main()`` with these words; stdout and stderr are files."""
    os.environ.pop("PYTHONSAFEPATH", None)  # a verb that ran in this process has set it; the server must find the tests
    process = CONTEXT.Process(target=_run, args=(module, words, str(cwd), environment(), str(stdout), str(stderr)))
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
