import optuna
from omegaconf import OmegaConf

from inpaintlab.sweeps.search import TakeUp, take_up


def test_a_stopped_search_goes_on_with_the_trial_it_was_at(tmp_path):
    storage = f"sqlite:///{tmp_path}/study.sqlite"
    study = optuna.create_study(storage, study_name="tiny", direction="maximize")
    study.tell(study.ask({"lr": optuna.distributions.UniformDistribution(0, 1)}), 1.0)
    stopped = study.ask({"lr": optuna.distributions.UniformDistribution(0, 1)})
    (line,) = take_up(storage, "tiny")
    assert line == f"trial 1 is queued again: {stopped.params}"
    again = study.ask({"lr": optuna.distributions.UniformDistribution(0, 1)})
    assert again.params == stopped.params
    assert [trial.state.name for trial in optuna.load_study("tiny", storage).trials] == ["COMPLETE", "FAIL", "RUNNING"]


def test_a_study_that_is_not_there_has_no_trials(tmp_path):
    storage = f"sqlite:///{tmp_path}/study.sqlite"
    optuna.create_study(storage, study_name="other")
    assert take_up(storage, "tiny") == []


def test_a_sweep_without_a_search_is_left_alone():

    TakeUp().on_multirun_start(OmegaConf.create({"hydra": {"sweeper": {"_target_": "hydra._internal.BasicSweeper"}}}))
