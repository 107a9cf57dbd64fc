"""What the model makes of the same few pictures, validation after validation."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from PIL import Image, ImageDraw
from torch import Tensor
from torch.utils.data import Dataset

from inpaintlab.basics.files import write_png
from inpaintlab.batch import Batch, composite

HEADER = 16
"""Height in pixels of the line that names the columns."""
GAP = 2
"""Pixels between two pictures."""
TABLE = "samples/table"
"""Key of the pictures as a table in W&B."""


class SampleGrid(Callback):
    """Write ``<folder>/<iteration>.png`` at each validation, and hand it to TensorBoard and W&B if they are on.

    W&B also gets the pictures one by one, as a table that can be sorted by hole ratio and held beside other runs'.

    A row is one of ``count`` pictures spread over the validation set: corrupted, prediction (the network's raw
    output), completed, truth, and the error of the judged picture times ``error_scale``.
    """

    def __init__(self, folder: str, count: int = 6, error_scale: float = 4.0) -> None:
        super().__init__()
        self.folder, self.count, self.error_scale = Path(folder), count, error_scale
        self.pictures: list[Batch] = []

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Inpaint the pictures, one by one because they may differ in size, and write the grid."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        if not self.pictures:
            loaders = trainer.val_dataloaders
            self.pictures = spread((loaders[0] if isinstance(loaders, list) else loaders).dataset, self.count)
        with trainer.precision_plugin.val_step_context():
            rows = [self._row(pl_module, Batch(*(part[None] for part in picture))) for picture in self.pictures]
        titles = ["corrupted", "prediction", "completed", "truth", f"error x{self.error_scale:g}"]
        grid = draw_grid(rows, titles)
        iteration = int(pl_module.iteration)
        write_png(self.folder / f"{iteration:08d}.png", grid)
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("samples", np.array(grid), iteration, dataformats="HWC")
            elif isinstance(logger, WandbLogger):
                logger.log_image("samples", [grid])
                logger.log_table(TABLE, *self._table(rows, titles, iteration))

    def _row(self, model: Any, batch: Batch) -> Tensor:
        """Return the five pictures of one row, (5, C, H, W)."""
        batch = Batch(*(part.to(model.device) for part in batch))
        prediction = model.inpaint(batch.corrupted, batch.known)
        completed = composite(prediction, batch)
        judged = prediction if model.blind else completed
        error = (judged - batch.image).abs() * self.error_scale
        return torch.cat([batch.corrupted, prediction, completed, batch.image, error]).float().cpu()

    def _table(self, rows: list[Tensor], titles: list[str], iteration: int) -> tuple[list[str], list[list[Any]]]:
        """Return the columns and the rows of W&B's table."""
        from wandb import Image as Picture

        lines = [
            [iteration, index, float(sample.hole.mean()), *(Picture(Image.fromarray(part)) for part in pixels(row))]
            for index, (sample, row) in enumerate(zip(self.pictures, rows, strict=True))
        ]
        return ["iteration", "picture", "hole_ratio", *titles], lines


def spread(dataset: Dataset[Batch], count: int) -> list[Batch]:
    """Take ``count`` samples at equal distances, or all if there are fewer."""
    length = len(dataset)  # type: ignore[arg-type]
    count = min(count, length)
    return [dataset[index * length // count] for index in range(count)]


def draw_grid(rows: list[Tensor], titles: list[str]) -> Image.Image:
    """Lay out rows of (columns, C, H, W) pictures in [0, 1] as one RGB picture with a line of titles."""
    widest = max(row.shape[-1] for row in rows) + GAP
    height = HEADER + sum(row.shape[-2] + GAP for row in rows)
    grid = Image.new("RGB", (len(titles) * widest, height), "white")
    for column, title in enumerate(titles):
        label = Image.new("RGB", (widest - GAP, HEADER), "white")
        ImageDraw.Draw(label).text((1, 2), title, fill="black")
        grid.paste(label, (column * widest, 0))
    top = HEADER
    for row in rows:
        for column, picture in enumerate(pixels(row)):
            grid.paste(Image.fromarray(picture), (column * widest, top))
        top += row.shape[-2] + GAP
    return grid


def pixels(row: Tensor) -> np.ndarray:
    """Turn (columns, C, H, W) in [0, 1] into 8-bit RGB, (columns, H, W, 3)."""
    return row.clamp(0, 1).mul(255).round().byte().expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()
