"""EdgeConnect: Generative Image Inpainting with Adversarial Edge Learning (Nazeri et al. 2019)."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torchmetrics.classification import BinaryPrecision, BinaryRecall

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, EdgeBatch
from inpaintlab.layers.canny import luminance
from inpaintlab.losses.feature_matching import feature_matching
from inpaintlab.models.adversarial import AdversarialModule
from inpaintlab.models.edge_connect import official
from inpaintlab.models.edge_connect.edges import Detection, Detector
from inpaintlab.models.edge_connect.gan import GAMES
from inpaintlab.models.edge_connect.image_losses import FeatureLosses, Region, l1_per_hole
from inpaintlab.models.edge_connect.network import Discriminator, Generators
from inpaintlab.models.edge_connect.phases import PHASES
from inpaintlab.models.portable import Portable


class EdgeConnect(AdversarialModule):
    """Completes the edges in the hole, then paints the hole along them.

    A module holds all four networks in every phase; those that the phase does not train stay as they are, in
    evaluation mode. So each phase begins with the checkpoint of the one before, and hands on all that was learnt.

    Args:
        phase: ``edge`` trains the edge generator; ``inpaint`` the image generator, on true edges; ``edge_inpaint`` the
            image generator, on the edges that the edge generator completes; ``joint`` both, as one.
        channels: 3 (colour) or 1 (grey).
        width: channels of the first layer of each network.
        residual_blocks: in each generator.
        spectral_norm: of the edge generator and both critics.
        gan: ``nsgan``, ``lsgan`` or ``hinge``, see ``gan.GAMES``.
        edge_adversarial, feature_matching: weights of the edge generator's losses.
        l1, adversarial, perceptual, style: weights of the image generator's; a term of weight 0 is not computed.
        style_region: what the style loss compares, ``hole``, ``known`` or ``all``.
        joint_edge_critic: the joint phase keeps the edges' critic and losses; without, edges learn from the picture's.
        detector: ``canny``, ``kornia`` or ``none``; a batch that brings its edges is taken at its word.
        sigma, low, high: of the detector, see ``layers.canny.canny``.
        edge_merge: known edges replace what the edge generator says of known pixels.
        lr: of Adam, generators, constant.
        d_lr: critics.
        iterations: of this phase.
        clip_norm: largest norm of a player's gradients, {``generator``: ..., ``image_discriminator``: ...}; None =
            no clipping.
        vgg_weights: see ``losses.vgg19.Vgg19Features``; read only if a term needs it, when training starts.
        vgg_norm: VGG-19 sees pictures normalised by ImageNet's mean and deviation.
    """

    divisor = 4
    recompute: bool = False
    """Keep no activations within VGG-19 for the backward pass: the same gradients for less memory and more time."""

    def __init__(
        self,
        phase: Literal["edge", "inpaint", "edge_inpaint", "joint"] = "edge_inpaint",
        channels: int = 3,
        width: int = 64,
        residual_blocks: int = 8,
        spectral_norm: bool = True,
        gan: Literal["nsgan", "lsgan", "hinge"] = "nsgan",
        edge_adversarial: float = 1.0,
        feature_matching: float = 10.0,
        l1: float = 1.0,
        adversarial: float = 0.1,
        perceptual: float = 0.1,
        style: float = 250.0,
        style_region: Region = "hole",
        joint_edge_critic: bool = True,
        detector: Detection = "canny",
        sigma: float = 2.0,
        low: float = 0.1,
        high: float = 0.2,
        edge_merge: bool = True,
        lr: float = 1e-4,
        d_lr: float = 1e-5,
        iterations: int = 2_000_000,
        clip_norm: float | Mapping[str, float] | None = None,
        vgg_weights: str | None = "IMAGENET1K_V1",
        vgg_norm: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        for name, value, allowed in (
            ("phase", phase, PHASES), ("gan", gan, GAMES), ("style_region", style_region, get_args(Region)),
            ("channels", channels, (1, 3)),
        ):  # fmt: skip
            if value not in allowed:
                raise UserError(f"model.{name}: expected {' | '.join(map(str, allowed))}, got {value!r}")
        if not (lr > 0 and d_lr > 0 and iterations > 0):
            raise UserError(
                f"model: expected positive rates and iterations, got lr={lr}, d_lr={d_lr}, iterations={iterations}"
            )
        self.phase, self.game, self.iterations, self.edge_merge = PHASES[phase], GAMES[gan], iterations, edge_merge
        self.rates = {"generator": lr, "edge_discriminator": d_lr, "image_discriminator": d_lr}
        self.blind = self.phase.guide is None  # edges are judged and delivered whole, no known pixels among them
        self.detect = Detector(detector, sigma, low, high)
        self.generator = Generators(channels, width, residual_blocks, spectral_norm)
        self.edge_discriminator = Discriminator(2, width, spectral_norm)
        self.image_discriminator = Discriminator(channels, width, spectral_norm)
        edge_weights = {"edge_adversarial": edge_adversarial, "feature_matching": feature_matching}
        image_weights = {"l1": l1, "adversarial": adversarial, "perceptual": perceptual, "style": style}
        edges_learn = "edge" in self.phase.learning and (phase != "joint" or joint_edge_critic)
        self.weights = (edge_weights if edges_learn else {}) | (image_weights if self.phase.guide else {})
        if not any(self.weights.values()):
            raise UserError(
                f"model: every loss has weight 0; give one of model.{', model.'.join(self.weights)} a weight"
            )
        if edges_learn and detector == "none":
            raise UserError(f"model.detector=none: model.phase={phase} needs edges to learn")
        critics = {"edge_discriminator": edges_learn, "image_discriminator": self.phase.guide is not None}
        self.players = ("generator", *(name for name, plays in critics.items() if plays))
        self.set_clip_norm(clip_norm)
        for network in self._resting():
            network.requires_grad_(False).eval()
        # Steps that the edge generator has learnt for, in this phase and in those before.
        self.register_buffer("edge_iterations", torch.zeros((), dtype=torch.long))
        self.feature_losses = FeatureLosses(
            self.weights.get("perceptual", 0), self.weights.get("style", 0), style_region, vgg_weights, vgg_norm
        )
        self.needs_vgg = bool(self.feature_losses.weights)
        self.edge_precision, self.edge_recall = BinaryPrecision(), BinaryRecall()

    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Complete the edges and paint along them; in the phase ``edge`` the edges themselves, as often as channels.

        What stands in the hole of ``corrupted`` changes no bit of the result.
        """
        edges = self.complete_edges(corrupted, known)
        return self.paint(corrupted, known, edges) if self.phase.guide else edges.expand_as(corrupted)

    def portable(self, onnx: bool) -> Portable:
        """Refuse where edges are found by Canny, whose hysteresis goes on for as long as an edge does."""
        if self.detect.kind != "none":
            raise UserError(
                f"EdgeConnect with detector={self.detect.kind} follows edges from pixel to pixel, a loop whose length "
                "depends on the picture, which no exported file can; use detector=none, or safetensors"
            )
        return super().portable(onnx)

    def complete_edges(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Return the edges of the whole picture, (B, 1, H, W) in [0, 1], from what is known of it.

        As long as the edge generator has not learnt a single step, the hole has no edges.
        """
        grey = luminance(corrupted)
        known_edges = self.detect(grey, known)
        if not self.edge_iterations:
            return known_edges
        return self._merge(self._draw_edges(grey, known_edges, known), known_edges, known)

    def paint(self, corrupted: Tensor, known: Tensor, edges: Tensor) -> Tensor:
        """Paint along given edges (B, 1, H, W) in [0, 1], which may be drawn by hand: (B, C, H, W) in [0, 1], raw."""
        white = torch.where(known > 0.5, corrupted, 1)
        return self.generator.image(torch.cat([white, edges], 1)).float()

    def true_edges(self, batch: Batch | EdgeBatch) -> Tensor:
        """Return the edges of the truth, (B, 1, H, W): those that the loader found, or else the detector's."""
        return batch.edges if isinstance(batch, EdgeBatch) else self.detect(luminance(batch.image))

    def discriminator_losses(self, batch: Batch | EdgeBatch) -> dict[str, dict[str, Tensor]]:
        """Half of what each critic pays for true, half for generated ones; edges are judged beside the true grey."""
        truth, grey = self.true_edges(batch), luminance(batch.image)
        with torch.no_grad():
            edges, picture = self._generate(batch, truth)
        losses = {}
        if "edge_discriminator" in self.players:
            real, fake = (torch.cat([grey, drawn], 1) for drawn in (truth, edges))
            losses["edge_discriminator"] = self._judge(self.edge_discriminator, real, fake)
        if "image_discriminator" in self.players:
            losses["image_discriminator"] = self._judge(self.image_discriminator, batch.image, picture)
        return losses

    def generator_losses(self, batch: Batch | EdgeBatch) -> dict[str, Tensor]:
        """Those of the generators that learn in this phase, in float32; in ``joint`` one sum for both."""
        truth = self.true_edges(batch)
        edges, picture = self._generate(batch, truth)
        losses = {}
        if "edge_discriminator" in self.players:
            losses |= self._edge_losses(luminance(batch.image), truth, edges)
        if picture is not None:
            losses |= self._image_losses(picture, batch)
        return losses

    def _generate(self, batch: Batch | EdgeBatch, truth: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return what the generators make in this phase, raw: edges (B, 1, H, W) and picture (B, C, H, W), or None."""
        known = batch.known
        if self.phase.guide == "true":
            return None, self.paint(batch.image, known, truth)
        with torch.set_grad_enabled(torch.is_grad_enabled() and "edge" in self.phase.learning):
            edges = self._draw_edges(luminance(batch.image), truth * known, known)
        if self.phase.guide is None:
            return edges, None
        return edges, self.paint(batch.image, known, self._merge(edges, truth, known))

    def _draw_edges(self, grey: Tensor, found: Tensor, known: Tensor) -> Tensor:
        """Return the edge generator's answer to grey and found edges, (B, 1, H, W); neither is read in the hole."""
        white = torch.where(known > 0.5, grey, 1)
        return self.generator.edge(torch.cat([white, found * known, 1 - known], 1)).float()

    def _merge(self, drawn: Tensor, found: Tensor, known: Tensor) -> Tensor:
        """Put the known edges back, unless ``edge_merge`` is off."""
        return torch.where(known > 0.5, found, drawn) if self.edge_merge else drawn

    def _judge(self, critic: Discriminator, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        # In one forward, so that both are judged by one and the same iteration of the spectral norm.
        real, fake = critic(torch.cat([real, fake]))[-1].chunk(2)
        return {"real": self.game.real(real) / 2, "fake": self.game.fake(fake) / 2}

    def _edge_losses(self, grey: Tensor, truth: Tensor, edges: Tensor) -> dict[str, Tensor]:
        weights, losses = self.weights, {}
        fake = self.edge_discriminator(torch.cat([grey, edges], 1))
        if weights["edge_adversarial"]:
            losses["edge_adversarial"] = weights["edge_adversarial"] * self.game.generator(fake[-1])
        if weights["feature_matching"]:
            with torch.no_grad():
                real = self.edge_discriminator(torch.cat([grey, truth], 1))
            losses["feature_matching"] = weights["feature_matching"] * feature_matching(fake, real, over_maps="sum")
        return losses

    def _image_losses(self, picture: Tensor, batch: Batch | EdgeBatch) -> dict[str, Tensor]:
        weights, losses = self.weights, {}
        if weights["l1"]:
            losses["l1"] = weights["l1"] * l1_per_hole(picture, batch)
        if weights["adversarial"]:
            losses["adversarial"] = weights["adversarial"] * self.game.generator(self.image_discriminator(picture)[-1])
        return losses | self.feature_losses(picture, batch, recompute=self.recompute)

    def optimizer_for(self, player: str) -> torch.optim.Optimizer:
        """Adam with betas (0, 0.9) and no decay."""
        learning = [p for p in self.get_submodule(player).parameters() if p.requires_grad]
        return torch.optim.Adam(learning, lr=self.rates[player], betas=(0.0, 0.9))

    @classmethod
    def official_arguments(cls, contents: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments for which the authors' files fit, one of the four or several of them."""
        return official.arguments(contents)

    def load_official(self, contents: Mapping[str, Any]) -> list[str]:
        """Take one or several of the authors' four files, each into its place; return the names without a use."""
        return [name for part in official.parts(contents) for name in official.load(self, part)]

    def train(self, mode: bool = True) -> "EdgeConnect":
        """Set the mode; networks that rest in this phase stay in evaluation. Returns itself."""
        super().train(mode)
        for network in self._resting():
            network.eval()
        return self

    def tick(self) -> None:
        """Count the iteration, for the edge generator too where it learns."""
        if "edge" in self.phase.learning:
            self.edge_iterations += 1
        super().tick()

    def setup(self, stage: str) -> None:
        """Read the VGG weights before training starts, so that missing ones are reported at once."""
        if stage == "fit" and self.needs_vgg:
            self.feature_losses.vgg()

    def on_train_start(self) -> None:
        """Refuse to train the image generator on the edges of a generator that has learnt nothing."""
        super().on_train_start()
        if self.hparams.phase == "edge_inpaint" and not self.edge_iterations:
            raise UserError(
                "model.phase=edge_inpaint: the edge generator has not learnt yet; train model=edge_connect_edge, then "
                "model=edge_connect_inpaint init_from=<its checkpoint>, and begin this phase with that run's; "
                "or train all at once: model=edge_connect_joint"
            )

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Judge the picture; where edges are learnt, those too, and in the phase ``edge`` nothing but them."""
        if "edge" in self.phase.learning:
            truth, hole = self.true_edges(batch), batch.known < 0.5
            edges = self.complete_edges(batch.corrupted, batch.known)
            for metric in (self.edge_precision, self.edge_recall):
                metric.update(edges[hole], truth[hole].long())
        if self.phase.guide:
            super().validation_step(batch, batch_idx, dataloader_idx)
        else:
            self.metrics.update(edges, Batch(truth, batch.known))

    def measured(self, split: str) -> dict[str, Tensor]:
        """Return ``<split>/edge_precision`` and ``edge_recall`` of edges above 0.5 in the hole too."""
        values = super().measured(split)
        if "edge" in self.phase.learning:
            for name, metric in (("edge_precision", self.edge_precision), ("edge_recall", self.edge_recall)):
                values[f"{split}/{name}"] = metric.compute()
                metric.reset()
        return values

    def _resting(self) -> list[nn.Module]:
        """Return the networks that do not learn in this phase."""
        idle = {"edge", "image"} - set(self.phase.learning)
        critics = [self.edge_discriminator, self.image_discriminator]
        playing = [self.get_submodule(name) for name in self.players]
        return [getattr(self.generator, name) for name in sorted(idle)] + [c for c in critics if c not in playing]
