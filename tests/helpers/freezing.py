"""Callbacks that hold still what would hide a question."""

from lightning.pytorch.callbacks import Callback
from torch.nn.modules.batchnorm import _BatchNorm


class FrozenNorm(Callback):
    """Puts every BatchNorm into evaluation for good; its weight and bias go on learning."""

    def on_fit_start(self, trainer, pl_module):
        for module in pl_module.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
                module.train = lambda mode=True, module=module: module


class StillWeights(Callback):
    """Takes every step back, so that the optimisers gather the gradients of many batches at the same weights."""

    def on_fit_start(self, trainer, pl_module):
        self.first = [parameter.detach().clone() for parameter in pl_module.parameters()]

    def on_train_batch_end(self, trainer, pl_module, *_):
        for parameter, first in zip(pl_module.parameters(), self.first, strict=True):
            parameter.data.copy_(first)
