import copy

import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.checkpoints import load_model
from inpaintlab.models.context_encoder import ContextEncoder
from tests.models.contract import Contract, smooth_pictures, square_holes

EVERYTHING = [{"iterations": 1000, "rec": 0.998, "local": 0.001, "global": 0.001, "ramp": 0.0}]
THREE = [
    {"iterations": 2, "rec": 1.0, "local": 0.0, "global": 0.0, "ramp": 0.0},
    {"iterations": 3, "rec": 0.9, "local": 0.1, "global": 0.0, "ramp": 0.0},
    {"iterations": 6, "rec": 0.7, "local": 0.1, "global": 0.2, "ramp": 1.0},
]
"""Its third phase is one long ramp."""


def small(**arguments):
    torch.manual_seed(0)
    default = {"size": 32, "hole": 16, "width": 4, "bottleneck": 32, "lr": 3e-3, "phases": EVERYTHING}
    return ContextEncoder(**(default | arguments))


@pytest.fixture
def batch():
    return Batch(smooth_pictures(4, 3, 32), square_holes(4, 32))


class TestContractOfRec(Contract):
    paper = "context_encoder"
    batch_size = 4

    def make(self):
        return small(variant="rec")


class TestContract(Contract):
    """All three networks play. The adversarial terms do not fall: each side's gain is the other's loss."""

    paper = "context_encoder"
    batch_size = 4
    steps = 40

    def make(self):
        return small()

    @torch.no_grad()
    def total(self, model, batch):
        return float(model.generator_losses(batch)["rec"])


def test_players_of_the_variants():
    generator, local, overall = "generator", "local_discriminator", "global_discriminator"
    assert small(variant="rec").players == (generator,)
    assert small(variant="rec_local").players == (generator, local)
    assert small().players == (generator, local, overall)
    assert not hasattr(small(variant="rec_local"), overall)


@pytest.mark.parametrize(
    ("variant", "weights", "playing"),
    [
        ("rec", (0.7, 0.0, 0.0), ()),
        ("rec_local", (0.7, 0.1, 0.0), ("local",)),
        ("rec_local_global", (0.7, 0.1, 0.2), ("local", "global")),
    ],
)
def test_variants_share_the_phases(variant, weights, playing):
    stage = small(variant=variant, phases=THREE).stage_at(100)
    assert tuple(stage.weights.values()) == weights
    assert stage.discriminators == playing
    assert small(variant=variant, phases=THREE).iterations == 11


def parts(model, batch):
    """The true and painted hole and window in [-1, 1], for a central hole."""
    hole = slice(8, 24)
    truth = batch.image * 2 - 1
    patch = model.generator(truth * batch.known)
    return truth[..., hole, hole], patch, truth, truth * batch.known + F.pad(patch, [8] * 4)


@pytest.mark.parametrize("saturating", [False, True])
def test_losses_are_equations_2_to_5(saturating, batch):
    model = small(saturating=saturating, phases=THREE)
    model.iteration += 8  # half of the ramp
    weights = {"rec": 0.8, "local": 0.1, "global": 0.1}
    true_patch, patch, truth, whole = parts(copy.deepcopy(model), batch)
    local, overall = (copy.deepcopy(network) for network in (model.local_discriminator, model.global_discriminator))

    def cross_entropy(network, pictures, target):
        logits = network(pictures)
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))

    def own(network, pictures):
        return -cross_entropy(network, pictures, 0.0) if saturating else cross_entropy(network, pictures, 1.0)

    expected = {
        "rec": weights["rec"] * F.mse_loss(patch, true_patch),
        "local": weights["local"] * own(local, patch),
        "global": weights["global"] * own(overall, whole),
    }
    rivals = {
        "local_discriminator": {
            "real": cross_entropy(local, true_patch, 1.0),
            "fake": cross_entropy(local, patch, 0.0),
        },
        "global_discriminator": {
            "real": cross_entropy(overall, truth, 1.0),
            "fake": cross_entropy(overall, whole, 0.0),
        },
    }
    losses = model.generator_losses(batch)
    assert list(losses) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value)
    losses = model.discriminator_losses(batch)
    assert list(losses) == list(rivals)
    for player, terms in rivals.items():
        for name, value in terms.items():
            torch.testing.assert_close(losses[player][name], value)


def test_gradient_of_the_global_discriminator_flows_through_the_hole_alone(batch):
    model = small(phases=EVERYTHING)
    real, fake = model._views(batch)
    assert real["global"].requires_grad is False
    assert torch.equal(fake["global"] * batch.known, real["global"] * batch.known)
    fake["local"].retain_grad()
    model.global_discriminator(fake["global"]).sum().backward()
    assert fake["local"].grad.any()


class Seen(torch.nn.Module):
    """Stands before a network and remembers what it was shown."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, pictures):
        self.pictures = pictures
        return self.network(pictures)


def test_what_the_network_sees(batch):
    """[-1, 1], the hole exactly zero after normalisation."""
    model = small().eval()
    model.generator = Seen(model.generator)
    model.inpaint(batch.corrupted, batch.known)
    assert torch.equal(model.generator.pictures, (batch.image * 2 - 1) * batch.known)


def trained(batch, **arguments):
    """A network with running statistics that fit its weights."""
    model = small(**arguments)
    for _ in range(5):
        model.generator_losses(batch)
    return model.eval()


def test_what_lies_under_the_hole_changes_no_bit(batch):
    model = trained(batch)
    expected = model.inpaint(batch.corrupted, batch.known)
    for under in (torch.rand_like(batch.image), torch.tensor(1.0), torch.tensor(float("nan"))):
        filled = torch.where(batch.known > 0, batch.image, under)
        painted = model.inpaint(filled, batch.known)
        assert torch.equal(painted * batch.hole, expected * batch.hole)


def test_a_hole_that_is_not_central_is_painted_as_if_it_were(batch):
    """Shift picture and hole together in a larger one: the window, so the painting, stays the same."""
    model = trained(batch)
    expected = model.inpaint(batch.corrupted, batch.known)
    image, known = torch.rand(4, 3, 60, 70), torch.ones(4, 1, 60, 70)
    for index, (top, left) in enumerate([(0, 0), (28, 38), (5, 9), (14, 0)]):
        image[index, :, top : top + 32, left : left + 32] = batch.image[index]
        known[index, :, top : top + 32, left : left + 32] = batch.known[index]
    painted = model.inpaint(image * known, known)
    assert painted.shape == image.shape
    assert torch.equal(painted * known, image * known)
    for index, (top, left) in enumerate([(0, 0), (28, 38), (5, 9), (14, 0)]):
        torch.testing.assert_close(painted[index, :, top : top + 32, left : left + 32], expected[index])


def test_a_hole_in_the_corner_and_a_picture_smaller_than_the_window(batch):
    model = trained(batch)
    for size, corner in (((40, 40), (0, 24)), ((20, 18), (2, 1))):
        known = torch.ones(1, 1, *size)
        known[..., corner[0] : corner[0] + 16, corner[1] : corner[1] + 16] = 0
        painted = model.inpaint(torch.rand(1, 3, *size) * known, known)
        assert painted.isfinite().all()
        assert painted[..., corner[0] : corner[0] + 16, corner[1] : corner[1] + 16].min() > 0


def test_training_on_holes_at_different_places(batch):
    """The windows of a batch differ; the discriminators still see the true surroundings."""
    model = small(phases=EVERYTHING)
    image, known = torch.rand(2, 3, 48, 48), torch.ones(2, 1, 48, 48)
    known[0, :, 8:24, 8:24] = 0
    known[1, :, 24:40, 20:36] = 0
    real, _ = model._views(Batch(image, known))
    assert torch.equal(real["global"][1], image[1, :, 16:48, 12:44] * 2 - 1)
    assert torch.equal(real["local"][1], image[1, :, 24:40, 20:36] * 2 - 1)
    assert all(value.isfinite() for value in model.losses(Batch(image, known)).values())


def test_other_sizes_and_grey():
    model = small(size=64, hole=32, channels=1, width=2).eval()
    batch = Batch(torch.rand(2, 1, 64, 64), square_holes(2, 64))
    assert model.inpaint(batch.corrupted, batch.known).shape == (2, 1, 64, 64)


def test_irregular_holes_are_refused_in_one_line(batch, tmp_path):
    known = batch.known.clone()
    known[2, :, 10, 10] = 1
    message = "picture 3 of the batch has an irregular hole of 255 px; .*use mask=center"
    with pytest.raises(UserError, match=message):
        small().eval().inpaint(batch.image * known, known)
    contract = Contract()
    with pytest.raises(UserError, match=message):
        contract.trainer(tmp_path, max_steps=1).fit(small(), contract.loader(Batch(batch.image, known)))


def test_one_picture_is_too_few_for_training(batch):
    one = Batch(*(part[:1] for part in batch))
    with pytest.raises(UserError, match=r"data.batch_size=1: BatchNorm .* at least 2 pictures"):
        small().losses(one)
    small().eval().inpaint(one.corrupted, one.known)


class Watched(ContextEncoder):
    """Remembers, just before each step, who steps and what everything looks like."""

    def on_before_optimizer_step(self, optimizer):
        super().on_before_optimizer_step(optimizer)
        index = [own is optimizer for own in self.trainer.optimizers].index(True)
        state = {key: value.clone() for key, value in self.state_dict().items() if key != "iteration"}
        self.__dict__.setdefault("events", []).append((int(self.iteration), self.players[index], state))


def watched():
    torch.manual_seed(0)
    return Watched(size=32, hole=16, width=2, bottleneck=8, lr=3e-3, phases=THREE)


def fit(model, batch, folder, ckpt_path=None, **arguments):
    contract = Contract()
    trainer = contract.trainer(folder, **({"max_epochs": 100} | arguments))
    trainer.fit(model, contract.loader(batch, 20), ckpt_path=ckpt_path)
    return trainer


def order(model):
    return [(iteration, player) for iteration, player, _ in model.events]


LOCAL, GLOBAL = "local_discriminator", "global_discriminator"
ORDER = (
    [(i, "generator") for i in (0, 1)]
    + [(i, player) for i in (2, 3, 4) for player in (LOCAL, "generator")]
    + [(i, player) for i in range(5, 11) for player in (LOCAL, GLOBAL, "generator")]
)


def changed(before, after):
    return {key for key in before if not torch.equal(before[key], after[key])}


def is_statistic(key):
    return "running" in key or "num_batches" in key


def test_phases_begin_on_their_iteration_and_move_what_they_should(batch, tmp_path):
    """Order of the steps, and that between two steps only the first one's weights and the second's statistics move."""
    model = watched()
    fit(model, batch, tmp_path)
    assert order(model) == ORDER
    for (_, player, before), (_, following, after) in zip(model.events, model.events[1:], strict=False):
        moved = changed(before, after)
        weights = {key for key in moved if not is_statistic(key)}
        assert weights
        assert all(key.startswith(f"{player}.") for key in weights)
        owners = {key.split(".")[0] for key in moved if is_statistic(key)}
        if following == "generator":
            assert owners == {"generator"}
        elif player == "generator":  # the discriminators of the next iteration have looked, all at once
            assert owners <= {LOCAL, GLOBAL}
            assert following in owners
        else:
            assert not owners


def test_discriminators_of_later_phases_are_as_they_were_made(batch, tmp_path):
    model = watched()
    start = {key: value.clone() for key, value in model.state_dict().items()}
    fit(model, batch, tmp_path)
    for iteration, _, state in model.events:
        for player, first in ((LOCAL, 2), (GLOBAL, 5)):
            if iteration < first:
                assert not [key for key in state if key.startswith(player) and not torch.equal(state[key], start[key])]


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 2, 4, 5, 8])
def test_resume_goes_on_bit_by_bit(steps, batch, tmp_path):
    """Stopped within the first phase, at both boundaries, within the second, and in the middle of the third's ramp."""
    whole, first, second = watched(), watched(), watched()
    fit(whole, batch, tmp_path)
    fit(first, batch, tmp_path, max_steps=steps).save_checkpoint(tmp_path / "part.ckpt")
    assert int(first.iteration) == steps
    fit(second, batch, tmp_path, ckpt_path=tmp_path / "part.ckpt")
    assert order(second) == [event for event in ORDER if event[0] >= steps]
    assert int(second.iteration) == 11
    assert not changed(whole.state_dict(), second.state_dict())
    moments = [optimizer.state_dict() for optimizer in (*whole.trainer.optimizers, *second.trainer.optimizers)]
    for one, other in zip(moments[:3], moments[3:], strict=True):
        for index, state in one["state"].items():
            assert all(torch.equal(value, other["state"][index][name]) for name, value in state.items())


def test_a_checkpoint_knows_how_far_the_ramp_is(batch, tmp_path):
    fit(watched(), batch, tmp_path, max_steps=8).save_checkpoint(tmp_path / "part.ckpt")
    again = load_model(tmp_path / "part.ckpt", trust="tests")
    assert again.stage_at(int(again.iteration)).weights["global"] == pytest.approx(0.2 * 3 / 6)


def test_bfloat16_losses_are_float32_and_close(batch):
    model = small(width=8)
    expected = copy.deepcopy(model).losses(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.losses(batch)
    for name, value in losses.items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, expected[name], rtol=0.1, atol=0.05)
    sum(losses.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_a_run_in_bfloat16_stays_finite(batch, tmp_path):
    model = watched()
    fit(model, batch, tmp_path, precision="bf16-mixed")
    assert order(model) == ORDER
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())
    model.eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model.inpaint(batch.corrupted, batch.known).dtype == torch.float32


def test_rates_and_betas(batch, tmp_path):
    model = small(lr=2e-3, d_lr=2e-4)
    optimizers = {player: model.optimizer_for(player) for player in model.players}
    assert {player: optimizer.defaults["lr"] for player, optimizer in optimizers.items()} == {
        "generator": 2e-3,
        LOCAL: 2e-4,
        GLOBAL: 2e-4,
    }
    assert all(optimizer.defaults["betas"] == (0.5, 0.999) for optimizer in optimizers.values())
    for player, optimizer in optimizers.items():
        own = {id(parameter) for parameter in getattr(model, player).parameters()}
        assert {id(p) for group in optimizer.param_groups for p in group["params"]} == own


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"variant": "local"}, r"model.variant=local: expected rec \| rec_local \| rec_local_global"),
        ({"phases": []}, "model.phases: expected at least one"),
        ({"hole": 48}, "model.hole=48: does not fit a window of model.size=32 px"),
        ({"hole": 24}, "model.hole=24: the decoder paints multiples of 16 px"),
        ({"size": 48}, "model.size=48: the encoder needs a multiple of 32"),
        ({"d_act": "elu"}, "model.d_act=elu"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        small(**arguments)
