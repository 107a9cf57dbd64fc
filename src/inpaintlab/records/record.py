"""How records are read and written: dataclasses that are the schema of their files, checked as they are read."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import Self

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import load_json, write_json
from inpaintlab.basics.kinds import check_kinds


class Record:
    """What one file holds. A subclass is a dataclass; its fields are the file's keys, in their order."""

    FILE: ClassVar[str]
    """Name of the file."""
    SCHEMA: ClassVar[int]
    """Version of the layout, the key ``schema`` of the file."""
    LARGEST: ClassVar[int] = 2**24
    """Bytes that the file may have."""

    @classmethod
    def lift(cls, plain: dict[str, Any], schema: Any) -> dict[str, Any]:
        """Bring what a file of an older version holds to this one; ``ValueError`` for a version that cannot be read."""
        if schema != cls.SCHEMA:
            raise ValueError(f"schema {schema}, expected {cls.SCHEMA}")
        return plain

    @classmethod
    def from_plain(cls, plain: Any) -> Self:
        """Make one of what JSON holds; ``ValueError`` says what is missing or wrong."""
        if not isinstance(plain, dict):
            raise ValueError(f"no {cls.FILE}: expected an object")
        try:
            return build(cls, cls.lift(plain, plain.get("schema")))
        except UserError as error:  # of a part with rules of its own, such as a bucket
            raise ValueError(str(error)) from error
        except (TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file, or ``FILE`` in a folder; ``UserError`` in one line if it is not there or not whole."""
        path = path / cls.FILE if path.is_dir() else path
        try:
            return cls.from_plain(load_json(path, cls.LARGEST))
        except ValueError as error:
            reason = " ".join(str(error).split())
            raise UserError(f"{path}: not a readable {cls.FILE} ({reason:.300})") from error

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON holds."""
        return {"schema": self.SCHEMA, **plain_of(self)}

    def write(self, folder: Path) -> Path:
        """Replace the file in a folder; a number that is not finite becomes null."""
        write_json(folder / self.FILE, self.to_plain())
        return folder / self.FILE


def build(kind: type, plain: Mapping[str, Any]) -> Any:
    """Make a dataclass of plain data; a key that it does not know is passed over.

    ``ValueError`` for a missing key, and for a value of another kind than the field's annotation says.
    """
    if not isinstance(plain, Mapping):
        raise ValueError(f"{kind.__name__}: expected an object")
    values = {}
    for field in fields(kind):
        if field.name in plain:
            values[field.name] = plain[field.name]
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"no {field.name}")
    check_kinds(kind, values)
    return kind(**values)


def plain_of(value: Any) -> Any:
    """Return a value as JSON holds it; a part that knows its own form is asked for it."""
    if hasattr(value, "to_plain") and not isinstance(value, Record):
        return value.to_plain()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_of(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_of(item) for item in value]
    return value


def words(name: str, *values: Any) -> None:
    """Raise ``ValueError`` unless all values are text."""
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name}: expected words")
