"""Evaluation folders as ``inpaintlab evaluate`` leaves them, of flat pictures whose brightness tells the method."""

import json

import numpy as np
from PIL import Image

from inpaintlab.study.definition import Study, prepare
from inpaintlab.study.judged_pictures import read_contender

CELLS = (([0.1, 0.2], "any"), ([0.2, 0.3], "any"))
SETTINGS = {"question": "Which?", "truth": False, "exposures": [None], "trials": None, "seed": 0}


def draw(path, value, size=16):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size, size, 3), value, np.uint8)).save(path)


def evaluation(folder, name, *, brightness=100, cells=CELLS, pictures=3, size=16, **fields):
    """Write a folder; picture ``i`` has the grey value ``brightness + i``, the truth 60 + i; the hole is a corner."""
    saved = []
    for number, (bucket, border) in enumerate(cells):
        for index in range(pictures):
            paths = {
                "truth": f"truth/{index:05d}.png",
                "mask": f"masks/{number}/{index:05d}.png",
                "picture": f"pictures/{number}/{index:05d}.png",
            }
            draw(folder / paths["truth"], 60 + index, size)
            draw(folder / paths["picture"], brightness + index, size)
            hole = np.zeros((size, size), np.uint8)
            hole[: index + 2, :4] = 255
            (folder / paths["mask"]).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(hole).save(folder / paths["mask"])
            saved.append({"bucket": bucket, "border": border, "index": index, "name": f"p{index}", **paths})
    record = {
        "schema": 3, "name": name, "model": "inpaintlab.models.pconv.PConv", "ckpt": None, "ckpt_sha256": None,
        "iteration": None, "choices": {"model": name, "data": "photos", "mask": "irregular"}, "overrides": [],
        "command": f"inpaintlab evaluate model={name}", "split": "test", "seed": 0, "size": size, "channels": 3,
        "blind": False, "versions": {}, "commit": None, "protocols": {}, "cost": {},
        "masks": {"source": "frozen", "folder": "masks", "sha256": "a" * 64, "maker": None},
        "pictures_sha256": "b" * 64, "rows": [], "distributions": [], "saved": saved,
    } | fields  # fmt: skip
    (folder / "evaluation.json").write_text(json.dumps(record))
    return folder


def study(folder, methods=("pconv", "telea"), pictures=3, cells=CELLS, **settings):
    """Begin a study in ``folder / "study"`` of evaluations drawn beside it, each method 20 brighter than the last."""
    evaluations = [
        read_contender(evaluation(folder / name, name, brightness=100 + 20 * i, pictures=pictures, cells=cells))
        for i, name in enumerate(methods)
    ]
    return prepare(folder / "study", evaluations, **{**SETTINGS, **settings})


def made_up(methods=("a", "b"), cells=CELLS, pictures=3, exposures=(None,), trials=None, seed=0):
    """Return a study without files."""
    items = [
        {"bucket": bucket, "border": border, "index": i, "name": f"p{i}", "pictures": {m: f"{m}{i}" for m in methods}}
        for bucket, border in cells
        for i in range(pictures)
    ]
    return Study("id", "00", "Which?", list(exposures), trials, seed, list(methods), [], {}, items)
