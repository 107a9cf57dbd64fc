"""A callback that keeps BatchNorm at its running statistics, so that a step is the sum of its pictures' shares."""

from lightning.pytorch.callbacks import Callback
from torch.nn.modules.batchnorm import _BatchNorm


class FrozenNorm(Callback):
    """Puts every BatchNorm into evaluation for good; its weight and bias go on learning."""

    def on_fit_start(self, trainer, pl_module):
        for module in pl_module.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
                module.train = lambda mode=True, module=module: module
