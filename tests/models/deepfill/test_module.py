import copy

import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.models.deepfill import DeepFill
from inpaintlab.models.deepfill.discount import discount
from inpaintlab.models.deepfill.official import V1
from tests.models.contract import Contract, smooth_pictures
from tests.models.deepfill.presets import BOTH, arguments_of, small


class OfDeepFill(Contract):
    """The opinions of critics do not fall: each side's gain is the other's loss."""

    version: str
    steps = 50

    def make(self):
        return small(self.version, lr=4e-3)

    @pytest.fixture
    def batch(self):
        """A hole in the corner leaves some of the 4 x 4 places to attend to; in the middle it would leave none."""
        known = torch.ones(2, 1, 32, 32)
        known[..., :12, :12] = 0
        return Batch(smooth_pictures(2, 3, 32), known)

    @torch.no_grad()
    def total(self, model, batch):
        return float(sum(value for name, value in model.generator_losses(batch).items() if name != "adversarial"))


class TestContractOfV2(OfDeepFill):
    """The critic's opinion weighs little: at the paper's 1 the players chase each other over two pictures."""

    paper, version = "deepfill_v2", "v2"
    steps = 100  # half of them end at 0.49 to 0.54 of the first value, all at 0.37 to 0.40

    def make(self):
        return small(self.version, lr=4e-3, adversarial=0.05)


class TestContractOfV1(OfDeepFill):
    paper, version = "deepfill_v1", "v1"

    def test_every_trainable_parameter_gets_a_gradient(self, model, batch):
        """But for the constants of the critics: they cancel out of D(real) - D(fake)."""
        sum(model.losses(batch).values()).backward()
        without = {name for name, parameter in model.named_parameters() if not parameter.grad.any()}
        assert without == {"global_critic.fc.bias", "local_critic.fc.bias"}

    def test_yaml_lists_every_constructor_argument(self, model):
        """The constructor's own values are v2's; v1's YAML lists every argument too, and differs where v1 does."""
        ours, theirs = arguments_of("v1"), arguments_of("v2")
        assert list(ours) == list(theirs)
        assert {name: value for name, value in ours.items() if value != theirs[name]} == V1


del OfDeepFill  # pytest would collect it


def in_space(image):
    return image * 2 - 1


def painted(model, batch):
    """Coarse and refined picture, and the refined one with the known pixels put back; all in [-1, 1]."""
    truth = in_space(batch.image)
    coarse, refined = model.generator(truth * batch.known, batch.hole)
    return truth, coarse, refined, truth * batch.known + refined * batch.hole


def boxes(pictures):
    """The two boxes of the batch, cut by hand."""
    return torch.stack([pictures[0, :, 8:24, 8:24], pictures[1, :, 16:32, 2:18]])


def test_generator_losses_of_v1(batch):
    """1.2 L_l1 + 1.2 L_ae + 0.001 (g_global + g_local), the coarse picture's 1.2 times as much."""
    model = small("v1")
    truth, coarse, refined, completed = painted(model, batch)
    expected = {}
    for name, picture, weight in (("coarse", coarse, 1.2), ("refined", refined, 1.0)):
        error = (picture - truth).abs()
        expected[f"l1_{name}"] = 1.2 * weight * (boxes(error) * discount(16, 0.9)).mean()
        expected[f"known_{name}"] = 1.2 * weight * (error * batch.known).mean() / batch.known.mean()
    scores = model.global_critic(completed).mean() + model.local_critic(boxes(completed)).mean()
    expected["adversarial"] = -0.001 * scores
    assert_same_terms(model.generator_losses(batch), expected)


def test_generator_losses_of_v2(batch):
    model = small("v2").eval()  # without power iteration
    truth, coarse, refined, completed = painted(model, batch)
    expected = {
        "l1_coarse": (coarse - truth).abs().mean(),
        "l1_refined": (refined - truth).abs().mean(),
        "adversarial": -model.critic(torch.cat([completed, batch.hole], 1)).mean(),
    }
    assert_same_terms(model.generator_losses(batch), expected)


def assert_same_terms(found, expected):
    assert list(found) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


def test_critic_losses_of_v2(batch):
    model = small("v2").eval()
    truth, _, _, completed = painted(model, batch)
    real, fake = (model.critic(torch.cat([pictures, batch.hole], 1)) for pictures in (truth, completed))
    found = model.discriminator_losses(batch)
    assert list(found) == ["critic"]
    assert_same_terms(found["critic"], {"real": F.relu(1 - real).mean() / 2, "fake": F.relu(1 + fake).mean() / 2})


def test_critic_losses_of_v1(batch):
    """The penalty is of the gradient in the hole alone, with shares of its own for each critic."""
    model = small("v1")
    truth, _, _, completed = painted(model, batch)
    shares = model.drawn(2, 2, seed=0)
    views = {
        "global_critic": (truth, completed, batch.hole, shares[:, 0]),
        "local_critic": (boxes(truth), boxes(completed), boxes(batch.hole), shares[:, 1]),
    }
    found = model.discriminator_losses(batch)
    assert list(found) == list(views)
    for player, (real, fake, hole, share) in views.items():
        critic = model.get_submodule(player)
        mixed = torch.stack([x + e * (y - x) for x, y, e in zip(real, fake, share, strict=True)]).detach()
        mixed.requires_grad_()
        (gradient,) = torch.autograd.grad(critic(mixed).sum(), mixed)
        penalty = ((gradient.square() * hole).sum((1, 2, 3)).sqrt() - 1).square().mean()
        expected = {"real": -critic(real).mean(), "fake": critic(fake).mean(), "penalty": 10 * penalty}
        for name, value in expected.items():
            torch.testing.assert_close(found[player][name], value)


@BOTH
def test_two_halves_of_a_batch_are_the_whole(version, monkeypatch):
    """What training in two processes rests on: each takes every other picture and its own shares of one draw."""
    model = small(version).eval()
    known = torch.ones(4, 1, 32, 32)
    for index in range(4):  # holes of different sizes
        known[index, :, 8 : 14 + 2 * index, 8:20] = 0
    whole = Batch(smooth_pictures(4, 3, 32), known)
    expected = model.losses(whole)
    halves = []
    for rank in (0, 1):
        monkeypatch.setattr(model, "_trainer", type("Two", (), {"world_size": 2}))
        monkeypatch.setattr(DeepFill, "global_rank", rank)
        halves.append(model.losses(Batch(*(part[rank::2] for part in whole))))
    for name, value in expected.items():
        torch.testing.assert_close((halves[0][name] + halves[1][name]) / 2, value)


@torch.no_grad()
def gap(model, player, batch):
    """D(real) - D(fake) of one critic."""
    truth = Batch(in_space(batch.image), batch.known)
    _, refined = model._paint(batch.corrupted, batch.known)
    box = None if model.box is None else model_box(model, batch)
    real, fake = (model._views(pictures, truth, box)[player] for pictures in (truth.image, composite(refined, truth)))
    return float(model._scores(player, real).mean() - model._scores(player, fake).mean())


def model_box(model, batch):
    from inpaintlab.models.deepfill.box import Box

    return Box(batch.known, model.box)


@pytest.mark.parametrize(
    ("version", "player"), [("v1", "global_critic"), ("v1", "local_critic"), ("v2", "critic")], ids=str
)
def test_one_step_of_a_critic_raises_its_gap(version, player, batch):
    """The pulls apart alone: the gradient penalty has its own will about how steep a critic is."""
    model = small(version, penalty=0.0).eval()
    before = gap(model, player, batch)
    optimizer = torch.optim.SGD(model.get_submodule(player).parameters(), lr=1e-2)
    sum(model.discriminator_losses(batch)[player].values()).backward()
    optimizer.step()
    assert gap(model, player, batch) > before


@BOTH
def test_the_generators_step_pleases_the_critics(version, batch):
    model = small(version, l1=0.0, known_l1=0.0).eval()
    losses = model.generator_losses(batch)
    assert list(losses) == ["adversarial"]
    optimizer = torch.optim.SGD(model.generator.parameters(), lr=1.0)
    losses["adversarial"].backward()
    optimizer.step()
    assert model.generator_losses(batch)["adversarial"] < losses["adversarial"]


@BOTH
def test_critics_reach_the_generator_through_the_hole_alone(version, batch):
    model = small(version)
    truth = Batch(in_space(batch.image), batch.known)
    refined = model._paint(batch.corrupted, batch.known)[1].detach().requires_grad_()
    box = None if model.box is None else model_box(model, batch)
    views = model._views(composite(refined, truth), truth, box)
    sum(model._scores(player, view).sum() for player, view in views.items()).backward()
    assert not (refined.grad * batch.known).any()
    assert (refined.grad * batch.hole).any()


@BOTH
def test_bfloat16_losses_are_float32_and_close(version, batch):
    model = small(version, width=8)
    expected = copy.deepcopy(model).losses(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.losses(batch)
    for name, value in losses.items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, expected[name], rtol=0.1, atol=0.05)
    sum(losses.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@BOTH
def test_what_lies_under_the_hole_changes_no_bit(version, batch):
    model = small(version).eval()
    expected = model.inpaint(batch.corrupted, batch.known)
    for under in (torch.rand_like(batch.image), torch.tensor(1.0), torch.tensor(float("nan"))):
        assert torch.equal(model.inpaint(torch.where(batch.known > 0, batch.image, under), batch.known), expected)


@BOTH
def test_bgr_is_the_same_network_on_turned_colours(version, batch):
    rgb, bgr = small(version), small(version, channel_order="bgr")
    turned = Batch(batch.image.flip(1), batch.known)
    painted_rgb = rgb.eval().inpaint(batch.corrupted, batch.known)
    assert torch.equal(bgr.eval().inpaint(turned.corrupted, turned.known), painted_rgb.flip(1))
    losses = bgr.losses(turned)
    for name, value in rgb.losses(batch).items():
        torch.testing.assert_close(losses[name], value)


@BOTH
def test_any_size_and_grey(version):
    model = small(version, channels=1).eval()
    image = torch.rand(1, 1, 40, 56)
    known = torch.ones_like(image)
    known[..., 3:30, 5:50] = 0
    assert model.inpaint(image * known, known).shape == image.shape
    assert [picture.shape for picture in model.stages(image * known, known)] == [image.shape] * 2


def test_v1_trains_on_boxes_and_says_so(batch):
    known = batch.known.clone()
    known[0, :, 0, 0] = 0
    with pytest.raises(UserError, match=r"spans 24x24 px of 32x32; .* box of 16 px: use mask=box"):
        small("v1").losses(Batch(batch.image, known))
    small("v1").inpaint(batch.image * known, known)


def test_parts_of_one_version_in_the_other(batch):
    """The switches are free: gated convolutions under v1's critics, the global one alone, plain ones under v2's."""
    gated = small("v1", convolution="gated", box=None, discount=1.0)
    assert gated.players == ("generator", "global_critic")
    plain = small("v2", convolution="plain", box=128, discount=0.9)
    assert plain.players == ("generator", "critic")
    for model in (gated, plain):
        assert all(value.isfinite() for value in model.losses(batch).values())


@BOTH
def test_optimisers(version):
    model = small(version, lr=3e-4)
    for player in model.players:
        optimizer = model.optimizer_for(player)
        assert optimizer.defaults["lr"] == 3e-4
        assert optimizer.defaults["betas"] == ((0.5, 0.9) if version == "v1" else (0.5, 0.999))
        own = {id(parameter) for parameter in model.get_submodule(player).parameters()}
        assert {id(p) for group in optimizer.param_groups for p in group["params"]} == own


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"critic": "gan"}, r"model.critic=gan: expected wgan \| sn_patch"),
        ({"channel_order": "hsv"}, r"model.channel_order=hsv: expected rgb \| bgr"),
        ({"critic_steps": 0}, "model.critic_steps=0: expected at least 1"),
        ({"known_l1": -1.0}, "model.known_l1=-1.0: expected 0 or more"),
        ({"discount": 1.5}, "model.discount=1.5: expected more than 0 and at most 1"),
        ({"discount": 0.9}, "model.discount=0.9: it needs a box to decay in"),
        ({"lr": 0.0}, "model.lr=0.0: expected a positive rate"),
        ({"critic": "wgan", "size": 40}, "critic=wgan: expected sides of multiples of 16 px, got 40"),
        ({"resize": "area"}, r"resize=area, expected align_corners \| floor"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        small("v2", **arguments)
