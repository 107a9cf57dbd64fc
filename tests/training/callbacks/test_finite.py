import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.training.callbacks.finite import FiniteLoss
from tests.training.callbacks.toy import Toy, fit


class Spoiled(Toy):
    """Its loss is not a number after three iterations."""

    def losses(self, batch):
        losses = super().losses(batch)
        if int(self.iteration) == 3:
            losses = {name: value * float("nan") for name, value in losses.items()}
        return losses


def test_a_loss_that_is_not_a_number_stops_before_the_step(tmp_path):
    model = Spoiled(iterations=10)
    with pytest.raises(UserError, match=r"the loss of iteration 3 is nan; .*not_finite\.pt"):
        fit(tmp_path, [FiniteLoss(str(tmp_path))], model)
    record = torch.load(tmp_path / "not_finite.pt", weights_only=True)
    assert record["iteration"] == 3
    assert record["loss"] != record["loss"]
    image, known = record["batch"]
    assert image.shape[-2:] == known.shape[-2:]
    assert set(record["norms"]) == set(model.state_dict())
    assert all(torch.isfinite(value).all() for value in model.parameters())


def test_finite_losses_leave_nothing_behind(tmp_path):
    fit(tmp_path, [FiniteLoss(str(tmp_path), every=2)], Toy(iterations=4))
    assert not list(tmp_path.glob("not_finite*"))
