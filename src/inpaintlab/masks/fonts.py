"""Where the letters come from: the package font-roboto, or a family installed on this machine."""

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from inpaintlab.basics.errors import UserError

WEIGHTS = {"ultralight": 100, "thin": 200, "light": 300, "regular": 400, "bold": 700}
"""The styles of the blind paper by weight, after the scale of CSS."""
_WEIGHT_WORDS = {
    "thin": 100, "hairline": 100, "extralight": 150, "ultralight": 150, "light": 300, "medium": 500, "demi": 600,
    "semibold": 600, "bold": 700, "extrabold": 800, "heavy": 850, "black": 900,
}  # fmt: skip


@dataclass(frozen=True)
class Face:
    """One font file's face."""

    path: str
    index: int
    family: str
    weight: int
    italic: bool
    condensed: bool


def read_faces(path: Path) -> Iterator[Face]:
    """Yield the faces of one font file; a file that FreeType cannot read has none."""
    for index in range(16 if path.suffix.lower() == ".ttc" else 1):
        try:
            family, style = ImageFont.truetype(str(path), 10, index).getname()
        except OSError:
            return
        if family is None:
            continue
        style = (style or "").lower().replace(" ", "")
        found = [weight for word, weight in _WEIGHT_WORDS.items() if word in style]
        # "extralight" holds "light", "semibold" holds "bold": the extreme one is meant
        weight = max(found, key=lambda value: abs(value - 400), default=400)
        italic = "italic" in style or "oblique" in style
        narrow = "condensed" in style or "narrow" in family.lower()
        yield Face(str(path), index, family, weight, italic, narrow)


def font_folders() -> list[Path]:
    """List the folders in which this kind of machine keeps its fonts."""
    home = Path.home()
    if sys.platform == "win32":
        return [Path("C:/Windows/Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]


@lru_cache
def installed_faces() -> tuple[Face, ...]:
    """Scan the font folders of this machine."""
    files = sorted(
        p for folder in font_folders() for p in folder.rglob("*") if p.suffix.lower() in (".ttf", ".otf", ".ttc")
    )
    return tuple(face for path in files for face in read_faces(path))


@dataclass(frozen=True)
class Family:
    """The faces of one family, and what has to be emulated for want of a face."""

    name: str
    faces: tuple[Face, ...]

    def choose(self, weight: int, italic: bool, condensed: bool) -> Face:
        """Return the face nearest to a style: width first, then slant, then weight."""
        return min(
            self.faces,
            key=lambda face: (face.condensed != condensed, face.italic != italic, abs(face.weight - weight), face.path),
        )

    def emulated(self) -> list[str]:
        """Say which of the paper's styles this family lacks, and what stands in for each."""
        weights = {face.weight for face in self.faces}
        said = []
        if max(weights) < 600:
            said.append("bold (a thicker stroke)")
        if min(weights) > 150:
            said.append("ultralight and thin (the thinnest face available)")
        elif not any(150 <= weight < 300 for weight in weights):
            said.append("ultralight (the same face as thin)")
        if not any(face.italic for face in self.faces):
            said.append("italic (slanted)")
        if not any(face.condensed for face in self.faces):
            said.append("condensed (0.75 of the width)")
        return said


@lru_cache
def load_family(name: str) -> Family:
    """Find a family by name, and say once which it is and what is emulated; ``UserError`` if it is not here."""
    if name.lower() == "roboto":
        import font_roboto

        faces = tuple(face for path in sorted(font_roboto.font_files.values()) for face in read_faces(Path(path)))
    else:
        faces = tuple(face for face in installed_faces() if face.family.lower() == name.lower())
    if not faces:
        found = sorted({face.family for face in installed_faces()})
        raise UserError(
            f"font={name}: not installed here; found {', '.join(found) or 'no fonts'}; "
            "or use font=Roboto, which is packaged"
        )
    family = Family(name, faces)
    logging.getLogger(__name__).info(
        "text masks: font %s (%s); emulated: %s",
        name,
        Path(faces[0].path).parent,
        ", ".join(family.emulated()) or "nothing",
    )
    return family
