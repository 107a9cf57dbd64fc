"""A search by Optuna that was stopped goes on with the trials it was at."""

import warnings
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig


class TakeUp(Callback):
    """Before a search with a storage begins, queue again the trials that an earlier call was at.

    Optuna leaves them running for ever; their jobs, half done, then go on from their checkpoints.
    """

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Look at the study, if the sweep is a search and the study is there."""
        sweeper = config.hydra.sweeper
        if "optuna" in sweeper._target_ and sweeper.get("storage") and sweeper.get("study_name"):
            for line in take_up(sweeper.storage, sweeper.study_name):
                print(line, flush=True)


def take_up(storage: str, study_name: str) -> list[str]:
    """Queue a study's running trials again, and return a line for each; a study that is not there has none."""
    import optuna

    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    try:
        study = optuna.load_study(study_name, storage)
    except KeyError:
        return []
    lines = []
    for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(trial.params)
        lines.append(f"trial {trial.number} is queued again: {trial.params}")
    return lines
