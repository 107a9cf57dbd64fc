"""Tables of metrics as Markdown."""

import math
from collections.abc import Sequence
from typing import Any

MEASURES = {
    "psnr": (2, max),
    "ssim": (4, max),
    "l1": (4, min),
    "psnr_hole": (2, max),
    "ssim_hole": (4, max),
    "l1_hole": (4, min),
    "identical": (0, None),
    "lpips": (4, min),
    "ms_ssim": (4, max),
    "lpips_alex": (4, min),
    "lpips_vgg": (4, min),
    "fid": (2, min),
    "kid": (5, min),
    "inception_score": (3, max),
    "p_ids": (2, max),
    "u_ids": (2, max),
}
"""Decimals, and which value is the best."""


def markdown(rows: Sequence[dict[str, Any]], rivals: Sequence[str] | None = None) -> str:
    """Lay out rows {column: value}; a column that no row has a value for is left out.

    Among rows that agree in the columns ``rivals`` the best of each measure is printed bold (None: no bold).
    """
    columns = [
        name for name in dict.fromkeys(key for row in rows for key in row) if any(_there(r.get(name)) for r in rows)
    ]
    lines = [columns, ["---:" if name in MEASURES or name == "pictures" else ":---" for name in columns]]
    for row in rows:
        peers = [r for r in rows if rivals is not None and all(r.get(key) == row.get(key) for key in rivals)]
        lines.append([_cell(name, row.get(name), peers) for name in columns])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def bucket_name(bucket: Sequence[float] | str | None) -> str:
    """Name a hole-ratio bucket, such as ``(0.1, 0.2]``."""
    if bucket is None:
        return "as they are"
    return bucket if isinstance(bucket, str) else f"({bucket[0]:g}, {bucket[1]:g}]"


def _cell(name: str, value: Any, peers: Sequence[dict[str, Any]]) -> str:
    if not _there(value):
        return "-"
    if name not in MEASURES:
        return str(value).replace("|", "\\|")
    decimals, better = MEASURES[name]
    text = f"{value:.{decimals}f}"
    known = [peer[name] for peer in peers if _there(peer.get(name))]
    return f"**{text}**" if better and len(known) > 1 and value == better(known) else text


def _there(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))
