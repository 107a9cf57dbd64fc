"""The methods of other libraries, which take one NumPy picture at a time, on the CPU, as models."""

import numpy as np
import torch
from torch import Tensor

from inpaintlab import methods
from inpaintlab.models.classical.base import ClassicalModule


class PictureByPicture(ClassicalModule):
    """A model that lets a method of the same name in ``methods`` fill one picture after the other."""

    def __init__(self, method: methods.Method) -> None:
        super().__init__()
        self.method = method

    def fill(self, seen: Tensor, known: Tensor) -> Tensor:
        """Fill one after the other, see the base."""
        eight_bit = self.method.eight_bit
        pictures = (seen.mul(255).round().byte() if eight_bit else seen.double()).permute(0, 2, 3, 1)
        holes = ~known.squeeze(1).cpu().numpy()
        filled = [self.method.fill(*pair) for pair in zip(pictures.cpu().contiguous().numpy(), holes, strict=True)]
        prediction = torch.from_numpy(np.stack(filled)).permute(0, 3, 1, 2)
        return prediction.to(seen.dtype).div(255) if eight_bit else prediction


class Telea(PictureByPicture):
    """See ``methods.Telea``."""

    def __init__(self, radius: float = 3) -> None:
        super().__init__(methods.Telea(radius))
        self.save_hyperparameters()


class NavierStokes(PictureByPicture):
    """See ``methods.NavierStokes``."""

    def __init__(self, radius: float = 3) -> None:
        super().__init__(methods.NavierStokes(radius))
        self.save_hyperparameters()


class PatchMatch(PictureByPicture):
    """See ``methods.PatchMatch``."""

    def __init__(self, patch_size: int = 3, seed: int = 0) -> None:
        super().__init__(methods.PatchMatch(patch_size, seed))
        self.save_hyperparameters()


class Biharmonic(PictureByPicture):
    """See ``methods.Biharmonic``."""

    def __init__(self) -> None:
        super().__init__(methods.Biharmonic())
        self.save_hyperparameters()
