"""A network that has died, and says the same whatever it is shown, stops the run."""

from collections.abc import Callable
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from inpaintlab.basics.errors import UserError


class AliveNetworks(Callback):
    """Stop where a network's output has been constant at ``patience`` looks one after the other.

    A look is at one training iteration in ``every``, and at all that a network answered in it before its first step: a
    residual at all pixels, a discriminator's logits for true and made pictures. It is constant where its largest value
    exceeds the smallest by no more than ``tolerance``, in the network's own range. Who did not play is not judged.
    """

    def __init__(self, every: int = 100, patience: int = 3, tolerance: float = 1e-4) -> None:
        super().__init__()
        for name, value in (("every", every), ("patience", patience)):
            if value < 1:
                raise UserError(f"callbacks.alive.{name}={value}: expected at least 1")
        self.every, self.patience, self.tolerance = every, patience, tolerance
        self.looking, self.looked_at = False, -1
        self.heard: dict[str, tuple[int, Tensor, Tensor]] = {}
        self.constant: dict[str, int] = {}
        self.handles: list[RemovableHandle] = []

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Listen to every network that learns."""
        for name, network in pl_module.named_children():
            if any(parameter.requires_grad for parameter in network.parameters()):
                self.handles.append(network.register_forward_hook(self._listener(name)))

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
        """Begin a look where one is due."""
        iteration = int(pl_module.iteration)  # of accumulated batches, which share one, the first is looked at
        self.looking = (iteration + 1) % self.every == 0 and iteration != self.looked_at
        self.looked_at = iteration
        self.heard.clear()

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:  # noqa: ARG002
        """Judge what was heard; ``UserError`` for a network that is dead."""
        if not self.looking:
            return
        self.looking = False
        spans = torch.stack([high - low for _, low, high in self.heard.values()]).tolist()  # the one wait of a look
        for name, span in zip(self.heard, spans, strict=True):
            self.constant[name] = self.constant.get(name, 0) + 1 if span <= self.tolerance else 0
            if self.constant[name] >= self.patience:
                raise UserError(self._message(name, pl_module))

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:  # noqa: ARG002
        """Listen no more."""
        for handle in self.handles:
            handle.remove()
        self.handles.clear()

    def _listener(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        @torch.compiler.disable  # kept out of a compiled network
        def listen(network: nn.Module, inputs: Any, output: Any) -> None:  # noqa: ARG001
            if not self.looking:
                return
            answers = output if isinstance(output, list | tuple) else [output]
            # of a coarse and a refined picture the last; not the lists of feature maps beside a critic's scores
            values = [answer for answer in answers if isinstance(answer, Tensor)][-1].detach()
            low, high = values.amin(), values.amax()
            step = next(network.parameters())._version  # a step raises it
            first, lowest, highest = self.heard.get(name, (step, low, high))
            if step == first:
                self.heard[name] = step, torch.minimum(low, lowest), torch.maximum(high, highest)

        return listen

    def _message(self, name: str, model: Any) -> str:
        iteration = int(model.iteration)
        rivals = getattr(model, "players", ())[1:]
        what = "gives every picture the same answer" if name in rivals else "gives the same value everywhere"
        return (
            f"iteration {iteration}: {type(model).__name__}'s {name} {what}, for {self.patience} looks: it is dead "
            "and will not learn again; start anew with a smaller learning rate, a larger batch or another seed, or "
            "from a checkpoint before that (callbacks.alive=null lets it run)"
        )
