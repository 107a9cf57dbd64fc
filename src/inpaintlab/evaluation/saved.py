"""The pictures that people look at: truth, holes and what the model made of them, as 8-bit PNG."""

from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from inpaintlab.basics.files import write_png
from inpaintlab.batch import Batch, composite
from inpaintlab.evaluation.job import Job
from inpaintlab.evaluation.journal import Key
from inpaintlab.metrics.pictures import eight_bit


def save_pictures(job: Job, key: Key, prediction: Tensor, batch: Batch) -> None:
    """Write the chosen pictures of one batch: what the model is judged by, the hole in white, and once the truth."""
    cell, number = key
    judged = prediction if job.model.blind else composite(prediction, batch)
    for row, position in enumerate(job.positions(cell, number)):
        if not job.is_saved(cell, position):
            continue
        entry = entry_of(job, cell, position)
        write_png(job.output / entry["picture"], as_picture(judged[row]))
        write_png(job.output / entry["mask"], Image.fromarray(batch.hole[row, 0].cpu().numpy() > 0))
        if cell == 0 or job.once:
            write_png(job.output / entry["truth"], as_picture(batch.image[row]))


def list_saved(job: Job) -> list[dict[str, Any]]:
    """Return what ``evaluation.json`` says of every picture written."""
    return [
        entry_of(job, cell, position)
        for cell, own in enumerate(job.own)
        for position in range(len(own))
        if job.is_saved(cell, position)
    ]


def entry_of(job: Job, cell: int, position: int) -> dict[str, Any]:
    """Return {bucket, border, index, name, truth, mask, picture}; the last three are paths below the output folder."""
    index, folder = job.own[cell][position], job.cells[cell].folder
    return {
        **job.cells[cell].where,
        "index": index,
        "name": job.name(index),
        "truth": f"truth/{index:05}.png",
        "mask": f"masks/{folder}/{index:05}.png",
        "picture": f"pictures/{folder}/{index:05}.png",
    }


def as_picture(x: Tensor) -> Image.Image:
    """Turn (3 or 1, H, W) in [0, 1] into an 8-bit picture."""
    pixels = eight_bit(x).byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(np.ascontiguousarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels))
