"""DCGAN: Semantic Image Inpainting with Perceptual and Contextual Losses (Yeh et al. 2016, arXiv 1607.07539v1)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import torch
from lightning.pytorch.trainer.states import TrainerFn, TrainerStatus
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.seeds import seed_of
from inpaintlab.batch import Batch
from inpaintlab.layers.poisson import poisson_blend
from inpaintlab.losses.adversarial import fake_loss, generator_loss, real_loss
from inpaintlab.models.adversarial import AdversarialModule
from inpaintlab.models.dcgan.network import Discriminator, Generator, Init, initialise
from inpaintlab.models.dcgan.search import Context, LatentSearch, Prior
from inpaintlab.models.portable import Portable, Slot


class DCGAN(AdversarialModule):
    """A GAN trained on whole pictures (eq. 1), and the search in its latent space that fills any hole (eq. 2 to 6).

    Training never looks at ``known``; ``inpaint`` works for every mask without training again.

    Args:
        size: side of the pictures, pixels, a multiple of 16.
        channels: 3 (colour) or 1 (grey).
        latent: length of z, drawn from U(-1, 1).
        width: filters of the discriminator's first layer; the generator starts with 8 times as many.
        kernel_size: 5 or 4.
        logits: of the discriminator, 1 or 2 (two-class softmax).
        init: ``normal`` or ``truncated_normal``, see ``network.initialise``.
        iterations: of training; one is a step of the discriminator and ``g_steps`` of the generator.
        g_steps: steps of the generator in one iteration, each with its own noise.
        saturating: the generator minimises log(1 - D) instead of -log D.
        lr, beta1: Adam of both networks.
        clip_norm: largest norm of the gradients, {``generator``: ..., ``discriminator``: ...}; None = no clipping.
        search_iterations: steps of Adam on z.
        search_lr, search_beta1: its rate and first beta.
        perceptual: weight of the perceptual loss, the paper's lambda; 0 = without.
        prior: ``literal``, log(1 - D), or ``nonsaturating``, -log D.
        context: ``plain``, every known pixel counts alike, or ``weighted`` by the share of hole around it.
        context_window: side of that neighbourhood, pixels, odd.
        restarts: searches from different starts, of which each picture keeps the best.
        blend: ``poisson`` or ``none``.
        validation_iterations: steps of the search for a validation during training.
        validation_batches: batches searched in such a validation; the others are passed over.
        seed: of the noise and of the search's starts.
        progress: show the search's progress bar on a terminal.
    """

    def __init__(
        self,
        size: int = 64,
        channels: int = 3,
        latent: int = 100,
        width: int = 64,
        kernel_size: int = 5,
        logits: int = 1,
        init: Init = "normal",
        iterations: int = 78_350,
        g_steps: int = 1,
        saturating: bool = False,
        lr: float = 2e-4,
        beta1: float = 0.5,
        clip_norm: float | Mapping[str, float] | None = None,
        search_iterations: int = 1000,
        search_lr: float = 0.01,
        search_beta1: float = 0.9,
        perceptual: float = 0.1,
        prior: Prior = "literal",
        context: Context = "plain",
        context_window: int = 7,
        restarts: int = 1,
        blend: Literal["poisson", "none"] = "poisson",
        validation_iterations: int = 100,
        validation_batches: int = 1,
        seed: int = 0,
        progress: bool = True,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self._check()
        self.generator = Generator(size, channels, latent, width, kernel_size)
        self.discriminator = Discriminator(size, channels, width, kernel_size, logits)
        for network in (self.generator, self.discriminator):
            initialise(network, init)
        self.search = LatentSearch(
            iterations=search_iterations,
            lr=search_lr,
            beta1=search_beta1,
            perceptual=perceptual,
            prior=prior,
            context=context,
            context_window=context_window,
            restarts=restarts,
            seed=seed,
            progress=progress,
        )
        self.set_clip_norm(clip_norm)
        self.divisor = size
        self.iterations, self.generator_steps = iterations, g_steps
        self.saturating, self.lr, self.beta1, self.blend = saturating, lr, beta1, blend
        self.validation_iterations, self.validation_batches = validation_iterations, validation_batches
        self._noise = self._noise_generator()

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Search, and blend what is found into the corrupted picture; the truth is never seen.

        Works under ``torch.no_grad``; under ``torch.inference_mode`` it raises ``UserError``.
        """
        self._check_size(corrupted)
        search = replace(self.search, iterations=self.validation_iterations) if self._fitting() else self.search
        outcome = search(self.generator, self.discriminator, to_symmetric(corrupted), known)
        prediction = (outcome.picture.to(corrupted.dtype) + 1) / 2
        if self.blend == "poisson":
            prediction = poisson_blend(corrupted, known, prediction)
        return prediction.clamp(0, 1)

    def notes(self) -> list[str]:
        """Say that a picture is a search."""
        steps = self.search.iterations * self.search.restarts
        return [f"a picture is a search: multiply-adds, time and memory are those of all its {steps} steps"]

    def portable(self, onnx: bool) -> Portable:  # noqa: ARG002
        """Return the generator: a latent vector in, a picture out. Filling is a search along gradients."""
        promise = f"a generated picture of {self.hparams.size} px; filling searches along gradients, which files lack"
        return Portable(
            self, lambda z: (self.generator(z) + 1) / 2, {"z": Slot("vector", self.hparams.latent)}, promise
        )

    def discriminator_losses(self, batch: Batch) -> dict[str, dict[str, Tensor]]:
        """Eq. 1 as the discriminator sees it: whole pictures against generated ones, each in a batch of its own."""
        self._check_size(batch.image)
        real = self.discriminator(to_symmetric(batch.image))
        with torch.no_grad():
            pictures = self.generator(self.noise(len(batch.image)))
        fake = self.discriminator(pictures)
        return {"discriminator": {"real": real_loss(real), "fake": fake_loss(fake)}}

    def generator_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Eq. 1 as the generator sees it."""
        fake = self.discriminator(self.generator(self.noise(len(batch.image))))
        return {"generator": generator_loss(fake, saturating=self.saturating)}

    def optimizer_for(self, player: str) -> torch.optim.Optimizer:
        """Adam, the same for both (Radford et al.)."""
        parameters = self.get_submodule(player).parameters()
        return torch.optim.Adam(parameters, lr=self.lr, betas=(self.beta1, 0.999))

    def noise(self, count: int) -> Tensor:
        """Draw the next z ~ U(-1, 1) of this iteration: (count, latent).

        R processes divide one draw among themselves as the sampler divides the pictures, so that together they take
        the step of one process with R times the batch.
        """
        ranks = 1 if self._trainer is None else self._trainer.world_size
        draw = torch.rand(ranks * count, self.hparams.latent, generator=self._noise)[self.global_rank :: ranks]
        return (draw * 2 - 1).to(self.generator.project.weight, non_blocking=True)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Key the noise by (seed, iteration), so that a resumed run draws what an uninterrupted one does."""
        self._noise = self._noise_generator(int(self.iteration))

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Judge one batch; during training only the first few, since each is a search."""
        if not self._fitting() or batch_idx < self.validation_batches:
            super().validation_step(batch, batch_idx, dataloader_idx)

    def _fitting(self) -> bool:
        """Tell whether a training is under way, which this search may only interrupt for a while."""
        if self._trainer is None:
            return False
        state = self._trainer.state
        return state.fn == TrainerFn.FITTING and state.status == TrainerStatus.RUNNING

    def _noise_generator(self, iteration: int = 0) -> torch.Generator:
        return torch.Generator().manual_seed(seed_of([self.hparams.seed, iteration]))

    def _check_size(self, pictures: Tensor) -> None:
        size = self.hparams.size
        if pictures.shape[-2:] != (size, size):
            height, width = pictures.shape[-2:]
            raise UserError(
                f"picture of {height}x{width} px: this DCGAN makes {size}x{size}; resize it, or set data.size={size}"
            )

    def _check(self) -> None:
        hparams = self.hparams
        if hparams.blend not in ("poisson", "none"):
            raise UserError(f"model.blend={hparams.blend}: expected poisson | none")
        for name in ("latent", "iterations", "g_steps", "validation_batches"):
            if hparams[name] < 1:
                raise UserError(f"model.{name}={hparams[name]}: expected at least 1")
        for name in ("perceptual", "validation_iterations", "seed"):
            if hparams[name] < 0:
                raise UserError(f"model.{name}={hparams[name]}: expected 0 or more")


def to_symmetric(pictures: Tensor) -> Tensor:
    """Map [0, 1] to the networks' [-1, 1]."""
    return pictures * 2 - 1
