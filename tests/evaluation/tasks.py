"""What the processes of a test do; they import it."""

import os
from pathlib import Path

from inpaintlab.basics.errors import UserError


def sign(cfg, group):
    """Leave a file with what this process knows."""
    told = group.first(lambda: f"from {group.rank}")
    Path(cfg["folder"], str(group.rank)).write_text(f"{group.size} {told} {os.environ.get('RANK')}")
    group.wait()
    group.first(lambda: Path(cfg["folder"], "done").write_text(str(sorted(os.listdir(cfg["folder"])))))


def fail(cfg, group):
    """Fail in the second process while the first one waits."""
    if group.rank == 1:
        raise UserError("cat.png: unreadable picture")
    group.wait()
