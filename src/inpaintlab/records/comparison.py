"""May these two be compared, and where do they differ: each written once, for every room that asks."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inpaintlab.records.evaluation import EvaluationRecord

HARMLESS = ("data.size=", "data.channels=", "data.batch_size=", "data.num_workers=")
"""Words about the data that change no picture, or have a condition of their own."""


@dataclass(frozen=True)
class Difference:
    """One setting in which two differ."""

    name: str
    """Dotted path, such as ``data.size``."""
    first: Any
    second: Any

    def __str__(self) -> str:
        """Return ``data.size=32, not 64``."""
        return f"{self.name}={_short(self.first)}, not {_short(self.second)}"


def differences(first: Mapping[str, Any], second: Mapping[str, Any], shared: bool = False) -> list[Difference]:
    """Return the settings in which two pieces of plain data differ, in the order of the second, then of the first.

    ``shared``: only those that both have. Mappings are compared setting by setting, everything else as a whole.
    """
    one, two = dict(flatten(first)), dict(flatten(second))
    names = dict.fromkeys([*two, *one])
    return [
        Difference(name, one.get(name), two.get(name))
        for name in names
        if one.get(name) != two.get(name) and (not shared or (name in one and name in two))
    ]


def flatten(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) of nested settings; an empty mapping is a value."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def conditions(record: EvaluationRecord) -> dict[str, Any]:
    """Return what two evaluations must agree in to have judged the same pictures with the same holes."""
    masks = record.masks
    changed = changed_words(record.overrides, ("data.",))
    return {
        "data": record.choices["data"],
        **({"words about the data": changed} if changed else {}),
        **{name: getattr(record, name) for name in ("split", "size", "channels", "seed", "pictures_sha256")},
        "masks": masks.source,
        **(
            {"masks.sha256": masks.sha256}
            if masks.is_frozen
            else {f"masks.maker.{key}": value for key, value in (masks.maker or {}).items()}
        ),
    }


def changed_words(overrides: list[str], prefixes: tuple[str, ...]) -> str | None:
    """Return what else was said of pictures and masks: numbers under other words are no rivals."""
    words = [word for word in overrides if word.startswith(prefixes)]
    return " ".join(sorted(word for word in words if not word.startswith(HARMLESS))) or None


def protocol_settings(record: EvaluationRecord, protocol: str) -> dict[str, Any]:
    """Return what decides a protocol's numbers of pictures: its settings without what it looks at and without FID."""
    settings = record.protocols.get(protocol) or {}
    return {name: value for name, value in settings.items() if name not in ("distributions", "regions", "outputs")}


def _short(value: Any) -> str:
    """Write a value for a message."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
