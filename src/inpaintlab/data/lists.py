"""Lists of pictures as authors ship them: a text file, one picture a line."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.data.pictures import Pictures


class Some:
    """Some pictures of others, by their places there."""

    def __init__(self, pictures: Pictures, places: Sequence[int]) -> None:
        self.pictures, self.places = pictures, np.asarray(places, np.int64)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> Image.Image:
        return self.pictures[int(self.places[index])]

    def name(self, index: int) -> str:
        """Return the name that the picture has among the others."""
        return self.pictures.name(int(self.places[index]))


def spread(total: int, limit: int | None) -> list[int]:
    """Choose ``limit`` places of ``total``, evenly, since neighbours are often alike; all where there are fewer."""
    count = total if limit is None else min(limit, total)
    return [place * total // count for place in range(count)]


def places_of(names: Sequence[str], file: str) -> list[int]:
    """Find the pictures of a list among ``names``, in the list's order; one that is not there raises ``UserError``.

    A line is a name, a path that ends in it, or a bare file name that only one has. A label behind it (Places2,
    ImageNet) is passed over, and so are empty lines and those that begin with #.
    """
    files = [PurePosixPath(name).name for name in names]
    times = Counter(files)
    place = {name: number for number, name in enumerate(files) if times[name] == 1}
    place |= {name: number for number, name in enumerate(names)}
    found = []
    for line in read_lines(file):
        match = next((place[key] for key in ways_to_read(line) if key in place), None)
        if match is None:
            raise UserError(f"data.list={file}: {line} is none of the {len(names)} pictures, such as {names[0]}")
        found.append(match)
    return found


def read_lines(file: str) -> list[str]:
    """Read the lines that name pictures."""
    path = Path(file).expanduser()
    if path.exists() and not path.is_file():  # a pipe would be waited for, for ever
        raise UserError(f"data.list={file}: no regular file; expected a text file, a picture a line")
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"data.list={file}: unreadable ({error}); expected a text file, a picture a line") from error
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise UserError(f"data.list={file}: empty; expected a text file, a picture a line")
    return lines


def ways_to_read(line: str) -> list[str]:
    """Return what a line may mean: as it is and without its last word, each cut from the left at every slash."""
    texts = [line, line.rsplit(maxsplit=1)[0]]
    parts = [PurePosixPath(text.replace("\\", "/")).parts for text in texts]
    return ["/".join(words[start:]) for words in parts for start in range(len(words))]
