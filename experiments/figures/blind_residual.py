"""Blind, Figs. 1 and 8: the learned residual, in a strip of corrupted, residual, restored and truth.

    python experiments/figures/blind_residual.py <checkpoint> strip.png [data=...] [mask=...]

The words choose pictures and holes as in ``inpaintlab train``; one batch of the test pictures is shown, 4 unless
``data.batch_size`` says otherwise.
"""

import sys
from pathlib import Path

import torch
from hydra.utils import instantiate
from PIL import Image
from torch import Tensor

from inpaintlab.basics.composing import compose
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_png
from inpaintlab.basics.messages import report_errors
from inpaintlab.batch import Batch
from inpaintlab.models.blind.module import BlindInpainting
from inpaintlab.models.loading import load

GAP = 4
"""Pixels of white between the pictures of a strip."""


@torch.no_grad()
def residual_picture(model: BlindInpainting, corrupted: Tensor) -> Tensor:
    """Show what the network adds to ``corrupted`` (B, C, H, W): black where nothing, (B, C, H, W) in [0, 1].

    A hole is black, so what is missing there is positive; where the network darkens, this shows black too.
    """
    return model.residual(corrupted).clamp(0, 1)


def write_strip(model: BlindInpainting, batch: Batch, path: str | Path) -> None:
    """Write a PNG, and its folder: one row per picture of ``batch``, corrupted, residual, restored, truth."""
    with torch.no_grad():
        restored = model.inpaint(batch.corrupted, batch.known)
    columns = (batch.corrupted, residual_picture(model, batch.corrupted), restored, batch.image)
    write_png(Path(path), to_pil(tile(columns)))


def tile(columns: tuple[Tensor, ...]) -> Tensor:
    """Lay columns of pictures (B, C, H, W) side by side, their pictures below one another: (C, ...) in [0, 1]."""
    pictures, channels, height, width = columns[0].shape
    sheet = torch.ones(channels, pictures * (height + GAP) - GAP, len(columns) * (width + GAP) - GAP)
    for column, stack in enumerate(columns):
        for row, picture in enumerate(stack):
            top, left = row * (height + GAP), column * (width + GAP)
            sheet[:, top : top + height, left : left + width] = picture
    return sheet


def to_pil(picture: Tensor) -> Image.Image:
    """Turn (1 or 3, H, W) in [0, 1] into an 8-bit picture."""
    pixels = picture.mul(255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)


def pictures(words: list[str]) -> Batch:
    """Return the first batch of test pictures that the words choose."""
    cfg = compose("model=blind", "paper.batch_size=4", "data.num_workers=0", *words)
    data = instantiate(cfg.data, _convert_="all")
    data.prepare_data()
    data.setup("test")
    batch: Batch = next(iter(data.test_dataloader()))
    return batch


@report_errors
def main(words: list[str]) -> None:
    """Write the strip."""
    places = [word for word in words if "=" not in word]
    if len(places) != 2:
        raise UserError("expected <checkpoint> <strip.png> [data=...], got: " + (" ".join(words) or "nothing"))
    model = load(places[0])
    if not isinstance(model, BlindInpainting):
        raise UserError(f"{places[0]}: expected a checkpoint of BlindInpainting, got one of {type(model).__name__}")
    write_strip(model, pictures([word for word in words if "=" in word]), places[1])
    print(places[1])


if __name__ == "__main__":
    main(sys.argv[1:])
