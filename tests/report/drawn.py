"""Evaluation folders drawn for tests: pictures, rows and means that belong together."""

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image

from inpaintlab.records.cells import Bucket
from inpaintlab.records.picture_rows import KEYS

BUCKETS = ((0.1, 0.2), (0.3, 0.4), (0.5, 0.6))
MEASURES = ("psnr", "ssim", "l1")


def name_of(bucket):
    """A bucket as CSV has it."""
    return str(Bucket.read(bucket))


def scene(size, index):
    """A smooth coloured picture, (size, size, 3) in [0, 1]."""
    y, x = np.mgrid[:size, :size] / size
    waves = [np.sin((3 + index) * x + c) * np.cos((2 + index) * y - c) for c in (0.0, 1.0, 2.0)]
    return np.round(255 * (0.5 + 0.45 * np.stack(waves, 2))) / 255


def hole_of(size, ratio, index):
    """A square hole of about this share, (size, size) bool."""
    side = max(2, round(size * ratio**0.5))
    hole = np.zeros((size, size), bool)
    start = (3 * index) % (size - side + 1)
    hole[start : start + side, (size - side) // 2 : (size - side) // 2 + side] = True
    return hole


def score(made, truth, where):
    """The measures over the pixels ``where``; SSIM is a stand-in that falls with the error."""
    difference = (made - truth)[where]
    mse = float((difference**2).mean())
    return {
        "mse": mse,
        "psnr": -10 * np.log10(mse) if mse else float("nan"),
        "ssim": 1 / (1 + 10 * mse),
        "l1": float(np.abs(difference).mean()),
    }


def draw(folder, name, error, *, buckets=BUCKETS, borders=("any",), count=6, size=48, protocols=("standard",), save=3,
         scenes=scene, **fields):  # fmt: skip
    """Write evaluation.json, pictures.csv and pictures of a model that errs by ``error``; return the record."""
    folder = Path(folder)
    random = np.random.default_rng(sum(map(ord, name)))
    lines, saved = [], []
    for bucket in buckets:
        for border in borders:
            ratio = sum(bucket) / 2 if isinstance(bucket, tuple) else 0.25
            for index in range(count):
                truth, hole = scenes(size, index), hole_of(size, ratio, index)
                prediction = np.clip(truth + error * random.normal(size=truth.shape), 0, 1)
                made = np.where(hole[..., None], prediction, truth)
                key = dict(zip(KEYS, (name_of(bucket), border, index, f"p{index}.png", hole.mean()), strict=False))
                for protocol in protocols:
                    for output, picture in (("completed", made), ("prediction", prediction)):
                        for region, where in (("full", np.ones_like(hole)), ("hole", hole)):
                            view = {"protocol": protocol, "output": output, "region": region}
                            lines.append({**key, **view, **score(picture, truth, where)})
                if index < save:
                    saved.append(save_pictures(folder, bucket, border, index, truth, hole, made))
    record = head(name, size, protocols) | {"rows": means(lines, buckets), "saved": saved}
    for key, value in fields.items():
        record[key] = {**record[key], **value} if isinstance(record.get(key), dict) else value
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evaluation.json").write_text(json.dumps(record))
    with (folder / "pictures.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*KEYS, "mse", *MEASURES])
        writer.writeheader()
        for line in lines:
            numbers = {k: "" if v != v else f"{v:.9g}" for k, v in line.items() if isinstance(v, float)}
            writer.writerow({**line, **numbers})
    return record


def save_pictures(folder, bucket, border, index, truth, hole, made):
    """Write the three files and return the entry of ``saved``."""
    cell = f"{name_of(bucket)}-{border}".replace(" ", "")
    paths = {"truth": f"truth/{index:05}.png"}
    paths |= {"mask": f"masks/{cell}/{index:05}.png", "picture": f"pictures/{cell}/{index:05}.png"}
    for part, pixels in (("truth", truth), ("mask", hole), ("picture", made)):
        path = folder / paths[part]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.round(255 * np.asarray(pixels, float)).astype(np.uint8)).save(path)
    place = list(bucket) if isinstance(bucket, tuple) else bucket
    return {"bucket": place, "border": border, "index": index, "name": f"p{index}.png", **paths}


def head(name, size, protocols):
    """All of evaluation.json but its numbers."""
    return {
        "schema": 3, "name": name, "model": f"inpaintlab.models.{name}.module.{name.title()}", "ckpt": None,
        "ckpt_sha256": None, "iteration": 100, "choices": {"model": name, "data": "photos", "mask": "irregular"},
        "overrides": [], "command": f"inpaintlab evaluate model={name}", "split": "test", "seed": 0, "size": size,
        "channels": 3, "blind": False, "versions": {"inpaintlab": "0.1.0", "torch": "2.6"}, "commit": "abc123",
        "measures": list(MEASURES), "protocols": {p: {"boundary": 4} for p in protocols},
        "masks": {"source": "frozen", "folder": "benchmark_masks", "sha256": "f" * 64, "maker": None},
        "pictures_sha256": "a" * 64, "distributions": [],
        "cost": {"parameters": 1000, "predict_seconds": 1.0, "score_seconds": 0.1, "pictures": 100,
                 "peak_memory_mb": 100.0, "device": "cpu", "batch_size": 4},
    }  # fmt: skip


def means(lines, buckets):
    """The rows of means: per cell and view, and over all hole-ratio buckets where there are several."""
    by_name = {name_of(b): list(b) if isinstance(b, tuple) else b for b in buckets}
    groups = {}
    for line in lines:
        view = (line["protocol"], line["output"], line["region"])
        groups.setdefault((line["bucket"], line["border"], *view), []).append(line)
        if line["bucket"].startswith("(") and sum(name.startswith("(") for name in by_name) > 1:
            groups.setdefault(("all", "all", *view), []).append(line)
    rows = []
    for (bucket, border, protocol, output, region), members in groups.items():
        values = {m: [line[m] for line in members if line[m] == line[m]] for m in MEASURES}
        rows.append(
            {
                "bucket": by_name.get(bucket, bucket),
                "border": border,
                "protocol": protocol,
                "output": output,
                "region": region,
                "pictures": len(members),
                "identical": len(members) - len(values["psnr"]),
                **{m: float(np.mean(v)) if v else None for m, v in values.items()},
            }
        )
    return rows


def fid(values, network="inception2015", n=18, measure="fid"):
    """Entries of ``distributions`` for the cell over all."""
    return [
        {"bucket": "all", "border": "all", "protocol": "standard", "output": "completed", "measure": measure,
         "value": value, "n": n, "network": network, "weights_sha256": "b" * 64, "note": ""}
        for value in values
    ]  # fmt: skip


def three_models(folder):
    """Three models on the same pictures: telea errs most, pconv least."""
    return {
        name: draw(Path(folder) / name, name, error) for name, error in (("telea", 0.2), ("madf", 0.1), ("pconv", 0.05))
    }
