"""``logger=wandb``: Lightning's logger, with the schema's names and the model's own clock."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only

from inpaintlab.tracking import runs, schema


class Tracker(WandbLogger):
    """Log a training to W&B, over ``iteration``; a run that is resumed in its folder goes on as the same W&B run.

    Lightning's own step counts from zero, and one further after training than in the validation before it. The first
    model that the Trainer introduces is the run's; those that are tested after it are its baselines, and their
    measures are kept apart. ``group``: None takes the name of the sweep, if there is one.
    ``config``: the values of ``schema.CONFIG``. ``artifact``: whether the best checkpoint becomes a W&B artifact.
    """

    def __init__(
        self,
        folder: str,
        config: Mapping[str, Any],
        project: str = "inpaintlab",
        entity: str | None = None,
        name: str = "train",
        group: str | None = None,
        notes: str | None = None,
        offline: bool = False,
        artifact: bool = True,
    ) -> None:
        if rank_zero_only.rank == 0:
            runs.check(offline)
        super().__init__(
            name=name, save_dir=folder, project=project, offline=offline, id=runs.find_id(Path(folder)),
            entity=entity, group=group or runs.sweep_of(Path(folder)), notes=notes,
        )  # fmt: skip
        self.settings = dict(config)
        self.artifact = artifact
        self.model: Any = None
        self.baseline: str | None = None

    @property
    def experiment(self) -> Any:
        """The W&B run, begun when it is first asked for; on other ranks than the first a dummy."""
        if self._experiment is None and rank_zero_only.rank == 0:
            given = self._wandb_init
            self._experiment = runs.start(
                Path(given["dir"]), given["id"], schema.TRAIN, self.settings, offline=self._offline,
                **{key: given[key] for key in ("project", "entity", "name", "group", "notes")},
            )  # fmt: skip
        return super().experiment

    def log_hyperparams(self, params: dict[str, Any] | Namespace) -> None:  # type: ignore[override]
        """Add the constants of the run's model to the config, and those of no baseline."""
        if self.model is None:
            super().log_hyperparams(schema.flatten("model", params if isinstance(params, Mapping) else vars(params)))

    def log_graph(self, model: Any, input_array: Any = None) -> None:  # noqa: ARG002
        """Meet the model whose measures come next: Lightning calls this at the beginning of each fit and test."""
        if self.model is None:
            self.model = model
        self.baseline = None if model is self.model else getattr(model, "label", type(model).__name__)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:  # type: ignore[override]
        """Log at the iteration that the model has reached; ``step``, Lightning's, is for want of a model only."""
        if self.baseline:
            metrics = {
                f"baselines/{self.baseline}/{name.removeprefix('test/')}": value
                for name, value in metrics.items()
                if name.startswith("test/")
            }
        self.experiment.log({**metrics, schema.ITERATION: step if self.model is None else int(self.model.iteration)})

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Keep the best checkpoint as an artifact once the training is over; tests that follow change none."""
        super().finalize(status)
        checkpoint = Path(self._save_dir, "checkpoints", "best.ckpt")
        if status == "success" and self.artifact and checkpoint.is_file():
            from wandb import Artifact

            artifact = Artifact(f"checkpoint-{self.version}", "model", metadata=self.settings)
            artifact.add_file(str(checkpoint))
            self.experiment.log_artifact(artifact, aliases=["best"])
            self.artifact = False
