"""A paper of one's own in one file outside the package: train it, load its checkpoint, fill a picture.

python own_paper.py            or, by the command line, in the folder of this file:

PYTHONPATH=. inpaintlab train model._target_=own_paper.Dilated model.width=16
PYTHONPATH=. inpaintlab evaluate ckpt=runs/Dilated/<date>/checkpoints/last.ckpt trust=own_paper
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

import inpaintlab
from inpaintlab import Batch, InpaintingModule
from inpaintlab.training.train import train


class Dilated(InpaintingModule):
    """Convolutions that look further and further, of picture and mask; L1 all over, more in the hole."""

    def __init__(self, width: int = 16, layers: int = 4, hole: float = 6.0, lr: float = 1e-3, iterations: int = 300):
        super().__init__()
        self.save_hyperparameters()
        self.iterations, self.weight, self.lr = iterations, hole, lr
        widths = [4, *[width] * layers]
        convolutions = [nn.Conv2d(a, width, 3, padding=2**i, dilation=2**i) for i, a in enumerate(widths[:-1])]
        hidden = [part for convolution in convolutions for part in (convolution, nn.ReLU())]
        self.network = nn.Sequential(*hidden, nn.Conv2d(width, 3, 3, padding=1))

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Predict the picture, (B, 3, H, W) in [0, 1]."""
        return self.network(torch.cat([corrupted, known], 1)).sigmoid()

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """L1 of the known pixels and, weighted, of those in the hole."""
        error = (self.inpaint(batch.corrupted, batch.known) - batch.image).abs()
        return {"valid": (error * batch.known).mean(), "hole": self.weight * (error * batch.hole).mean()}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.lr)


def main(words: list[str]) -> Tensor:
    """Train in a folder, load what it left, and fill half of a grey picture; returns it."""
    folder = Path(next((word for word in words if "=" not in word), "own_run"))
    cfg = inpaintlab.compose(
        "model._target_=own_paper.Dilated", *[word for word in words if "=" in word], folder=folder
    )
    train(cfg, folder)
    model = inpaintlab.load(folder / "checkpoints" / "last.ckpt", trust="own_paper")
    hole = torch.arange(64) < 32
    return inpaintlab.fill(model, torch.full((3, 64, 64), 0.5), hole.expand(64, 64))


if __name__ == "__main__":
    main(sys.argv[1:])
