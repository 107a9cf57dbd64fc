"""The pictures that people look at: truth, holes and what the model made of them, as 8-bit PNG."""

import numpy as np
from PIL import Image
from torch import Tensor

from inpaintlab.basics.files import write_png
from inpaintlab.batch import Batch, composite
from inpaintlab.evaluation.journal import BatchKey
from inpaintlab.evaluation.setup import Setup
from inpaintlab.metrics.pair import eight_bit
from inpaintlab.records.rows import SavedPicture


def save_pictures(setup: Setup, key: BatchKey, prediction: Tensor, batch: Batch) -> None:
    """Write the chosen pictures of one batch: what the model is judged by, the hole in white, and once the truth."""
    cell, number = key
    judged = prediction if setup.model.blind else composite(prediction, batch)
    for row, position in enumerate(setup.positions(cell, number)):
        if not setup.is_saved(cell, position):
            continue
        entry = entry_of(setup, cell, position)
        write_png(setup.output / entry.picture, as_picture(judged[row]))
        write_png(setup.output / entry.mask, Image.fromarray(batch.hole[row, 0].cpu().numpy() > 0))
        if cell == 0 or setup.once:
            write_png(setup.output / entry.truth, as_picture(batch.image[row]))


def list_saved(setup: Setup) -> list[SavedPicture]:
    """Return what ``evaluation.json`` says of every picture written."""
    return [
        entry_of(setup, cell, position)
        for cell, own in enumerate(setup.own)
        for position in range(len(own))
        if setup.is_saved(cell, position)
    ]


def entry_of(setup: Setup, cell: int, position: int) -> SavedPicture:
    """Return where the picture at this place of the cell's lies."""
    index, folder = setup.own[cell][position], setup.cells[cell].folder
    return SavedPicture(
        cell=setup.cells[cell],
        index=index,
        name=setup.name(index),
        truth=f"truth/{index:05}.png",
        mask=f"masks/{folder}/{index:05}.png",
        picture=f"pictures/{folder}/{index:05}.png",
    )


def as_picture(x: Tensor) -> Image.Image:
    """Turn (3 or 1, H, W) in [0, 1] into an 8-bit picture."""
    pixels = eight_bit(x).byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(np.ascontiguousarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels))
