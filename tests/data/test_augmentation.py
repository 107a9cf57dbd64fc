from types import SimpleNamespace

import kornia.augmentation
import pytest
import torch
from hydra.utils import instantiate
from kornia.color import rgb_to_hsv
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.data.augmentation import Augmentation
from inpaintlab.models.base import InpaintingModule
from tests.helpers.composing import composed
from tests.models.contract import Contract, smooth_pictures, square_holes


def made(name):
    return instantiate(composed("train", "model=pconv", f"augment={name}").augment, _convert_="all")


@pytest.fixture
def batch():
    return Batch(smooth_pictures(8, 3, 32), square_holes(8, 32))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flips", "affine", "colour"])
def test_draws_follow_from_seed_iteration_rank_and_nothing_else(name, batch):
    torch.manual_seed(1)
    first = made(name)(batch, iteration=5, rank=0)
    state = torch.random.get_rng_state()
    again = made(name)
    again(batch, iteration=4, rank=0)
    assert torch.equal(again(batch, iteration=5, rank=0).image, first.image)
    assert torch.equal(torch.random.get_rng_state(), state)  # the model's own stream is untouched
    assert not torch.equal(first.image, batch.image)
    for other in ({"iteration": 6, "rank": 0}, {"iteration": 5, "rank": 1}):
        assert not torch.equal(made(name)(batch, **other).image, first.image)
    assert first.image.min() >= 0
    assert first.image.max() <= 1


def test_the_batches_of_one_iteration_differ(batch):
    augment = made("affine")
    assert not torch.equal(augment(batch, 3, 0).image, augment(batch, 3, 0).image)


@pytest.mark.parametrize("name", ["flips", "affine", "colour"])
def test_holes_stay_as_they_were_drawn(name, batch):
    assert torch.equal(made(name)(batch, 0, 0).known, batch.known)


def test_flips_are_flips(batch):
    flipped = made("flips")(batch, 0, 0).image
    turned = [torch.equal(new, old.flip(-1)) for new, old in zip(flipped, batch.image, strict=True)]
    kept = [torch.equal(new, old) for new, old in zip(flipped, batch.image, strict=True)]
    assert sum(turned) + sum(kept) == 8
    assert 0 < sum(turned) < 8


def test_colour_changes_light_and_tint_and_now_and_then_takes_it_away():
    """Two flat colours side by side: brightness, contrast, saturation, hue, grey can be read off them."""
    pictures = torch.tensor([[0.7, 0.4, 0.2], [0.3, 0.25, 0.2]]).T[None, :, None, :].repeat(400, 1, 2, 1)
    changed = made("colour")(Batch(pictures, torch.ones(400, 1, 2, 2)), 0, 0).image
    grey = (changed.amax(1) - changed.amin(1)).amax((1, 2)) < 1e-6
    assert 0.01 < grey.float().mean() < 0.1
    hue, saturation, value = rgb_to_hsv(changed[~grey]).amax((2, 3)).unbind(1)
    contrast = changed.amax((1, 2, 3)) - changed.amin((1, 2, 3))
    for measured in (hue, saturation, value, contrast):
        assert measured.std() > 0.005


def test_none_is_the_default():
    assert not made("none")
    assert not composed("train", "model=pconv").augment
    assert not composed("quickstart").augment


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("colour", {"channels": 1, "edges": None}, "augment: .* with data.channels=1"),
        ("flips", {"channels": 3, "edges": {"sigma": 2.0}}, "data.edges: .* leave one of both out"),
    ],
)
def test_data_that_do_not_fit_are_refused(name, data, message):
    with pytest.raises(UserError, match=message):
        made(name).check(SimpleNamespace(size=32, **data))


def test_data_that_few_of_the_pictures_would_not_fit_are_refused():
    seldom = Augmentation(
        [kornia.augmentation.RandomHorizontalFlip(), kornia.augmentation.ColorJitter(hue=0.1, p=1e-6)]
    )
    with pytest.raises(UserError, match=r"augment: .* with data.channels=1"):
        seldom.check(SimpleNamespace(size=32, channels=1, edges=None))


def test_a_transform_that_changes_the_size_is_refused():
    with pytest.raises(UserError, match=r"augment: expected transforms that keep the size"):
        Augmentation([nn.AvgPool2d(2)]).check(SimpleNamespace(size=32, channels=3, edges=None))


class Toy(InpaintingModule):
    """A convolution, whose weights remember every batch that it has seen."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, 3, 3, padding=1)
        self.judged = []

    def inpaint(self, corrupted, known):
        return self.layer(corrupted).clamp(0, 1)

    def losses(self, batch):
        return {"l1": (self.layer(batch.corrupted) - batch.image).abs().mean()}

    def validation_step(self, batch, batch_idx):
        self.judged.append(batch.image)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-2)


def trained(folder, batch, steps, ckpt=None, augment="affine", **arguments):
    contract, model = Contract(), Toy()
    model.augment = made(augment) or None
    trainer = contract.trainer(folder, max_steps=steps, **arguments)
    trainer.fit(model, contract.loader(batch, 12), contract.loader(batch), ckpt_path=ckpt)
    trainer.save_checkpoint(folder / f"{steps}.ckpt")
    return model


@pytest.mark.slow
def test_a_resumed_run_ends_as_an_unbroken_one_bit_by_bit(batch, tmp_path):
    whole = trained(tmp_path, batch, 6)
    trained(tmp_path, batch, 3)
    resumed = trained(tmp_path, batch, 6, tmp_path / "3.ckpt")
    assert torch.equal(resumed.layer.weight, whole.layer.weight)
    plain = trained(tmp_path, batch, 6, augment="none")
    assert not torch.equal(plain.layer.weight, whole.layer.weight)


def test_validation_is_not_augmented(batch, tmp_path):
    judged = trained(tmp_path, batch, 2, val_check_interval=1).judged
    assert len(judged) > 1
    assert all(torch.equal(image, batch.image) for image in judged)
