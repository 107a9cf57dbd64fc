"""Attack every reader with damaged input for some minutes, and count: the long form of ``tests/test_fuzz.py``.

``python tools/fuzz.py minutes=3`` goes through all kinds in turn; ``python tools/fuzz.py <kind> <seed>`` repeats one.
Status 1, and a line for each seed, where something else came out than the right value or a ``UserError`` of one line.
"""

import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from PIL import Image  # noqa: E402
from tests.helpers.fuzzing import ATTACKS  # noqa: E402


def attack(kind: str, seed: int) -> str:
    """Do one attack and return ``value``, ``told`` or the name of what was raised."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return ATTACKS[kind](random.Random(f"{kind} {seed}"), Path(folder))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            print(f"{kind} {seed}: {type(error).__name__} at {place}: {str(error)[:200]}", flush=True)
            return type(error).__name__


def run(minutes: float, begin: int = 1_000_000) -> int:
    """Attack for so long; return 1 if anything but values and lines came out, else 0."""
    counts, spent = Counter(), Counter()
    end, seed = time.monotonic() + 60 * minutes, begin
    while time.monotonic() < end:
        kind = min(ATTACKS, key=lambda kind: spent[kind])  # every kind gets as much time
        since = time.process_time()
        counts[kind, attack(kind, seed)] += 1
        spent[kind] += time.process_time() - since
        seed += 1
    for kind in ATTACKS:
        found = {result: count for (one, result), count in counts.items() if one == kind}
        print(
            f"{kind:15}{sum(found.values()):8,}  " + ", ".join(f"{n:,} {result}" for result, n in sorted(found.items()))
        )
    strange = sum(count for (_, result), count in counts.items() if result not in ("value", "told"))
    print(f"{sum(counts.values()):,} attacks, {strange} with another end than the right value or one line")
    return 1 if strange else 0


if __name__ == "__main__":
    Image.MAX_IMAGE_PIXELS = 2**16  # a damaged size is then refused, and takes no memory
    if len(sys.argv) == 3:
        print(attack(sys.argv[1], int(sys.argv[2])))
    else:
        sys.exit(run(float(sys.argv[1].removeprefix("minutes=")) if len(sys.argv) > 1 else 3))
