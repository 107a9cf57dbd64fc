"""Which evaluations share a table: those of the same pictures, masks and size, and no others."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inpaintlab.records.comparison import changed_words, conditions, differences
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.report.findings import Evaluation

NONE = "none"


@dataclass(frozen=True)
class Group:
    """Evaluations that may share a table."""

    number: int
    key: dict[str, str]
    """{property: value} that all its evaluations agree in, as words."""
    difference: str
    """What keeps them from those of the first group, in words; empty for the first."""
    evaluations: list[Evaluation]
    """The best first, by PSNR of the main view over the main cell."""

    @property
    def title(self) -> str:
        """Name the group in one line."""
        grey = " grey" if self.key["channels"] == "1" else ""
        return f"{self.key['data']}, {self.key['split']}, {self.key['size']} px{grey}, masks: {self.key['masks']}"


def make_groups(evaluations: Sequence[Evaluation]) -> tuple[list[Group], list[str]]:
    """Return the groups, the largest first, and a line per evaluation left out because it repeats another."""
    members: dict[str, list[Evaluation]] = {}
    repeated = []
    for one in evaluations:
        peers = members.setdefault(json.dumps(conditions(one.record)), [])
        twin = next((p for p in peers if p.label == one.label and _has_numbers_of(p.record, one.record)), None)
        if twin is None:
            peers.append(one)
        else:
            repeated.append(f"{one.place}: the same numbers as {twin.place}")
    groups: list[Group] = []
    for _, peers in sorted(members.items(), key=lambda item: (-len(item[1]), item[0])):
        key = in_words(peers[0].record)
        apart = differences(groups[0].key, key) if groups else []
        difference = "; ".join(f"{one.name}: {one.second}, not {one.first}" for one in apart)
        groups.append(Group(len(groups) + 1, key, difference, sorted(_told_apart(peers), key=_rank)))
    return groups, repeated


def in_words(record: EvaluationRecord) -> dict[str, str]:
    """Return the conditions of an evaluation for readers."""
    masks = record.masks
    maker = hashlib.sha256(json.dumps(masks.maker, sort_keys=True).encode()).hexdigest()
    drawn = f"{record.choices['mask']}, drawn with seed {record.seed}, {maker[:12]}"
    return {
        "data": str(record.choices["data"]),
        "words about the data": changed_words(record.overrides, ("data.",)) or NONE,
        **{name: str(getattr(record, name)) for name in ("split", "size", "channels", "seed")},
        "masks": f"frozen set {str(masks.sha256)[:12]}" if masks.is_frozen else drawn,
        "pictures": record.pictures_sha256[:12],
    }


def _has_numbers_of(first: EvaluationRecord, second: EvaluationRecord) -> bool:
    return (first.rows, first.distributions) == (second.rows, second.distributions)


def _told_apart(peers: list[Evaluation]) -> list[Evaluation]:
    """Add the place to labels that one group holds twice."""
    labels = [one.label for one in peers]
    return [one if labels.count(one.label) == 1 else replace(one, label=f"{one.label} [{one.place}]") for one in peers]


def _rank(one: Evaluation) -> tuple[float, str]:
    row = one.record.row(one.record.main_cell, one.record.main_view)
    psnr = row.values.get("psnr") if row else None
    return (-psnr if psnr is not None else float("inf"), one.label)
