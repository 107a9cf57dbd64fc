import copy

import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.glcic import GLCIC
from tests.models.contract import Contract, smooth_pictures, square_holes

COMPLETION = [{"iterations": 1000, "plays": ["generator"]}]
BOTH = [{"iterations": 1000, "plays": ["generator", "discriminator"]}]
THREE = [
    {"iterations": 2, "plays": ["generator"]},
    {"iterations": 3, "plays": ["discriminator"]},
    {"iterations": 3, "plays": ["generator", "discriminator"]},
]


def small(model_class=GLCIC, **arguments):
    torch.manual_seed(0)
    default = {"size": 32, "patch": 24, "global_layers": 3, "local_layers": 2, "width": 4, "phases": BOTH, "alpha": 0.1}
    return model_class(**(default | arguments))


@pytest.fixture
def batch():
    return Batch(smooth_pictures(4, 3, 32), square_holes(4, 32))


class TestContractOfTheCompletionNetwork(Contract):
    """The first phase; the discriminator, which nothing moves then, is left out of what must get gradients."""

    paper = "glcic"
    batch_size = 4
    steps = 50

    def make(self):
        model = small(phases=COMPLETION)
        model.discriminator.requires_grad_(False)
        return model


class TestContract(Contract):
    """Both networks play. The adversarial terms do not fall: each side's gain is the other's loss."""

    paper = "glcic"
    batch_size = 4
    steps = 50

    def make(self):
        return small(alpha=4e-4)

    @torch.no_grad()
    def total(self, model, batch):
        return float(model.generator_losses(batch)["mse"])


def cross_entropy(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


@pytest.mark.parametrize("d_input", ["composite", "raw"])
@pytest.mark.parametrize("real_patch", ["same", "random"])
def test_losses_are_those_of_the_paper(d_input, real_patch, batch):
    model = small(d_input=d_input, real_patch=real_patch)
    fake_corners, real_corners = model._corners(batch)
    assert torch.equal(fake_corners, real_corners) == (real_patch == "same")
    twin = copy.deepcopy(model)
    painted = twin.generator(batch.corrupted, batch.known)
    completed = painted if d_input == "raw" else batch.image * batch.known + painted * batch.hole

    def views(pictures, corners):
        cuts = [p[:, y : y + 24, x : x + 24] for p, (y, x) in zip(pictures, corners.tolist(), strict=True)]
        return {"local": torch.stack(cuts), "global": pictures}

    real = twin.discriminator(views(batch.image, real_corners))
    fake = twin.discriminator(views(completed, fake_corners))
    expected = {
        "mse": (batch.hole * (painted - batch.image)).square().sum() / (4 * 3 * 32 * 32),
        "adversarial": 0.1 * cross_entropy(fake, 1.0),
    }
    losses = model.generator_losses(batch)
    assert list(losses) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value)
    rivals = model.discriminator_losses(batch)["discriminator"]
    torch.testing.assert_close(rivals["real"], 0.5 * cross_entropy(real, 1.0))
    torch.testing.assert_close(rivals["fake"], 0.5 * cross_entropy(fake, 0.0))


def test_reconstruction_of_the_ports(batch):
    """16 of 32 pixels a side are hole, a quarter of the area."""
    model = small(rec="l1", phases=COMPLETION)
    painted = copy.deepcopy(model).generator(batch.corrupted, batch.known)
    expected = ((painted - batch.image).abs() * batch.hole).sum() / (4 * 3 * 32 * 32)
    losses = model.generator_losses(batch)
    assert list(losses) == ["l1"]
    torch.testing.assert_close(losses["l1"], expected)
    torch.testing.assert_close(small(rec="l1", hole_norm="hole").generator_losses(batch)["l1"], 4 * expected)


def test_patches_hold_the_hole_and_move_with_the_iteration(batch):
    model = small()
    corners = []
    for _ in range(3):
        fake, _ = model._corners(batch)
        assert torch.equal(fake, model._corners(batch)[0]), "the same in every turn"
        assert ((fake <= 8) & (fake >= 0)).all(), "rows and columns 8 to 23 of 24 pixels"
        corners.append(fake)
        model.iteration += 1
    assert not torch.equal(corners[0], corners[1])
    assert not torch.equal(corners[0], small(seed=1)._corners(batch)[0])


class Watched(GLCIC):
    """Remembers, just before each step, who steps and what everything looks like."""

    def on_before_optimizer_step(self, optimizer):
        super().on_before_optimizer_step(optimizer)
        index = [own is optimizer for own in self.trainer.optimizers].index(True)
        state = {key: value.clone() for key, value in self.state_dict().items() if key != "iteration"}
        self.__dict__.setdefault("events", []).append((int(self.iteration), self.players[index], state))


def watched():
    return small(Watched, phases=THREE)


def fit(model, batch, folder, ckpt_path=None, **arguments):
    contract = Contract()
    trainer = contract.trainer(folder, **({"max_epochs": 100} | arguments))
    trainer.fit(model, contract.loader(batch, 20), ckpt_path=ckpt_path)
    return trainer


def order(model):
    return [(iteration, player) for iteration, player, _ in model.events]


ORDER = (
    [(i, "generator") for i in (0, 1)]
    + [(i, "discriminator") for i in (2, 3, 4)]
    + [(i, player) for i in (5, 6, 7) for player in ("discriminator", "generator")]
)


def changed(before, after):
    return {key for key in before if not torch.equal(before[key], after[key])}


def is_statistic(key):
    return "running" in key or "num_batches" in key


def test_phases_begin_on_their_iteration_and_move_what_they_should(batch, tmp_path):
    """Between two steps the first one's weights move, and the statistics of whoever learns next."""
    model = watched()
    trainer = fit(model, batch, tmp_path)
    assert order(model) == ORDER
    assert int(model.iteration) == trainer.global_step == 8
    for (_, player, before), (_, following, after) in zip(model.events, model.events[1:], strict=False):
        moved = changed(before, after)
        weights = {key for key in moved if not is_statistic(key)}
        assert weights
        assert all(key.startswith(f"{player}.") for key in weights)
        assert {key.split(".")[0] for key in moved if is_statistic(key)} == {following}


def test_who_sits_out_keeps_every_bit(batch, tmp_path):
    model = watched()
    start = {key: value.clone() for key, value in model.state_dict().items()}
    fit(model, batch, tmp_path)
    states = {iteration: state for iteration, _, state in model.events}
    assert not [key for key in changed(states[1], start) if key.startswith("discriminator")]
    assert not [key for key in changed(states[2], states[4]) if key.startswith("generator")]


def test_a_frozen_completion_network_is_in_evaluation(batch):
    """In the second phase the discriminator sees what will be delivered: completed by running statistics."""
    model = small(phases=[{"iterations": 1, "plays": ["discriminator"]}])
    for norm in model.generator.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(norm.running_mean)
    twin = copy.deepcopy(model).eval()
    completed = twin.inpaint(batch.corrupted, batch.known) * batch.hole + batch.corrupted
    twin.train()
    expected = 0.5 * cross_entropy(twin.discriminator(twin._views(completed, model._corners(batch)[0])), 0.0)
    torch.testing.assert_close(model.discriminator_losses(batch)["discriminator"]["fake"], expected)
    assert model.generator.training
    assert model.generator_plays() is False


def test_a_step_of_the_discriminator_parts_true_and_completed_pictures(batch, tmp_path):
    """D(x) - D(y) grows; a step of the completion network on the adversarial term alone raises D(y)."""
    model = small(phases=[{"iterations": 1, "plays": ["discriminator"]}], optimizer="adam", lr=1e-3)

    def gap(model):
        with torch.no_grad():
            terms = model.discriminator_losses(batch)["discriminator"]
        return float(terms["real"] + terms["fake"])

    before = gap(model)
    fit(model, batch, tmp_path, max_steps=1)
    model.iteration.zero_()
    assert gap(model) < before
    model = small()
    with model.turn_of("generator"):
        first = model.generator_losses(batch)["adversarial"]
        first.backward()
        with torch.no_grad():
            for parameter in model.generator.parameters():
                parameter -= 1e-2 * parameter.grad / parameter.grad.norm().clamp(min=1e-12)
        assert model.generator_losses(batch)["adversarial"] < first


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 7])
def test_resume_goes_on_bit_by_bit(steps, batch, tmp_path):
    """Stopped within each phase and at both boundaries."""
    whole, first, second = watched(), watched(), watched()
    fit(whole, batch, tmp_path)
    fit(first, batch, tmp_path, max_steps=steps).save_checkpoint(tmp_path / "part.ckpt")
    assert int(first.iteration) == steps
    fit(second, batch, tmp_path, ckpt_path=tmp_path / "part.ckpt")
    assert order(second) == [event for event in ORDER if event[0] >= steps]
    assert not changed(whole.state_dict(), second.state_dict())


def trained(batch, **arguments):
    """A network with running statistics that fit its weights."""
    model = small(**arguments)
    for _ in range(5):
        model.generator(batch.corrupted, batch.known)
    return model.eval()


@pytest.mark.parametrize("input_norm", ["sub_mean", "fill_mean", "symmetric"])
@pytest.mark.parametrize("fit_by", ["pad", "scale"])
def test_what_lies_under_the_hole_changes_no_bit(input_norm, fit_by, batch):
    model = trained(batch, input_norm=input_norm, fit=fit_by)
    expected = model.inpaint(batch.corrupted, batch.known)
    for under in (torch.rand_like(batch.image), torch.tensor(1.0), torch.tensor(float("nan"))):
        assert torch.equal(model.inpaint(torch.where(batch.known > 0, batch.image, under), batch.known), expected)


def test_scaling_takes_any_size_and_padding_multiples_of_4(batch):
    assert small().divisor == 4
    model = trained(batch, fit="scale")
    assert model.divisor == 1
    known = torch.ones(1, 1, 33, 50)
    known[..., 5:12, 20:31] = 0
    painted = model.inpaint(torch.rand(1, 3, 33, 50) * known, known)
    assert painted.shape == (1, 3, 33, 50)
    assert painted.isfinite().all()
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_blending_meets_the_known_pixels(batch):
    """Behind it the seam is gone: the jump across the hole's edge is what the picture has beside it."""
    plain, blended = (trained(batch, blend=word).inpaint(batch.corrupted, batch.known) for word in ("none", "poisson"))
    assert torch.equal(blended * batch.known, batch.corrupted)

    def jump(pictures):
        completed = pictures * batch.hole + batch.corrupted
        return (completed[..., 8, 8:24] - completed[..., 7, 8:24]).abs().mean()

    assert jump(blended) < 0.5 * jump(plain)


def test_pictures_of_another_size_are_refused_by_the_discriminator_alone():
    batch = Batch(torch.rand(2, 3, 40, 40), square_holes(2, 40))
    assert small(phases=COMPLETION).losses(batch)["mse"].isfinite()
    with pytest.raises(UserError, match=r"picture of 40x40 px: the discriminator sees 32x32; set data.size=32"):
        small().losses(batch)


def test_grey_pictures():
    batch = Batch(torch.rand(2, 1, 32, 32), square_holes(2, 32))
    model = small(channels=1, mean=[0.4])
    assert all(value.isfinite() for value in model.losses(batch).values())
    assert model.eval().inpaint(batch.corrupted, batch.known).shape == (2, 1, 32, 32)


def test_a_run_in_bfloat16_stays_finite(batch, tmp_path):
    model = watched()
    fit(model, batch, tmp_path, precision="bf16-mixed")
    assert order(model) == ORDER
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model.eval().inpaint(batch.corrupted, batch.known).dtype == torch.float32
        model.iteration.fill_(7)
        assert all(value.dtype == torch.float32 for value in model.train().losses(batch).values())


def test_optimisers():
    for word, kind, rate in (("adadelta", torch.optim.Adadelta, 1.0), ("adam", torch.optim.Adam, 4e-4)):
        model = small(optimizer=word, lr=rate)
        for player in model.players:
            optimizer = model.optimizer_for(player)
            assert isinstance(optimizer, kind)
            assert optimizer.defaults["lr"] == rate
            own = {id(parameter) for parameter in getattr(model, player).parameters()}
            assert {id(p) for group in optimizer.param_groups for p in group["params"]} == own
    assert small().optimizer_for("generator").defaults["rho"] == 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rec": "l2"}, r"model.rec=l2: expected mse \| l1"),
        ({"hole_norm": "none"}, r"model.hole_norm=none: expected all \| hole"),
        ({"d_input": "both"}, r"model.d_input=both: expected composite \| raw"),
        ({"real_patch": "none"}, r"model.real_patch=none: expected random \| same"),
        ({"optimizer": "sgd"}, r"model.optimizer=sgd: expected adadelta \| adam"),
        ({"blend": "paste"}, r"model.blend=paste: expected none \| poisson"),
        ({"fit": "crop"}, r"model.fit=crop: expected pad \| scale"),
        ({"phases": []}, "model.phases: expected at least one"),
        ({"patch": 40}, "model.patch=40: does not fit a picture of model.size=32 px"),
        ({"alpha": -1}, "expected alpha and seed of 0 or more and a positive lr, got alpha=-1"),
        ({"clip_norm": {"critic": 1.0}}, "model.clip_norm: critic is none of the players generator, discriminator"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        small(**arguments)
