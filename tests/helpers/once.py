"""What several tests compare with, made once for all workers of a session."""

import os

from filelock import FileLock


def make_once(tmp_path_factory, name, make):
    """Return the folder ``name`` of the session, which ``make(folder)`` has filled; another worker waits for it."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder, done = root / "once" / name, root / "once" / f"{name}.done"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(root / "once" / f"{name}.lock"):
        if not done.exists():
            make(folder)
            done.touch()
    return folder
