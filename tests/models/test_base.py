import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.checkpoints import load_model, read_checkpoint
from tests.models.contract import Contract, smooth_pictures, square_holes
from tests.training.callbacks.toy import Toy, fit


class Constant(InpaintingModule):
    """Paints everything in one learnt colour."""

    def __init__(self, lr=0.1, iterations=None):
        super().__init__()
        self.save_hyperparameters()
        self.iterations = iterations
        self.colour = nn.Parameter(torch.full((3, 1, 1), 0.25))

    def inpaint(self, corrupted, known):
        return self.colour.expand_as(corrupted).clamp(0, 1)

    def losses(self, batch):
        error = self.inpaint(batch.corrupted, batch.known) - batch.image
        return {"l1": error.abs().mean(), "l2": 2 * error.square().mean()}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)


class Blind(Constant):
    blind = True


@pytest.fixture
def batch():
    return Batch(smooth_pictures(2, 3, 32), square_holes(2, 32))


@pytest.fixture
def contract():
    return Contract()


def test_training_sums_and_logs_the_losses(contract, batch, tmp_path):
    model = Constant()
    expected = model.losses(batch)
    gradient = torch.autograd.grad(sum(expected.values()), model.colour)[0]
    trainer = contract.trainer(tmp_path, max_steps=1)
    trainer.fit(model, contract.loader(batch))
    logged = trainer.logged_metrics
    assert logged["train/l1"] == expected["l1"]
    assert logged["train/l2"] == expected["l2"]
    assert logged["train/loss"] == expected["l1"] + expected["l2"]
    torch.testing.assert_close(model.colour.detach(), 0.25 - 0.1 * gradient)


def test_the_clock_counts_steps_and_ends_the_run(contract, batch, tmp_path):
    model = Constant(iterations=5)
    contract.trainer(tmp_path, max_epochs=100).fit(model, contract.loader(batch, 3))
    assert int(model.iteration) == 5


def test_the_clock_counts_optimiser_steps_not_batches(contract, batch, tmp_path):
    model = Constant()
    contract.trainer(tmp_path, max_epochs=1, accumulate_grad_batches=3).fit(model, contract.loader(batch, 6))
    assert int(model.iteration) == 2


def test_the_clock_goes_on_after_a_resume(contract, batch, tmp_path):
    first = Constant(iterations=5)
    trainer = contract.trainer(tmp_path, max_steps=3)
    trainer.fit(first, contract.loader(batch, 3))
    trainer.save_checkpoint(tmp_path / "three.ckpt")
    second = Constant(iterations=5)
    contract.trainer(tmp_path, max_epochs=100).fit(second, contract.loader(batch, 3), ckpt_path=tmp_path / "three.ckpt")
    assert int(second.iteration) == 5


def test_completed_keeps_the_known_pixels_and_raw_does_not(batch):
    completed = Constant().judged_picture(batch)
    assert torch.equal(completed * batch.known, batch.corrupted)
    assert torch.equal(completed * batch.hole, 0.25 * batch.hole.expand_as(completed))
    assert torch.equal(Blind().judged_picture(batch), torch.full_like(batch.image, 0.25))


@pytest.mark.parametrize("model_class", [Constant, Blind])
def test_validation_and_test_judge_that_picture(model_class, contract, batch, tmp_path):
    """The mean absolute error of the judged picture, by hand, within the 8 bits of the metrics."""
    model = model_class()
    trainer = contract.trainer(tmp_path)
    expected = (model.judged_picture(batch) - batch.image).abs().mean().item()
    for split, run in (("val", trainer.validate), ("test", trainer.test)):
        (values,) = run(model, contract.loader(batch, 2), verbose=False)
        assert values[f"{split}/l1"] == pytest.approx(expected, abs=1 / 255)


def test_metrics_begin_anew_at_every_validation(contract, batch, tmp_path):
    trainer, model = contract.trainer(tmp_path), Constant()
    first = trainer.validate(model, contract.loader(batch), verbose=False)
    other = Batch(1 - batch.image, batch.known)
    trainer.validate(model, contract.loader(other), verbose=False)
    assert trainer.validate(model, contract.loader(batch), verbose=False) == first


def test_a_checkpoint_names_its_class_and_holds_no_metrics(contract, batch, tmp_path):
    model = Constant(lr=0.5)
    trainer = contract.trainer(tmp_path, max_steps=1)
    trainer.fit(model, contract.loader(batch))
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    checkpoint = read_checkpoint(tmp_path / "model.ckpt")
    assert checkpoint["model"] == f"{Constant.__module__}.Constant"
    assert set(checkpoint["state_dict"]) == {"colour", "iteration"}
    again = load_model(tmp_path / "model.ckpt", trust="tests")
    assert torch.equal(again.colour, model.colour)
    assert again.hparams.lr == 0.5


def test_a_finished_run_that_is_resumed_trains_no_further(tmp_path):
    from inpaintlab.models.pconv import PConv

    def fit(ckpt=None):
        stages = [{"iterations": 3, "lr": 1e-3, "freeze_encoder_bn": False}]
        model = PConv(levels=2, width=4, perceptual=0, style=0, stages=stages)
        contract = Contract()
        runner = contract.trainer(tmp_path, max_epochs=-1)
        batch = Batch(smooth_pictures(2, 3, 16), square_holes(2, 16))
        runner.fit(model, contract.loader(batch, 10), ckpt_path=ckpt)
        runner.save_checkpoint(tmp_path / "end.ckpt")
        return model

    first = fit()
    again = fit(tmp_path / "end.ckpt")
    assert int(first.iteration) == int(again.iteration) == 3
    for name, value in first.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_the_clock_stays_on_the_cpu_and_keeps_its_time():
    model = Constant()
    model.iteration += 3
    model.to("meta")
    assert model.colour.is_meta
    assert model.iteration.device.type == "cpu"
    assert int(model.double().iteration) == 3


def test_holes_of_training_batches_are_checked_before_they_go_to_the_device(tmp_path):
    class Strict(Toy):
        def check_holes(self, known):
            assert known.device.type == "cpu"
            raise UserError("a hole too many")

    with pytest.raises(UserError, match="a hole too many"):
        fit(tmp_path, [], Strict(iterations=2))
