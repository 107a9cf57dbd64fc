import copy
from itertools import pairwise

import pytest
import torch
from lightning import seed_everything
from torch.nn.modules.batchnorm import _BatchNorm

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.models.dcgan import DCGAN
from tests.models.contract import Contract, smooth_pictures, square_holes


def small(**arguments):
    seed_everything(0, verbose=False)
    narrow = {
        "size": 32,
        "latent": 8,
        "width": 4,
        "search_iterations": 3,
        "validation_iterations": 2,
        "progress": False,
    }
    return DCGAN(**{**narrow, **arguments})


class TestContract(Contract):
    paper = "dcgan"

    def make(self):
        return small()

    @pytest.mark.slow
    def test_learns_one_batch(self, batch, tmp_path):
        """A GAN's losses need not fall; what must is how far the pictures it finds are from those it was trained on."""
        colour = torch.tensor([0.85, 0.45, 0.05]).view(1, 3, 1, 1)
        batch = Batch(colour + 0.1 * batch.image, batch.known)
        hole = batch.hole.expand_as(batch.image) > 0
        model = small(lr=2e-3, search_iterations=100, search_lr=0.05, blend="none")

        def distance():
            return (model.inpaint(batch.corrupted, batch.known) - batch.image)[hole].abs().mean()

        before = distance()
        self.trainer(tmp_path, max_steps=200).fit(model, self.loader(batch, 200))
        assert distance() < self.gain * before


@pytest.fixture
def batch():
    return Batch(smooth_pictures(4, 3, 32), square_holes(4, 32))


def fit(model, batch, folder, steps, ckpt_path=None, **arguments):
    contract = Contract()
    trainer = contract.trainer(folder, max_steps=steps, **arguments)
    trainer.fit(model, contract.loader(batch, steps), ckpt_path=ckpt_path)
    return trainer


def test_parameters_of_the_paper():
    model = DCGAN()
    assert sum(p.numel() for p in model.generator.parameters()) == 5_135_363
    assert sum(p.numel() for p in model.discriminator.parameters()) == 4_316_545
    assert model.iterations == 25 * ((202_599 - 2_000) // 64)


def test_grey_pictures():
    known = square_holes(2, 32)
    pictures = smooth_pictures(2, 1, 32)
    assert small(channels=1).inpaint(pictures * known, known).shape == pictures.shape


@pytest.mark.parametrize("mask", ["center", "pixels", "border"])
def test_any_mask_without_training_again(batch, mask):
    known = batch.known
    if mask == "pixels":
        known = (torch.rand(4, 1, 32, 32, generator=torch.Generator().manual_seed(0)) > 0.8).float()
    elif mask == "border":
        known = torch.zeros(4, 1, 32, 32)
        known[..., 20:, 5:9] = 1
    prediction = small().inpaint(batch.image * known, known)
    assert prediction.min() >= 0
    assert prediction.max() <= 1
    known = known.expand_as(prediction) > 0
    assert torch.equal(prediction[known], batch.image[known])


def test_blending_meets_the_known_pixels(batch):
    """The step across the hole's edge is that of the generator's picture again, not that between two pictures."""
    generated, blended = (small(blend=blend).inpaint(batch.corrupted, batch.known) for blend in ("none", "poisson"))

    def step(prediction):
        whole = composite(prediction, batch)
        return (
            ((whole[..., 8:24, 8] - whole[..., 8:24, 7]) - (generated[..., 8:24, 8] - generated[..., 8:24, 7]))
            .abs()
            .mean()
        )

    assert step(blended) < 0.3 * step(generated)


def test_without_blending_the_picture_is_the_generators(batch):
    model = small(blend="none")
    found = model.search(model.generator, model.discriminator, batch.corrupted * 2 - 1, batch.known)
    torch.testing.assert_close(model.inpaint(batch.corrupted, batch.known), (found.picture + 1) / 2)


def test_the_hole_of_what_is_given_is_not_read(batch):
    model = small().eval()
    poisoned = torch.where(batch.known > 0.5, batch.image, float("nan"))
    assert torch.equal(model.inpaint(poisoned, batch.known), model.inpaint(batch.corrupted, batch.known))


@pytest.mark.parametrize("blend", ["poisson", "none"])
def test_a_picture_does_not_depend_on_its_batch(batch, blend):
    model = small(blend=blend, search_iterations=20).double()
    corrupted, known = batch.corrupted.double(), batch.known.double()
    together = model.inpaint(corrupted, known)
    for n in range(4):
        alone = model.inpaint(corrupted[n : n + 1], known[n : n + 1])
        torch.testing.assert_close(alone, together[n : n + 1], rtol=0, atol=1e-5)


def test_training_does_not_look_at_the_holes(batch):
    losses = [small().losses(Batch(batch.image, known)) for known in (batch.known, torch.ones_like(batch.known))]
    assert losses[0] == losses[1]
    assert set(losses[0]) == {"generator", "discriminator/real", "discriminator/fake"}


def test_saturating_generator(batch):
    model, other = small(), small(saturating=True)
    assert model.losses(batch)["generator"] > 0 > other.losses(batch)["generator"]


@pytest.mark.parametrize("g_steps", [1, 2])
def test_each_turn_moves_its_own_network_and_nothing_else(batch, tmp_path, g_steps):
    """Between the moments before two steps: the first one's parameters, the second one's statistics."""
    model, events = small(g_steps=g_steps), []

    def remember(optimizer):
        index = [own is optimizer for own in model.trainer.optimizers].index(True)
        events.append((model.players[index], {k: v.clone() for k, v in model.state_dict().items() if k != "iteration"}))

    model.on_before_optimizer_step = remember
    fit(model, batch, tmp_path, steps=2)
    assert [player for player, _ in events] == ["discriminator", *["generator"] * g_steps] * 2
    for (player, before), (looking, after) in pairwise(events):
        parameters = {f"{player}.{name}" for name, _ in model.get_submodule(player).named_parameters()}
        statistics = {f"{looking}.{name}" for name, _ in model.get_submodule(looking).named_buffers()}
        # a bias before BatchNorm has no gradient but rounding, so Adam may leave it where it is
        moved = {key for key in before if not torch.equal(before[key], after[key])}
        assert statistics <= moved <= parameters | statistics
        assert {key for key in parameters if key.endswith("weight")} <= moved


def test_statistics_are_kept_once_per_own_look(batch, tmp_path):
    model = small(g_steps=2)
    fit(model, batch, tmp_path, steps=3)
    counts = {
        player: {int(m.num_batches_tracked) for m in model.get_submodule(player).modules() if isinstance(m, _BatchNorm)}
        for player in model.players
    }
    assert counts == {"generator": {6}, "discriminator": {6}}  # two steps each, and real and fake


def test_every_step_of_the_generator_has_its_own_noise(batch, tmp_path):
    model, seen = small(g_steps=2), []
    noise = model.noise
    model.noise = lambda count: seen.append(noise(count)) or seen[-1]
    fit(model, batch, tmp_path, steps=2)
    assert len(seen) == 6
    assert len({tuple(z.flatten().tolist()) for z in seen}) == 6
    assert all(z.shape == (4, 8) and z.abs().max() <= 1 for z in seen)


def test_a_resumed_run_goes_on_bit_by_bit(batch, tmp_path):
    whole = small(g_steps=2)
    fit(whole, batch, tmp_path, steps=5)
    fit(small(g_steps=2), batch, tmp_path, steps=3).save_checkpoint(tmp_path / "half.ckpt")
    resumed = small(g_steps=2)
    fit(resumed, batch, tmp_path, steps=5, ckpt_path=tmp_path / "half.ckpt", max_epochs=10)
    assert int(resumed.iteration) == 5
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_the_run_ends_with_the_papers_iterations(batch, tmp_path):
    model = small(iterations=2)
    fit(model, batch, tmp_path, steps=5)
    assert int(model.iteration) == 2


def test_trains_in_mixed_precision(batch, tmp_path):
    model = small(g_steps=2)
    before = copy.deepcopy(model.state_dict())
    trainer = fit(model, batch, tmp_path, steps=2, precision="bf16-mixed")
    assert all(value.isfinite() for value in trainer.logged_metrics.values())
    assert not torch.equal(before["generator.convs.0.weight"], model.generator.convs[0].weight)


def test_validation_during_training_is_short(batch, tmp_path):
    model, searched = small(validation_batches=2), []

    class Counted(type(model.search)):
        def __call__(self, *arguments):
            searched.append(self.iterations)
            return super().__call__(*arguments)

    model.search = Counted(iterations=7, progress=False)
    contract = Contract()
    trainer = contract.trainer(tmp_path, max_steps=1, num_sanity_val_steps=0)
    trainer.fit(model, contract.loader(batch), contract.loader(batch, 3))
    assert searched == [2, 2]
    assert trainer.logged_metrics["val/psnr_hole"].isfinite()
    searched.clear()
    trainer.test(model, contract.loader(batch, 3), verbose=False)
    assert searched == [7, 7, 7]


def test_pictures_of_another_size_are_refused(batch):
    model = small(size=48)
    message = r"picture of 32x32 px: this DCGAN makes 48x48; resize it, or set data.size=48"
    with pytest.raises(UserError, match=message):
        model.inpaint(batch.corrupted, batch.known)
    with pytest.raises(UserError, match=message):
        model.losses(batch)


def test_nothing_known_cannot_be_blended(batch):
    known = batch.known.clone()
    known[2] = 0
    with pytest.raises(UserError, match=r"picture 2 of the batch has no known pixel; set model.blend=none"):
        small().inpaint(batch.image * known, known)
    assert small(blend="none").inpaint(batch.image * known, known).isfinite().all()


def test_inference_mode_is_refused_with_the_mend(batch, tmp_path):
    contract = Contract()
    with pytest.raises(UserError, match=r"trainer.inference_mode=false"):
        contract.trainer(tmp_path, inference_mode=True).test(small(), contract.loader(batch), verbose=False)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"blend": "paste"}, r"model.blend=paste: expected poisson \| none"),
        ({"latent": 0}, "model.latent=0: expected at least 1"),
        ({"iterations": 0}, "model.iterations=0: expected at least 1"),
        ({"g_steps": 0}, "model.g_steps=0: expected at least 1"),
        ({"validation_batches": 0}, "model.validation_batches=0: expected at least 1"),
        ({"perceptual": -1.0}, "model.perceptual=-1.0: expected 0 or more"),
        ({"validation_iterations": -1}, "model.validation_iterations=-1: expected 0 or more"),
        ({"seed": -1}, "model.seed=-1: expected 0 or more"),
        ({"size": 60}, "model.size=60: expected a multiple of 16"),
        ({"logits": 3}, "model.logits=3: expected 1"),
        ({"init": "he"}, "model.init=he: expected normal"),
        ({"restarts": 0}, "model.restarts=0: expected at least 0 and 1"),
    ],
)
def test_wrong_choices_are_refused(choice, message):
    with pytest.raises(UserError, match=message):
        small(**choice)
