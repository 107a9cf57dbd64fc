import itertools
from types import SimpleNamespace

import pytest

from inpaintlab.training.callbacks import forecast
from tests.training.callbacks.toy import Toy, fit


@pytest.mark.parametrize(
    ("seconds", "options", "told"),
    [
        (60.0, {}, "forecast: about 2 hours for the other 96 iterations, without the judging\n"),
        (60.0, {"max_steps": 50}, ""),  # 46 minutes
        (60.0, {"max_time": "00:00:30:00"}, ""),
        (600.0, {"max_time": "00:02:00:00"}, "forecast: about 16 hours for the other 96 iterations, without the "
         "judging, but no longer than trainer.max_time\n"),
    ],
)  # fmt: skip
def test_an_hour_or_more_is_told_once(seconds, options, told, tmp_path, monkeypatch, capsys):
    clock = itertools.count(step=seconds)
    monkeypatch.setattr(forecast, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    fit(tmp_path, [forecast.Forecast(after=2), Stop(6)], Toy(iterations=100), **options)
    assert capsys.readouterr().out == told


class Stop(forecast.Callback):
    def __init__(self, at):
        self.at = at

    def on_train_batch_end(self, trainer, pl_module, *_):
        trainer.should_stop = int(pl_module.iteration) >= self.at
