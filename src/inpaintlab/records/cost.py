"""``cost.json``: what a model is made of and what it takes to fill pictures with it. The fields are the file's keys."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from inpaintlab.basics.kinds import is_of
from inpaintlab.records.record import Record


class Setting(NamedTuple):
    """What a time or a memory was measured on; it sorts."""

    device: str
    size: int
    """Side in pixels."""
    batch: int

    def __str__(self) -> str:
        """Return ``256 px, batch 1, cpu``."""
        return f"{self.size} px, batch {self.batch}, {self.device}"


@dataclass(frozen=True)
class CostRecord(Record):
    """All of ``cost.json``; ``evaluation.complexity`` tells how each number comes about."""

    FILE: ClassVar[str] = "cost.json"
    SCHEMA: ClassVar[int] = 1

    name: str
    """Of the model in the tables."""
    model: str
    """Its class."""
    parameters: int
    multiply_adds: dict[str, int | None]
    """{size: count for one picture, null for a method without network}."""
    latency: list[dict[str, Any]]
    """[{device, size, batch, median_ms (per picture), runs}]."""
    peak_memory_mb: list[dict[str, Any]]
    """[{device, size, batch, mb (MiB, null where it cannot be told)}]."""
    ckpt: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    """{argument of the model: value}."""
    parameters_trainable: int | None = None
    parameters_by_part: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """Sentences that the reader of the numbers must know."""
    threads: int | None = None
    """Of PyTorch on the CPU."""
    mask: str | None = None
    channels: int | None = None
    """Of the pictures that were filled."""
    versions: dict[str, str] = field(default_factory=dict)
    commit: str | None = None
    command: str | None = None

    def __post_init__(self) -> None:
        for number in (*self.adds.values(), *self.times.values(), *self.memories.values()):
            if not is_of(number, float | None):
                raise ValueError(f"expected numbers, got {number!r:.60}")

    @property
    def adds(self) -> dict[int, int | None]:
        """{size: multiply-adds}."""
        return {int(size): count for size, count in self.multiply_adds.items()}

    @property
    def times(self) -> dict[Setting, float]:
        """{setting: milliseconds per picture}."""
        return {setting_of(row): row["median_ms"] for row in self.latency}

    @property
    def memories(self) -> dict[Setting, float | None]:
        """{setting: MiB}."""
        return {setting_of(row): row["mb"] for row in self.peak_memory_mb}


def setting_of(row: dict[str, Any]) -> Setting:
    """Read what a row of times or memories was measured on."""
    setting = Setting(row["device"], row["size"], row["batch"])
    if not (isinstance(setting.device, str) and is_of(setting[1:], list[int])):
        raise ValueError(f"expected a device, a size and a batch, got {tuple(setting)!r:.60}")
    return setting
