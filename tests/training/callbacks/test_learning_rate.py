import pytest
import torch

from inpaintlab.training.callbacks.learning_rate import LearningRate
from tests.training.callbacks.toy import Toy, fit


def test_one_rate(tmp_path):
    assert fit(tmp_path, [LearningRate()], Toy(iterations=2)).callback_metrics["train/lr"] == pytest.approx(0.1)


def test_several_groups(tmp_path):
    class Two(Toy):
        def configure_optimizers(self):
            weight, bias = self.network.parameters()
            return torch.optim.SGD([{"params": [weight], "lr": 0.1}, {"params": [bias], "lr": 0.2}])

    metrics = fit(tmp_path, [LearningRate()], Two(iterations=2)).callback_metrics
    assert (float(metrics["train/lr_0"]), float(metrics["train/lr_1"])) == pytest.approx((0.1, 0.2))
