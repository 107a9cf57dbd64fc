import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.training.callbacks.checkpoint import Checkpoints
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
        fit(tmp_path, [FiniteLoss(str(tmp_path), every=1)], model)
    record = torch.load(tmp_path / "not_finite.pt", weights_only=True)
    assert record["iteration"] == 3
    assert record["loss"] != record["loss"]
    image, known = record["batch"]
    assert image.shape[-2:] == known.shape[-2:]
    assert set(record["norms"]) == set(model.state_dict())
    assert all(torch.isfinite(value).all() for value in model.parameters())


class Noted(Spoiled):
    """Keeps the batch of each iteration."""

    def losses(self, batch):
        seen.append(batch)
        return super().losses(batch)


seen = []


def test_a_look_that_comes_later_tells_the_same(tmp_path):
    seen.clear()
    with pytest.raises(UserError, match=r"the loss of iteration 3 is nan"):
        fit(tmp_path, [FiniteLoss(str(tmp_path), every=7)], Noted(iterations=10), limit_val_batches=0)
    assert len(seen) == 7
    record = torch.load(tmp_path / "not_finite.pt", weights_only=True)
    assert record["iteration"] == 3
    for part, expected in zip(record["batch"], seen[3], strict=True):
        assert torch.equal(part, expected)
    assert all(torch.isfinite(torch.tensor(norm)) for norm in record["norms"].values())


@pytest.mark.parametrize("every", [2, 100])
def test_no_checkpoint_holds_what_such_a_loss_did(tmp_path, every):
    keeper = Checkpoints(str(tmp_path), every=every)
    with pytest.raises(UserError, match=r"the loss of iteration 3 is nan"):
        fit(tmp_path, [FiniteLoss(str(tmp_path), every=1000), keeper], Spoiled(iterations=6), limit_val_batches=0)
    assert [path.name for path in tmp_path.glob("*.ckpt")] == ["last.ckpt"] * (every == 2)
    if every == 2:
        state = torch.load(tmp_path / "last.ckpt", weights_only=True)["state_dict"]
        assert int(state["iteration"]) == 2
        assert all(value.isfinite().all() for value in state.values())


def test_spoiled_weights_are_not_judged(tmp_path):
    model = Spoiled(iterations=10)
    with pytest.raises(UserError, match=r"the loss of iteration 3 is nan"):
        fit(tmp_path, [FiniteLoss(str(tmp_path), every=1000)], model)  # with a validation after the fourth
    assert int(model.iteration) == 4


def test_weights_that_a_finite_loss_spoiled_are_in_no_checkpoint(tmp_path):
    class Steep(Toy):
        """Its last loss is finite and has a gradient that is not."""

        def losses(self, batch):
            loss = super().losses(batch)["l1"]
            return {"l1": loss + (loss.detach() - loss).sqrt() if int(self.iteration) == 3 else loss}

    callbacks = [FiniteLoss(str(tmp_path)), Checkpoints(str(tmp_path))]
    with pytest.raises(UserError, match=r"2 of 3 weights, network\.weight among them, are not finite .* no checkpoint"):
        fit(tmp_path, callbacks, Steep(iterations=4), limit_val_batches=0)
    assert not list(tmp_path.glob("*.ckpt"))


def test_a_look_that_never_comes():
    with pytest.raises(UserError, match=r"callbacks.finite.every=0: expected at least 1"):
        FiniteLoss("", every=0)


def test_finite_losses_leave_nothing_behind(tmp_path):
    fit(tmp_path, [FiniteLoss(str(tmp_path), every=2)], Toy(iterations=4))
    assert not list(tmp_path.glob("not_finite*"))
