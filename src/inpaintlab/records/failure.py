"""``failure.json``: why a job of a sweep failed; it goes when the job succeeds. The fields are the file's keys."""

from dataclasses import dataclass
from typing import Any, ClassVar

from inpaintlab.records.record import Record


@dataclass(frozen=True)
class JobFailure(Record):
    """All of ``failure.json``."""

    FILE: ClassVar[str] = "failure.json"
    SCHEMA: ClassVar[int] = 1

    status: int
    """Exit status of its processes."""
    reason: str
    """The last line that it printed."""
    tries: int
    at: str
    """Local time, to the second."""

    @classmethod
    def lift(cls, plain: dict[str, Any], schema: Any) -> dict[str, Any]:
        """Take files without a schema too, which the first sweeps left."""
        return plain if schema is None else super().lift(plain, schema)
