"""Filling the hole from the nearest training picture, a baseline of Yeh et al. 2016 (section 4.2, Fig. 6)."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.models.classical.base import ClassicalModule, in_float64
from inpaintlab.models.classical.candidates import Candidates, from_data, from_folder

if TYPE_CHECKING:
    from inpaintlab.data.datamodule import InpaintingData

CHUNK_VALUES = 2**23
"""Pixel values that are compared at once, 64 MB in float64."""


class NearestPatch(ClassicalModule):
    """Paste into the hole what the training picture has there that is nearest among the known pixels.

    Candidates have the size of the picture, and are compared in place: t* = argmin over t of ||known * (t - y)||^2.
    """

    def __init__(self, pictures: str | None = None, limit: int | None = 10000) -> None:
        """``pictures``: folder to choose from; None = the training pictures of the data that ``evaluate`` judges.

        ``limit``: at most so many, spread evenly; None = all. They are kept in memory, C * H * W bytes each.
        """
        super().__init__()
        if limit is not None and limit < 1:
            raise UserError(f"model.limit={limit}: expected at least 1 picture, or null for all")
        self.save_hyperparameters()
        self._candidates: Candidates | None = None if pictures is None else from_folder(pictures, limit)

    def prepare(self, data: "InpaintingData") -> None:
        """Take the training pictures of ``data``, unless a folder was given."""
        if self.hparams.pictures is None:
            self._candidates = from_data(data, self.hparams.limit)

    def fill(self, seen: Tensor, known: Tensor) -> Tensor:
        """Return the nearest candidates, see the base."""
        if self._candidates is None:
            raise UserError("NearestPatch needs pictures to choose from: model.pictures=<folder>")
        candidates = self._candidates.at(*seen.shape[1:])
        index = nearest(seen.mul(255).round(), known, candidates)
        return candidates[index.cpu()].to(seen).div(255)


def nearest(pictures: Tensor, known: Tensor, candidates: Tensor) -> Tensor:
    """Return the index of the candidate with the least squared distance over the known pixels, (B,); the first of many.

    pictures (B, C, H, W) and candidates (N, C, H, W) with whole values 0 to 255, known (B, 1, H, W) bool. The sums of
    these whole numbers are exact in float64, so that neither the chunks nor the rest of the batch change a choice.
    """
    here = in_float64(known).expand(pictures.shape).flatten(1)
    target = in_float64(pictures).flatten(1) * here
    best = here.new_full((len(here),), torch.inf)
    index = torch.zeros_like(best, dtype=torch.long)
    size = max(1, CHUNK_VALUES // here.shape[1])
    for start in range(0, len(candidates), size):
        chunk = candidates[start : start + size].flatten(1).to(here.device).double()
        # ||known (t - y)||^2 without the term that all candidates share
        distance, position = (here @ chunk.square().T - 2 * target @ chunk.T).min(1)
        nearer = distance < best
        best, index = torch.where(nearer, distance, best), torch.where(nearer, position + start, index)
    return index
