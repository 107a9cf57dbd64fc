"""Figures that become SVG in the colours and letters of the page they stand in."""

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inpaintlab.basics.files import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6a00", "#5d3a9b")
"""Okabe and Ito's colours, told apart with every kind of colour vision; its yellow is too pale for lines."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, FAINT = "#010203", "#040506"
"""Stand for the page's text and grid colour."""
STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name from elsewhere is no formula
    "svg.hashsalt": "inpaintlab",
    "font.size": 10,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
}


def write_name(axis: "Axes", label: str, x: float, y: float, number: int) -> None:
    """Write a model's name in its colour to the right of a place; of a long one its end, where jobs differ."""
    label = letters(label)
    axis.annotate(
        label if len(label) <= 22 else f"…{label[-21:]}",
        (x, y),
        (9, 0),
        textcoords="offset points",
        va="center",
        fontsize=9.5,
        fontweight="bold",
        color=SERIES[number % len(SERIES)],
        parse_math=False,
    )


def letters(text: str) -> str:
    """Return what of a word from anywhere can be drawn."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in printable(text))


def at_least_2_db(limits: tuple[float, float]) -> tuple[float, float]:
    """Return limits at least 2 dB apart, so that a trifle does not look like a cliff."""
    middle, half = sum(limits) / 2, max(1.0, (limits[1] - limits[0]) / 2)
    return middle - half, middle + half


def spread_out(values: Sequence[float], gap: float) -> list[float]:
    """Move values as little as needed until no two are closer than ``gap``; their order stays."""
    clusters: list[list[int]] = []
    for i in sorted(range(len(values)), key=lambda i: values[i]):
        clusters.append([i])
        while len(clusters) > 1 and _start(clusters[-1], values, gap) < _start(clusters[-2], values, gap) + gap * len(
            clusters[-2]
        ):
            last = clusters.pop()
            clusters[-1] += last
    placed = list(values)
    for cluster in clusters:
        for rank, i in enumerate(cluster):
            placed[i] = _start(cluster, values, gap) + rank * gap
    return placed


def _start(cluster: Sequence[int], values: Sequence[float], gap: float) -> float:
    """Return the lowest place of a cluster that lies around the mean of its values."""
    return sum(values[i] for i in cluster) / len(cluster) - gap * (len(cluster) - 1) / 2


def new_figure() -> tuple["Figure", "Axes"]:
    """Return an empty figure with one pair of axes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.6, 3.8), layout="constrained")
        return figure, figure.subplots()


def as_svg(figure: "Figure", prefix: str) -> str:
    """Return the drawing alone; its ids begin with ``prefix``, since several share a page."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{prefix}", text)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    text = text.replace(INK, "currentColor").replace(FAINT, "var(--grid)")
    for number, color in enumerate(SERIES):
        text = text.replace(color, f"var(--series-{number})")
    return text
