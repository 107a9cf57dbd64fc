"""A model of one convolution and a few pictures, for the observers to observe."""

import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Checkpoint, ProgressBar
from torch import nn
from torch.utils.data import DataLoader

from inpaintlab.batch import Batch
from inpaintlab.models.base import InpaintingModule


class Toy(InpaintingModule):
    def __init__(self, iterations=10, fail_at=-1, blind=False, divisor=1, channels=3):
        super().__init__()
        self.save_hyperparameters()
        self.iterations, self.blind, self.divisor = iterations, blind, divisor
        self.network = nn.Conv2d(channels, channels, 3, padding=1)

    def inpaint(self, corrupted, known):
        assert corrupted.shape[-1] % self.divisor == corrupted.shape[-2] % self.divisor == 0
        return self.network(corrupted).sigmoid()

    def losses(self, batch):
        if int(self.iteration) == self.hparams.fail_at:
            raise RuntimeError("broken on purpose")
        return {"l1": (self.inpaint(batch.corrupted, batch.known) - batch.image).abs().mean()}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def samples(count=8, channels=3, sizes=(16,)):
    generator = torch.Generator().manual_seed(0)
    shapes = [(sizes[i % len(sizes)], 16) for i in range(count)]
    return [
        Batch(torch.rand(channels, *s, generator=generator), (torch.rand(1, *s, generator=generator) > 0.3).float())
        for s in shapes
    ]


def fit(tmp_path, callbacks, model=None, val=None, ckpt_path=None, **kwargs):
    """Train with a validation every 4 iterations; return the trainer."""
    trainer = Trainer(
        **{
            "accelerator": "cpu",
            "max_epochs": -1,
            "check_val_every_n_epoch": None,
            "val_check_interval": 4,
            "callbacks": callbacks,
            "logger": False,
            "enable_checkpointing": any(isinstance(c, Checkpoint) for c in callbacks),
            "enable_progress_bar": any(isinstance(c, ProgressBar) for c in callbacks),
            "enable_model_summary": False,
            "default_root_dir": tmp_path,
            "log_every_n_steps": 1,
            "inference_mode": False,
        }
        | kwargs
    )
    val = val if val is not None else DataLoader(samples(), batch_size=4)
    trainer.fit(model or Toy(), DataLoader(samples(), batch_size=2), val, ckpt_path=ckpt_path)
    return trainer
