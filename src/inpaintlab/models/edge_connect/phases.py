"""The four phases of training, the authors' modes 1 to 4: who learns, and which edges guide the painting."""

from typing import Literal, NamedTuple


class Phase(NamedTuple):
    """One phase; the critic of each generator that learns plays against it."""

    learning: tuple[Literal["edge", "image"], ...]
    """The generators that learn; the others rest."""
    guide: Literal["true", "completed"] | None
    """Edges that the image generator is given: the truth's, or those that the edge generator completes; None = idle."""


PHASES = {
    "edge": Phase(("edge",), None),
    "inpaint": Phase(("image",), "true"),
    "edge_inpaint": Phase(("image",), "completed"),
    "joint": Phase(("edge", "image"), "completed"),
}
"""By the name that ``model.phase`` has. Where both learn, the image's losses reach the edge generator too."""
