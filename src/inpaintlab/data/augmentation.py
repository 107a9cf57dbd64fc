"""Changes of whole batches on the training device, by kornia, each a pure function of (seed, iteration, rank)."""

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.seeds import seed_of
from inpaintlab.batch import Batch

if TYPE_CHECKING:
    from inpaintlab.data.datamodule import InpaintingData


class Augmentation:
    """Transforms of ``kornia.augmentation`` for the pictures of a batch, one after the other.

    The holes stay as they were drawn, so that their ratio, their border and their place are kept. All numbers are drawn
    on the CPU from a stream of their own, so that they are the same on every device, the model's own draws stay what
    they are, and a run that is resumed goes on bit by bit.
    """

    def __init__(self, transforms: Sequence[nn.Module], seed: int = 0) -> None:
        """``transforms``: each takes pictures (B, C, H, W) in [0, 1] and keeps their size; ``seed`` of all draws."""
        self.transforms, self.seed = list(transforms), seed
        self._iteration, self._part = -1, 0

    def check(self, data: "InpaintingData") -> None:
        """Refuse data that these transforms would not fit: edges that were found before, colours of grey pictures."""
        if data.edges is not None:
            raise UserError("data.edges: they would be those of the pictures before augment=; leave one of both out")
        certain = copy.deepcopy(self.transforms)
        for transform in certain:
            transform.p = 1.0  # what changes some of the pictures alone must fit all of them
        try:
            Augmentation(certain, self.seed)._changed(torch.zeros(1, data.channels, data.size, data.size), [self.seed])
        except UserError:
            raise
        except Exception as error:  # whatever kornia, or a transform from elsewhere, complains of
            raise UserError(
                f"augment: {type(error).__name__} with data.channels={data.channels} ({str(error).splitlines()[0]}); "
                "choose other transforms"
            ) from error

    def __call__(self, batch: Batch, iteration: int, rank: int) -> Batch:
        """Change the pictures (B, C, H, W) in [0, 1]; the batches that one iteration gathers are told apart."""
        self._part = self._part + 1 if iteration == self._iteration else 0
        self._iteration = iteration
        return batch._replace(image=self._changed(batch.image, [self.seed, iteration, rank, self._part]))

    @torch.no_grad()
    def _changed(self, pictures: Tensor, key: Sequence[int]) -> Tensor:
        """Return the pictures as the draws of the key change them."""
        changed = pictures
        with torch.random.fork_rng(devices=[]):
            # Kornia draws from the CPU's common stream; torch.manual_seed would begin those of the GPUs anew as well.
            torch.default_generator.manual_seed(seed_of(key))
            for transform in self.transforms:
                changed = transform(changed)
        if changed.shape != pictures.shape:
            raise UserError(
                f"augment: expected transforms that keep the size {tuple(pictures.shape)}, got {tuple(changed.shape)}"
            )
        return changed.to(pictures.dtype).clamp(0, 1)
