"""A report is made for sharing: whose computer it was made on is nobody's business."""

import re
from pathlib import Path

END = r"(?![\w.-])"
HOMES = r"(?:/home/|/Users/|[A-Za-z]:[\\/]Users[\\/])[^\\/\s'\",;:)\]}]+|/root" + END
"""Home folders of any machine, since an evaluation may come from another."""


def without_home(text: str) -> str:
    """Write ``~`` for a home folder, as a shell does: the user's name is not told."""
    own = Path.home()
    known = f"{re.escape(str(own))}{END}|" if len(own.parts) > 1 else ""
    return re.sub(known + HOMES, "~", text)
