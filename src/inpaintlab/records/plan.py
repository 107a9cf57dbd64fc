"""``plan.json``: what a training of one's own pictures has chosen for itself; a run that goes on reads it."""

from dataclasses import dataclass, fields
from typing import ClassVar

from inpaintlab.basics.errors import check_whole
from inpaintlab.records.record import Record


@dataclass
class Plan(Record):
    """Sizes and length. What the user gave stands here as well."""

    FILE: ClassVar[str] = "plan.json"
    SCHEMA: ClassVar[int] = 1

    size: int
    """Side of the squares in pixels."""
    batch_size: int
    """Pictures of an iteration."""
    iterations: int
    crops_per_picture: int
    """Squares of each picture in an epoch."""
    val_check_interval: int
    """Iterations between two validations."""

    def __post_init__(self) -> None:
        for field in fields(self):
            check_whole(field.name, getattr(self, field.name), 1)
