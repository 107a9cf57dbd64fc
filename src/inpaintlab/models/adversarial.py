"""The contract of a paper that trains a generator against discriminators."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.parametrizations import _SpectralNorm
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.seeds import seed_of
from inpaintlab.batch import Batch
from inpaintlab.models.base import InpaintingModule


class AdversarialModule(InpaintingModule):
    """A GAN paper writes ``inpaint``, the losses of both sides and ``optimizer_for``; the base lets them play.

    One iteration is one step of every discriminator that ``discriminator_losses`` names, then ``generator_steps`` steps
    of the generator. In a player's turn nobody else's parameters get gradients, nobody else's BatchNorm keeps running
    statistics, although it goes on normalising with those of the batch, and nobody else's spectral norm iterates. A
    paper with phases asks its own pure ``stage_at(int(self.iteration))`` in both losses who plays, and with which
    weights; where the generator sits out, it says so in ``generator_plays``.

    ``iteration``, ``iterations``, ``trainer.global_step`` and ``trainer.max_steps`` all count iterations. Distributed
    training needs ``find_unused_parameters``, because in each turn the others sit out; ``distributed.DataParallel``
    sees to it.
    """

    players: tuple[str, ...] = ("generator", "discriminator")
    """Names of the networks that learn, which are attributes of the module; the generator is the first."""
    generator_steps: int = 1
    """Steps of the generator in one iteration, each with losses of its own."""
    clip_norm: float | Mapping[str, float] | None = None
    """Largest norm of all gradients of each player, or by name; a player that is not named is not clipped."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def set_clip_norm(self, norm: float | Mapping[str, float] | None) -> None:
        """Clip each player by this norm, or {player: largest norm}; ``UserError`` for a name that is no player's."""
        named = dict(norm) if isinstance(norm, Mapping) else dict.fromkeys(self.players, norm)
        if unknown := set(named) - set(self.players):
            raise UserError(
                f"model.clip_norm: {', '.join(sorted(unknown))} is none of the players {', '.join(self.players)}"
            )
        for each in named.values():
            super().set_clip_norm(each)
        self.clip_norm = {player: each for player, each in named.items() if each is not None}

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return named scalars, already weighted, whose sum the generator minimises; never empty."""
        raise NotImplementedError

    def discriminator_losses(self, batch: Batch) -> dict[str, dict[str, Tensor]]:
        """Return such scalars for each discriminator that plays in this iteration: {player: {name: scalar}}."""
        raise NotImplementedError

    def generator_plays(self) -> bool:
        """Tell whether the generator learns in this iteration; where not, its losses are not asked for."""
        return True

    def drawn(self, count: int, *shape: int, seed: int, sample: Callable[..., Tensor] = torch.rand) -> Tensor:
        """Draw (count, *shape) numbers keyed by (seed, iteration): the same in every turn of one iteration.

        R processes divide one draw among themselves as the sampler divides the pictures, so that together they take
        the step of one process with R times the batch.
        """
        generator = torch.Generator().manual_seed(seed_of([seed, int(self.iteration)]))
        ranks = 1 if self._trainer is None else self._trainer.world_size
        draw = sample(ranks * count, *shape, generator=generator)[self.global_rank :: ranks]
        return draw.to(self.device, non_blocking=True)

    def optimizer_for(self, player: str) -> Optimizer:
        """Make the optimiser of one player."""
        raise NotImplementedError

    def scheduler_for(self, player: str, optimizer: Optimizer) -> LRScheduler | None:  # noqa: ARG002 - most have none
        """Make a player's schedule of the rate, which goes on by one in each iteration in which it plays."""
        return None

    def configure_optimizers(self) -> tuple[list[Optimizer], list[LRScheduler]]:
        """Make all optimisers and schedulers, in the order of ``players``."""
        optimizers = {player: self.optimizer_for(player) for player in self.players}
        schedulers = [self.scheduler_for(player, optimizer) for player, optimizer in optimizers.items()]
        return list(optimizers.values()), [scheduler for scheduler in schedulers if scheduler is not None]

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of all who play in this iteration, under the names they are logged with."""
        with self.turn_of(*self.players[1:]):
            rivals = self.discriminator_losses(batch)
        with self.turn_of(self.players[0]):
            own = self.generator_losses(batch) if self.generator_plays() else {}
        return own | {f"{player}/{name}": value for player, terms in rivals.items() for name, value in terms.items()}

    def training_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Play one iteration; the run ends when the paper's iterations are done."""
        generator, *discriminators = self.players
        plays = self.generator_plays()
        with self.turn_of(*discriminators):
            rivals = self.discriminator_losses(batch)
            for number, (player, terms) in enumerate(rivals.items()):
                self._step(player, terms, counted=not plays and number == 0)
                self.log_dict({f"train/{player}/{name}": value.detach() for name, value in terms.items()})
        for turn in range(self.generator_steps if plays else 0):
            with self.turn_of(generator):
                terms = self.generator_losses(batch)
                self._step(generator, terms, counted=turn == 0)
        if plays:
            self.log_dict({f"train/{name}": value.detach() for name, value in terms.items()})
            self.log("train/loss", torch.stack(list(terms.values())).sum().detach())
        self._advance_schedulers({generator, *rivals} if plays else set(rivals))
        self.tick()

    @contextmanager
    def turn_of(self, *players: str) -> Iterator[None]:
        """Let these players learn, and leave all others as they are."""
        others = [self.get_submodule(name) for name in self.players if name not in players]
        parameters = [parameter for other in others for parameter in other.parameters() if parameter.requires_grad]
        norms = [
            norm
            for other in others
            for norm in other.modules()
            if isinstance(norm, _BatchNorm) and norm.track_running_stats
        ]
        iterations = [
            norm for other in others for norm in other.modules() if isinstance(norm, _SpectralNorm) and norm.training
        ]
        try:
            for parameter in parameters:
                parameter.requires_grad_(False)
            for norm in norms:
                norm.track_running_stats = False
            for spectral in iterations:
                spectral.training = False
            yield
        finally:
            for parameter in parameters:
                parameter.requires_grad_(True)
            for norm in norms:
                norm.track_running_stats = True
            for spectral in iterations:
                spectral.training = True

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradients of the player whose turn it is."""
        norms = self.clip_norm if isinstance(self.clip_norm, Mapping) else dict.fromkeys(self.players, self.clip_norm)
        for player, own in self._optimizers().items():
            if own.optimizer is optimizer and (norm := norms.get(player)) is not None:
                torch.nn.utils.clip_grad_norm_(self.get_submodule(player).parameters(), norm)

    def _step(self, player: str, terms: dict[str, Tensor], counted: bool = False) -> None:
        """Minimise the sum of the terms by one step, which ``trainer.global_step`` counts or not."""
        optimizer = self._optimizers()[player]
        optimizer.zero_grad()
        self.manual_backward(torch.stack(list(terms.values())).sum())
        if counted:
            optimizer.step()
        else:  # the same without Lightning's counter
            self.trainer.strategy.optimizer_step(optimizer.optimizer, _nothing)

    def _advance_schedulers(self, players: set[str]) -> None:
        schedulers: Any = self.lr_schedulers() or []
        stepped = [self._optimizers()[player].optimizer for player in players]
        for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
            if any(scheduler.optimizer is optimizer for optimizer in stepped):
                scheduler.step()

    def _optimizers(self) -> dict[str, LightningOptimizer]:
        """Return Lightning's wrappers by player."""
        optimizers: Any = self.optimizers()
        optimizers = optimizers if isinstance(optimizers, list) else [optimizers]
        return dict(zip(self.players, optimizers, strict=True))


def _nothing() -> None:
    """Take the place of a closure."""
