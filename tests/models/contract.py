"""What every paper promises. A paper's tests inherit this class and say how to make a small model of it.

class TestContract(Contract):
    paper = "pconv"

    def make(self):
        return PConv(levels=3, width=8, perceptual=0, style=0)
"""

import inspect
from importlib import resources
from pathlib import Path

import pytest
import torch
from lightning import LightningModule, Trainer, seed_everything
from omegaconf import OmegaConf
from torch.utils._pytree import tree_map_only
from torch.utils.data import DataLoader

from inpaintlab.batch import Batch, composite
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.checkpoints import load_model
from inpaintlab.training.setup import prepare_networks, store_channels_last


class Once(torch.autograd.Function):
    """The same values, whose gradient cannot be differentiated."""

    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        return gradient


def answer_once(network):
    """Stand in for ``network.compile()``."""
    plain = network._call_impl

    def once(given):
        return tree_map_only(torch.Tensor, Once.apply, given)

    network._compiled_call_impl = lambda *given, **named: once(plain(*once(given), **once(named)))


def smooth_pictures(count, channels, size, seed=0):
    """Pictures with something to learn: bilinear colour ramps."""
    corners = torch.rand(count, channels, 2, 2, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(corners, size=(size, size), mode="bilinear", align_corners=True)


def square_holes(count, size):
    """A hole in the middle, a quarter of the picture."""
    known = torch.ones(count, 1, size, size)
    known[..., size // 4 : -size // 4, size // 4 : -size // 4] = 0
    return known


class Contract:
    """Inherited by the tests of every paper."""

    paper: str
    """Name of its YAML in conf/model."""
    size = 32
    channels = 3
    batch_size = 2
    steps = 100
    """Optimiser steps in which one batch is to be learnt."""
    gain = 0.5
    """Share of its first value below which the sum of the losses falls in these steps."""

    def make(self) -> InpaintingModule:
        raise NotImplementedError

    @pytest.fixture
    def model(self):
        seed_everything(0, verbose=False)
        return self.make()

    @pytest.fixture
    def batch(self):
        pictures = smooth_pictures(self.batch_size, self.channels, self.size)
        return Batch(pictures, square_holes(self.batch_size, self.size))

    def trainer(self, folder: Path, **arguments) -> Trainer:
        silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        arguments = {"inference_mode": False, "enable_checkpointing": False} | silent | arguments
        return Trainer(accelerator="cpu", devices=1, default_root_dir=folder, **arguments)

    def loader(self, batch: Batch, batches: int = 1) -> DataLoader:
        return DataLoader([batch] * batches, batch_size=None)

    @torch.no_grad()
    def total(self, model: InpaintingModule, batch: Batch) -> float:
        return float(sum(model.losses(batch).values()))

    def test_shape_and_range(self, model, batch):
        model.eval()
        prediction = model.inpaint(batch.corrupted, batch.known)
        assert prediction.shape == batch.image.shape
        assert prediction.isfinite().all()
        assert prediction.min() >= 0
        assert prediction.max() <= 1
        assert self.size % model.divisor == 0

    def test_prediction_is_a_function_of_its_input(self, model, batch):
        model.eval()
        first = model.inpaint(batch.corrupted, batch.known)
        assert torch.equal(first, model.inpaint(batch.corrupted, batch.known))

    def test_weights_stored_channels_last_fill_the_same(self, model, batch):
        model.eval()
        expected = model.inpaint(batch.corrupted, batch.known)
        store_channels_last(model)
        kernels = [weight for weight in model.parameters() if weight.ndim == 4]
        assert kernels
        assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in kernels)
        assert torch.allclose(model.inpaint(batch.corrupted, batch.known), expected, atol=1e-4)

    def test_losses_are_finite_named_scalars(self, model, batch):
        losses = model.losses(batch)
        assert losses
        for name, value in losses.items():
            assert isinstance(name, str)
            assert value.shape == ()
            assert value.isfinite(), name

    def test_its_networks_can_be_compiled(self, model, batch, monkeypatch):
        """A network that is compiled has no second derivative."""
        monkeypatch.setattr(torch.nn.Module, "compile", answer_once)
        prepare_networks(model, OmegaConf.create({"checkpointing": False, "channels_last": False, "compile": True}))
        assert any(network._compiled_call_impl is not None for network in model.modules())
        sum(model.losses(batch).values()).backward()

    def test_every_trainable_parameter_gets_a_gradient(self, model, batch):
        sum(model.losses(batch).values()).backward()
        without = [
            name
            for name, parameter in model.named_parameters()
            if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
        ]
        assert not without

    @pytest.mark.slow
    def test_learns_one_batch(self, model, batch, tmp_path):
        before = self.total(model, batch)
        trainer = self.trainer(tmp_path, max_steps=self.steps)
        trainer.fit(model, self.loader(batch, self.steps))
        assert int(model.iteration) == self.steps
        assert self.total(model, batch) < self.gain * before

    def test_train_returns_the_model(self, model):
        assert model.train() is model
        assert model.eval() is model
        assert not model.training

    @pytest.mark.slow
    def test_checkpoint_round_trip(self, model, batch, tmp_path):
        trainer = self.trainer(tmp_path, max_steps=2)
        trainer.fit(model, self.loader(batch, 2))
        trainer.save_checkpoint(tmp_path / "model.ckpt")
        again = load_model(tmp_path / "model.ckpt")
        assert type(again) is type(model)
        assert not again.training
        assert int(again.iteration) == 2
        assert again.hparams == model.hparams
        for name, value in model.state_dict().items():
            assert torch.equal(again.state_dict()[name], value), name
        model.eval()
        expected = model.inpaint(batch.corrupted, batch.known)
        assert torch.equal(again.inpaint(batch.corrupted, batch.known), expected)

    def test_trainer_test_judges_the_model(self, model, batch, tmp_path):
        (values,) = self.trainer(tmp_path).test(model, self.loader(batch, 2), verbose=False)
        assert {"test/psnr", "test/ssim", "test/l1", "test/psnr_hole", "test/ssim_hole", "test/l1_hole"} <= set(values)

    def test_predict_returns_the_judged_picture(self, model, batch, tmp_path):
        (picture,) = self.trainer(tmp_path).predict(model, self.loader(batch))
        model.eval()
        expected = model.inpaint(batch.corrupted, batch.known)
        if not model.blind:
            assert torch.equal(picture * batch.known, batch.corrupted)
            expected = composite(expected, batch)
        torch.testing.assert_close(picture, expected)

    def test_yaml_lists_every_constructor_argument(self, model):
        """Both ways; and the YAML's values are the constructor's own, the paper's."""
        conf = Path(__file__).parents[2] / "conf"
        folder = conf if conf.is_dir() else Path(str(resources.files("inpaintlab"))) / "conf"
        config = OmegaConf.to_container(OmegaConf.load(folder / "model" / f"{self.paper}.yaml"), resolve=True)
        config.pop("defaults", None)  # another default mask
        assert set(config) == {"model", "paper"}
        given = {"size", "channels", "batch_size"}
        assert given <= set(config["paper"]) <= given | {"interpolation", "horizontal_flip", "masks", "mask_flip"}
        values = config["model"]
        assert values.pop("_target_") == f"{type(model).__module__}.{type(model).__qualname__}"
        signature = inspect.signature(type(model)).parameters
        assert set(values) == set(signature)
        defaults = {name: parameter.default for name, parameter in signature.items()}
        assert {name: _plain(value) for name, value in values.items()} == {
            name: _plain(value) for name, value in defaults.items()
        }

    def test_is_a_lightning_module_of_plain_hyperparameters(self, model):
        assert isinstance(model, LightningModule)
        assert set(model.hparams) == set(inspect.signature(type(model)).parameters)


def _plain(value):
    """Lists for tuples, as YAML has them."""
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
