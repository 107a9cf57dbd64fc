"""Small evaluations for tests: held-out squares of the embedded photographs, at 32 px."""

import json
from pathlib import Path

from inpaintlab.basics.files import read_json
from inpaintlab.verbs.evaluate import evaluate
from tests.helpers.composing import composed

FAST = ("data.size=32", "data.num_workers=0", "paper.batch_size=2", "limit=5", "device=cpu", "save=2",
        "buckets=[[0.1,0.2],[0.4,0.5]]")  # fmt: skip


def judged(output, *words, model="mean_color"):
    """Evaluate and return what ``evaluation.json`` holds; with ``model=None`` the words name a checkpoint."""
    evaluate(composed("evaluate", *([f"model={model}"] if model else []), *FAST, f"output={output}", *words))
    return read_json(Path(output) / "evaluation.json")


def numbers(folder):
    """Everything that must be equal byte by byte, whatever became of the processes in between."""
    record = json.loads((folder / "evaluation.json").read_text())
    kept = ("rows", "distributions", "saved", "masks", "pictures_sha256", "settings")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.png")}
    tables = [(folder / name).read_bytes() for name in ("pictures.parquet", "table.md")]
    return json.dumps({key: record[key] for key in kept}), files, tables
