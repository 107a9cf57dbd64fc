"""A finished evaluation, small and made up."""

from PIL import Image

from inpaintlab.records.cells import OUTPUTS
from inpaintlab.records.evaluation import EvaluationRecord

CELLS = [([0.1, 0.2], "any"), ([0.2, 0.3], "any"), ("all", "all"), ("regular", "any")]


def record(blind=False, **changes):
    """Return the record: PSNR 30 - cell, one lower in the hole, ten lower in the other output."""
    own, other = OUTPUTS[::-1] if blind else OUTPUTS
    rows = [
        {"bucket": bucket, "border": border, "protocol": protocol, "output": output, "region": region, "pictures": 2,
         "identical": 0, "psnr": 30.0 - index - (region == "hole") - 10 * (output == other), "ssim": None, "l1": 0.1}
        for index, (bucket, border) in enumerate(CELLS)
        for protocol in ("standard", "lama")
        for output in (own, other)
        for region in ("full", "hole")
    ]  # fmt: skip
    distributions = [
        {"bucket": [0.1, 0.2], "border": "any", "protocol": "standard", "output": own, "measure": "fid",
         "value": 55.5, "n": 2, "network": "FID-2048", "weights_sha256": "ab", "note": "few pictures"},
        {"bucket": [0.2, 0.3], "border": "any", "protocol": "standard", "output": own, "measure": "fid",
         "value": None, "n": 2, "network": "FID-2048", "weights_sha256": "ab", "note": ""},
    ]  # fmt: skip
    saved = [
        {"bucket": [0.1, 0.2], "border": "any", "index": 0, "name": "a.png", "truth": "truth/00000.png",
         "mask": "masks/c/00000.png", "picture": "pictures/c/00000.png"}
    ]  # fmt: skip
    plain = {
        "schema": 3, "name": "mine", "model": "inpaintlab.models.pconv.module.PConv", "ckpt": "runs/x/last.ckpt",
        "ckpt_sha256": "cd", "iteration": 7, "choices": {"model": None, "data": "photos", "mask": "irregular"},
        "overrides": [], "command": "inpaintlab evaluate", "split": "test", "seed": 3, "size": 64, "channels": 3,
        "blind": blind, "versions": {"torch": "2.6"}, "commit": None, "measures": ["psnr", "fid"],
        "protocols": {"standard": {"window": 11, "nested": {"sigma": 1.5}}, "lama": {"window": 11}},
        "masks": {"source": "drawn", "folder": None, "sha256": None, "maker": {"_target_": "x"}},
        "pictures_sha256": "ef",
        "cost": {"parameters": 10, "predict_seconds": 0.5, "device": "cpu", "batch_size": 2},
        "rows": rows, "distributions": distributions, "saved": saved, **changes,
    }  # fmt: skip
    return EvaluationRecord.from_plain(plain)


def write_pictures(folder, evaluation):
    """Make the files that ``saved`` names."""
    for saved in evaluation.saved:
        for grey, kind in enumerate(("truth", "mask", "picture")):
            path = folder / getattr(saved, kind)
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = Image.new("RGB", (8, 8), (grey, grey, grey))
            if kind == "mask":
                picture.paste("white", (0, 0, 4, 8))
            picture.save(path)
