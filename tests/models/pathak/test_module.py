import copy

import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.pathak import PathakContextEncoder
from tests.models.contract import Contract, smooth_pictures, square_holes


def small(model_class=PathakContextEncoder, **arguments):
    torch.manual_seed(0)
    default = {"size": 32, "width": 4, "bottleneck": 32, "overlap": 0, "lr": 3e-3, "iterations": 1000}
    return model_class(**(default | arguments))


def holes(side, count=4, size=32):
    known = torch.ones(count, 1, size, size)
    start = (size - side) // 2
    known[..., start : start + side, start : start + side] = 0
    return known


@pytest.fixture
def batch():
    return Batch(smooth_pictures(4, 3, 32), square_holes(4, 32))


class Both(Contract):
    """The adversarial terms do not fall: each side's gain is the other's loss."""

    paper = "pathak"
    batch_size = 4
    steps = 40

    @torch.no_grad()
    def total(self, model, batch):
        return float(model.generator_losses(batch)["l2"])


class TestContractOfTheCenter(Both):
    def make(self):
        return small()


class TestContractOfRandomRegions(Both):
    def make(self):
        return small(region="random")


class TestContractOfEverySwitch(Both):
    def make(self):
        return small(noise=6, conditional=True)


class TestContractWithoutDiscriminator(Both):
    def make(self):
        return small(l2=1.0, adversarial=0.0, join="channel_fc")


def cross_entropy(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


COLOUR = torch.tensor([-0.0824, -0.1843, -0.0353])[:, None, None]
"""2 (117, 104, 123) / 255 - 1."""


def seen(batch):
    """What the networks see for a central hole: [-1, 1], the hole in the authors' colour."""
    return torch.where(batch.known > 0, batch.image * 2 - 1, COLOUR)


@pytest.mark.parametrize("conditional", [False, True])
def test_losses_with_overlap(conditional, batch):
    """A square of 16 px is painted, of which 12 are hole: the band of 2 px counts ten times, N is all of the square."""
    batch = Batch(batch.image, holes(12))
    model = small(overlap=2, conditional=conditional)
    twin = copy.deepcopy(model)
    painted, truth = twin.generator(seen(batch)), (batch.image * 2 - 1)[..., 8:24, 8:24]
    squares = (painted - truth).square()
    inside = squares[..., 2:14, 2:14].sum()
    expected = {
        "l2": 0.999 * (inside + 10 * (squares.sum() - inside)) / squares.numel(),
        "adversarial": 0.001 * cross_entropy(twin.discriminator(painted, seen(batch)), 1.0),
    }
    losses = model.generator_losses(batch)
    assert list(losses) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, rtol=1e-3, atol=1e-5)  # of the colour's four digits
    rivals = model.discriminator_losses(batch)["discriminator"]
    real = cross_entropy(twin.discriminator(truth, seen(batch)), 1.0)
    fake = cross_entropy(twin.discriminator(painted, seen(batch)), 0.0)
    torch.testing.assert_close(rivals["real"], real, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(rivals["fake"], fake, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("given", "weight"), [(None, 1.0), (10.0, 10.0)])
def test_losses_of_random_regions(given, weight):
    """All is painted and judged, not a composite; known pixels may count more."""
    batch = Batch(smooth_pictures(4, 3, 32), (torch.rand(4, 1, 32, 32) > 0.3).float())
    model = small(region="random", known_weight=given)
    twin = copy.deepcopy(model)
    painted, truth = twin.generator(seen(batch)), batch.image * 2 - 1
    squares = (painted - truth).square() * (batch.hole + weight * batch.known)
    losses = model.generator_losses(batch)
    torch.testing.assert_close(losses["l2"], 0.999 * squares.mean(), rtol=1e-3, atol=1e-5)
    adversarial = 0.001 * cross_entropy(twin.discriminator(painted, None), 1.0)
    torch.testing.assert_close(losses["adversarial"], adversarial, rtol=1e-3, atol=1e-5)
    real = cross_entropy(twin.discriminator(truth, None), 1.0)
    torch.testing.assert_close(model.discriminator_losses(batch)["discriminator"]["real"], real, rtol=1e-3, atol=1e-4)


def trained(batch, **arguments):
    """A network with running statistics that fit its weights."""
    model = small(**arguments)
    for _ in range(5):
        model.generator_losses(batch)
    return model.eval()


def test_the_overlap_is_for_training_alone(batch):
    """Of the painted square the middle is pasted; known pixels stay, bit by bit."""
    batch = Batch(batch.image, holes(12))
    model = trained(batch, overlap=2)
    prediction = model.inpaint(batch.corrupted, batch.known)
    assert torch.equal(prediction * batch.known, batch.corrupted)
    painted = (model.generator(seen(batch)) + 1) / 2
    torch.testing.assert_close(prediction[..., 10:22, 10:22], painted[..., 2:14, 2:14], rtol=0, atol=1e-3)


@pytest.mark.parametrize("region", ["center", "random"])
def test_what_lies_under_the_hole_changes_no_bit(region, batch):
    model = trained(batch, region=region)
    expected = model.inpaint(batch.corrupted, batch.known) * batch.hole
    for under in (torch.rand_like(batch.image), torch.tensor(1.0), torch.tensor(float("nan"))):
        filled = torch.where(batch.known > 0, batch.image, under)
        painted = torch.where(batch.known > 0, 0, model.inpaint(filled, batch.known))
        assert torch.equal(painted, expected)


def test_a_hole_that_is_not_central_is_painted_as_if_it_were(batch):
    """Picture and hole together in a larger one: the window, so the painting, stays the same."""
    model = trained(batch)
    expected = model.inpaint(batch.corrupted, batch.known)
    image, known = torch.rand(4, 3, 60, 70), torch.ones(4, 1, 60, 70)
    image[..., 5:37, 9:41], known[..., 5:37, 9:41] = batch.image, batch.known
    painted = model.inpaint(image * known, known)
    torch.testing.assert_close(painted[..., 5:37, 9:41], expected)
    assert torch.equal(painted * known, image * known)


def test_other_holes_and_sizes_are_refused_in_one_line(batch):
    message = r"picture 1 of the batch has a hole of 16 x 16 px; .* 12 x 12 px: use mask=center mask.side=12"
    with pytest.raises(UserError, match=message):
        small(overlap=2).eval().inpaint(batch.corrupted, batch.known)
    model = small(region="random").eval()
    with pytest.raises(
        UserError, match=r"picture of 32x64 px: this network sees 32x32 .*; resize it, or set data.size=32"
    ):
        model.inpaint(torch.rand(1, 3, 32, 64), torch.ones(1, 1, 32, 64))
    assert model.divisor == 32


def test_random_regions_have_no_overlap():
    """The default of ``center`` would leave no hole of 16 px; it does not count here."""
    model = small(region="random", size=16, overlap=4).eval()
    assert model.inpaint(torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 16)).shape == (1, 3, 16, 16)


def test_one_picture_is_too_few_for_training(batch):
    one = Batch(*(part[:1] for part in batch))
    with pytest.raises(UserError, match=r"data.batch_size=1: BatchNorm .* at least 2 pictures"):
        small().losses(one)
    small().eval().inpaint(one.corrupted, one.known)


def test_noise_is_the_same_in_both_turns_of_an_iteration(batch):
    model = small(noise=6)
    first = model.drawn(4, 6, seed=0, sample=torch.randn)
    assert torch.equal(model.drawn(4, 6, seed=0, sample=torch.randn), first)
    model.iteration += 1
    assert not torch.equal(model.drawn(4, 6, seed=0, sample=torch.randn), first)


class Watched(PathakContextEncoder):
    """Remembers, just before each step, who steps and what everything looks like."""

    def on_before_optimizer_step(self, optimizer):
        super().on_before_optimizer_step(optimizer)
        index = [own is optimizer for own in self.trainer.optimizers].index(True)
        state = {key: value.clone() for key, value in self.state_dict().items() if key != "iteration"}
        self.__dict__.setdefault("events", []).append((self.players[index], state))


def fit(model, batch, folder, batches=3, ckpt_path=None, **arguments):
    contract = Contract()
    trainer = contract.trainer(folder, **({"max_epochs": 1} | arguments))
    trainer.fit(model, contract.loader(batch, batches), ckpt_path=ckpt_path)
    return trainer


def changed(before, after):
    return {key for key in before if not torch.equal(before[key], after[key])}


def is_statistic(key):
    return "running" in key or "num_batches" in key


def test_each_turn_moves_its_own_player_and_nothing_else(batch, tmp_path):
    model = small(Watched)
    fit(model, batch, tmp_path)
    assert [player for player, _ in model.events] == ["discriminator", "generator"] * 3
    for (player, before), (following, after) in zip(model.events, model.events[1:], strict=False):
        moved = changed(before, after)
        weights = {key for key in moved if not is_statistic(key)}
        assert weights
        assert all(key.startswith(f"{player}.") for key in weights)
        assert {key.split(".")[0] for key in moved if is_statistic(key)} == {following}


def test_biases_of_convolutions_stay_0(batch, tmp_path):
    """The authors' code sets them back before every step."""
    model = small()
    fit(model, batch, tmp_path)
    for network in (model.generator, model.discriminator):
        convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d)]
        assert convolutions
        assert not any(layer.bias.any() for layer in convolutions)


def test_without_the_adversarial_term_there_is_no_discriminator(batch):
    model = small(l2=1.0, adversarial=0.0)
    assert model.players == ("generator",)
    assert not hasattr(model, "discriminator")
    assert list(model.losses(batch)) == ["l2"]


def test_a_step_of_the_discriminator_parts_true_and_painted_squares(batch, tmp_path):
    """D(t) - D(p) grows; a step of the generator against the adversarial term alone raises D(p)."""
    model = small(adversarial=1.0, d_lr=1e-3)

    def gap():
        with torch.no_grad():
            terms = model.discriminator_losses(batch)["discriminator"]
        return float(terms["real"] + terms["fake"])

    before = gap()
    optimizer = model.optimizer_for("discriminator")
    with model.turn_of("discriminator"):
        sum(model.discriminator_losses(batch)["discriminator"].values()).backward()
        optimizer.step()
    assert gap() < before
    with model.turn_of("generator"):
        first = model.generator_losses(batch)["adversarial"]
        first.backward()
        learnt = [parameter for parameter in model.generator.parameters() if parameter.grad is not None]
        with torch.no_grad():
            for parameter in learnt:
                parameter -= 1e-3 * parameter.grad / parameter.grad.norm().clamp(min=1e-12)
        assert model.generator_losses(batch)["adversarial"] < first


def test_resume_goes_on_bit_by_bit(batch, tmp_path):
    """With noise, which follows from the iteration."""
    arguments = {"noise": 6, "iterations": 5}
    whole, first, second = (small(**arguments) for _ in range(3))
    fit(whole, batch, tmp_path, max_epochs=9)
    fit(first, batch, tmp_path, max_steps=2).save_checkpoint(tmp_path / "part.ckpt")
    fit(second, batch, tmp_path, max_epochs=9, ckpt_path=tmp_path / "part.ckpt")
    assert int(second.iteration) == int(whole.iteration) == 5
    assert not changed(whole.state_dict(), second.state_dict())


@pytest.mark.parametrize("region", ["center", "random"])
def test_a_run_in_bfloat16_stays_finite(region, batch, tmp_path):
    model = small(region=region)
    fit(model, batch, tmp_path, precision="bf16-mixed")
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model.eval().inpaint(batch.corrupted, batch.known).dtype == torch.float32
        assert all(value.dtype == torch.float32 for value in model.train().losses(batch).values())


def test_rates_and_betas():
    model = PathakContextEncoder(width=1, bottleneck=4)
    optimizers = {player: model.optimizer_for(player) for player in model.players}
    assert {player: optimizer.defaults["lr"] for player, optimizer in optimizers.items()} == {
        "generator": 2e-3,
        "discriminator": 2e-4,
    }
    assert all(optimizer.defaults["betas"] == (0.5, 0.999) for optimizer in optimizers.values())


def test_grey_pictures():
    batch = Batch(torch.rand(2, 1, 32, 32), square_holes(2, 32))
    model = small(channels=1, fill=117)
    assert all(value.isfinite() for value in model.losses(batch).values())
    assert model.eval().inpaint(batch.corrupted, batch.known).shape == (2, 1, 32, 32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"region": "left"}, r"model.region=left: expected center \| random"),
        ({"region": "random", "conditional": True}, "model.conditional=true: the authors have it for model.region=ce"),
        ({"overlap": 8}, "model.overlap=8: expected 0 or more, with a hole left"),
        ({"overlap": -1}, "model.overlap=-1: expected 0 or more"),
        ({"l2": 0.0, "adversarial": 0.0}, "expected weights of 0 or more, got l2=0.0, adversarial=0.0"),
        ({"noise": -1}, "model.noise=-1: expected 0 or more"),
        ({"fill": [1, 2]}, r"model.fill=\[1, 2\]: expected one number in 0..255, or 3, one per channel"),
        ({"fill": 256}, "model.fill=256: expected one number"),
        ({"size": 48}, "square of 48 px: expected a power of 2"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        small(**arguments)
