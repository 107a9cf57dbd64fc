"""A device that holds no values, on which every look at one is noticed: a GPU would have to be waited for.

``train_on_nothing`` trains a tiny paper on torch's ``meta`` device. There tensors have shapes alone, so no arithmetic
is done, and what would wait for a GPU cannot be answered. ``Waits`` writes it down and answers 1.
"""

import traceback
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import torch
from hydra.utils import instantiate
from lightning import Trainer
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.strategies import SingleDeviceStrategy
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tests.helpers.composing import composed
from tests.helpers.tiny import COMMON, PAPERS

ANSWERS = {
    "item": lambda _: 1,
    "__bool__": lambda _: True,
    "__int__": lambda _: 1,
    "__float__": lambda _: 1.0,
    "__index__": lambda _: 1,
    "tolist": lambda x: torch.ones(x.shape).tolist(),
    "numpy": lambda x: torch.ones(x.shape).numpy(),
    "cpu": lambda x: torch.ones(x.shape, dtype=x.dtype),
    "nonzero": lambda x: torch.zeros(1, x.dim(), dtype=torch.long, device="meta"),
}
"""Methods of a tensor that wait for its values, and answers that let a run go on."""


class Waits(TorchFunctionMode):
    """While it is entered: ``told`` lists what waited, as method and line of code."""

    def __init__(self):
        super().__init__()
        self.told = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name, first = getattr(func, "__name__", ""), args[0] if args else None
        kwargs = kwargs or {}
        if name == "to" and any(str(place) == "cpu" for place in (*args[1:], kwargs.get("device"))):
            name = "cpu"
        if isinstance(first, Tensor) and first.is_meta and name in ANSWERS:
            self.tell(name)
            return ANSWERS[name](first)
        if name == "__getitem__" and any(isinstance(x, Tensor) and x.is_meta and x.dtype == torch.bool
                                         for x in (args[1] if isinstance(args[1], tuple) else args[1:])):  # fmt: skip
            self.tell("a mask as index")
            return first.flatten()
        result = func(*args, **kwargs)
        if name in ("to", "tensor", "as_tensor", "asarray") and isinstance(result, Tensor) and result.is_meta:
            came = not (isinstance(first, Tensor) and first.is_meta)
            if came and not kwargs.get("non_blocking"):
                self.tell(f"{name}, a copy that blocks")
        return result

    def tell(self, what):
        own = [f for f in traceback.extract_stack() if "/torch/" not in f.filename and __file__ != f.filename]
        self.told.append(f"{what} ({Path(own[-1].filename).name}:{own[-1].lineno} {own[-1].line})")


class Nowhere(CPUAccelerator):
    """Lightning's way to that device."""

    def setup_device(self, device):
        assert device.type == "meta"


class Watch(Callback):
    """Notice what waits from the start of a training's first step to the end of its last: {iteration: [what]}."""

    def __init__(self):
        self.waits, self.steps = Waits(), {}

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.steps[trainer.fit_loop.epoch_loop.total_batch_idx] = self.waits.told = []


def train_on_nothing(paper, folder, *words):
    """Train a paper of ``tiny`` with its default callbacks; return what waited in each step."""
    output = f"hydra.runtime.output_dir={folder}"
    cfg = composed("train", f"model={paper}", *COMMON, *PAPERS[paper], "callbacks.alive.every=100", *words, output)
    data = instantiate(cfg.data, _convert_="all")
    data.prepare_data()
    data.setup("fit")
    model, watch = instantiate(cfg.model, _convert_="all"), Watch()
    named = instantiate(cfg.callbacks, _convert_="all")
    trainer = Trainer(
        strategy=SingleDeviceStrategy(torch.device("meta"), Nowhere()), callbacks=[watch, *named.values()],
        logger=instantiate(cfg.logger), log_every_n_steps=1000, max_steps=cfg.trainer.max_steps, max_epochs=-1,
        limit_val_batches=0, enable_model_summary=False, default_root_dir=folder, inference_mode=False,
        use_distributed_sampler=False,
    )  # fmt: skip
    # Autocast knows no such device, and there is none to switch off.
    with watch.waits, mock.patch("torch.autocast", return_value=nullcontext()):
        trainer.fit(model, datamodule=data)
    return watch.steps
