import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.losses.adversarial import r1_penalty
from inpaintlab.models.lama import LaMa
from inpaintlab.models.lama.symmetric import extend_symmetric
from tests.models.contract import Contract, smooth_pictures, square_holes
from tests.models.lama.official_names import generator_shapes
from tests.models.lama.random_resnet import write_encoder

G, D = "generator", "discriminator"


def small(**arguments):
    torch.manual_seed(0)
    return LaMa(**({"width": 4, "blocks": 2, "d_width": 4, "perceptual": 0} | arguments))


@pytest.fixture
def batch():
    return Batch(smooth_pictures(2, 3, 32), square_holes(2, 32))


class TestContract(Contract):
    """The adversarial terms do not fall: each side's gain is the other's loss."""

    paper = "lama"
    steps = 70

    def make(self):
        return small(lr=1e-2, blocks=1, d_layers=2)

    @torch.no_grad()
    def total(self, model, batch):
        return float(model.generator_losses(batch)["valid"])


class TestContractOfRegularAlone(Contract):
    """Without an opponent all terms are to fall."""

    paper = "lama"
    steps = 40

    def make(self):
        return small(lr=3e-3, convolution="regular", adversarial=0, feature_matching=0, hole=10)

    def test_every_trainable_parameter_gets_a_gradient(self, model, batch):
        model.discriminator.requires_grad_(False)  # it does not play
        super().test_every_trainable_parameter_gets_a_gradient(model, batch)


def test_losses_are_those_of_the_sheet(batch, tmp_path):
    """Each written down anew: 10 L1, 10 softplus(-D(y)), 100 mean of five MSE, 30 sum of four MSE; D with R1."""
    model = small(perceptual=30, perceptual_weights=str(write_encoder(tmp_path)))
    with torch.no_grad():
        y = model.generator(batch.corrupted, batch.known)
        fake, features = model.discriminator(y)
        _, truth = model.discriminator(batch.image)
        maps = list(zip(model.segmentation()(y), model.segmentation()(batch.image), strict=True))
    losses = model.generator_losses(batch)
    mse = [((ours - theirs) ** 2).mean() for ours, theirs in zip(features, truth, strict=True)]
    assert len(mse) == 5
    assert len(maps) == 4
    expected = {
        "valid": 10 * (batch.known * (y - batch.image).abs()).mean(),
        "adversarial": 10 * torch.log1p(torch.exp(-fake)).mean(),
        "feature_matching": 100 * sum(mse) / 5,
        "perceptual": 30 * sum(((ours - theirs) ** 2).mean() for ours, theirs in maps),
    }
    assert list(losses) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value)

    image = batch.image.clone().requires_grad_()
    real, _ = model.discriminator(image)
    (gradient,) = torch.autograd.grad(real.sum(), image)
    hole = F.interpolate(batch.hole, fake.shape[-2:], mode="nearest")
    expected = {
        "real": torch.log1p(torch.exp(-real)).mean(),
        "fake": (hole * torch.log1p(torch.exp(fake)) + (1 - hole) * torch.log1p(torch.exp(-fake))).mean(),
        "r1": 0.001 * sum((part**2).sum() for part in gradient) / 2,
    }
    rivals = model.discriminator_losses(batch)[D]
    assert list(rivals) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(rivals[name], value)


def test_losses_on_the_completed_picture(batch):
    model = small(losses_on="completed", hole=2, r1=0)
    with torch.no_grad():
        y = model.generator(batch.corrupted, batch.known)
        logits, _ = model.discriminator(composite(y, batch))
    losses = model.generator_losses(batch)
    torch.testing.assert_close(losses["adversarial"], 10 * F.softplus(-logits).mean())
    torch.testing.assert_close(losses["valid"], 10 * (batch.known * (y - batch.image).abs()).mean())
    torch.testing.assert_close(losses["hole"], 2 * (batch.hole * (y - batch.image).abs()).mean())
    assert "r1" not in model.discriminator_losses(batch)[D]


def test_terms_of_weight_0_are_not_computed(batch):
    assert set(small(adversarial=0).generator_losses(batch)) == {"valid", "feature_matching"}
    alone = small(adversarial=0, feature_matching=0)
    assert set(alone.losses(batch)) == {"valid"}
    assert alone.discriminator_losses(batch) == {}


def test_the_feature_loss_of_true_pictures_gives_the_discriminator_no_gradient(batch):
    model = small()
    with model.turn_of(G):
        torch.stack(list(model.generator_losses(batch).values())).sum().backward()
    assert all(parameter.grad is None for parameter in model.discriminator.parameters())
    assert all(parameter.grad.any() for parameter in model.generator.parameters())


class Watched(LaMa):
    """Remembers, just before each step, who steps, the norm of the gradient, and what everything looks like."""

    def on_before_optimizer_step(self, optimizer):
        super().on_before_optimizer_step(optimizer)
        player = self.players[[own is optimizer for own in self.trainer.optimizers].index(True)]
        gradients = [p.grad.flatten() for p in self.get_submodule(player).parameters()]
        state = {key: value.clone() for key, value in self.state_dict().items() if key != "iteration"}
        self.__dict__.setdefault("events", []).append((player, torch.cat(gradients).norm().item(), state))


def fit(model, batch, folder, steps=3, **arguments):
    contract = Contract()
    contract.trainer(folder, max_steps=steps, **arguments).fit(model, contract.loader(batch, steps))
    return model


def test_turns_move_what_they_should(batch, tmp_path):
    """Between two steps only the first one's weights move, and the statistics of whoever learns next."""
    torch.manual_seed(0)
    model = fit(Watched(width=4, blocks=1, d_width=4, perceptual=0), batch, tmp_path)
    assert [player for player, *_ in model.events] == [D, G] * 3
    for (player, _, before), (turn, _, after) in zip(model.events, model.events[1:], strict=False):
        moved = {key for key in before if not torch.equal(before[key], after[key])}
        statistics = {key for key in moved if "running" in key or "num_batches" in key}
        assert moved - statistics
        assert all(key.startswith(player) for key in moved - statistics)
        assert statistics
        assert all(key.startswith(turn) for key in statistics)
    assert int(model.iteration) == 3
    assert all(norm <= 1.0001 for _, norm, _ in model.events), "clipped to the norm 1"


def test_clipping_can_be_left_out_and_knows_the_players(batch, tmp_path):
    torch.manual_seed(0)
    model = fit(Watched(width=4, blocks=1, d_width=4, perceptual=0, clip_norm=None), batch, tmp_path)
    assert max(norm for _, norm, _ in model.events) > 1
    with pytest.raises(UserError, match=r"model.clip_norm: critic is none of the players generator, discriminator"):
        small(clip_norm={"critic": 1})


def test_a_step_of_the_discriminator_parts_true_from_painted(batch):
    """The critic's sign: after one small step of its own the logits of truth and of painted holes are further apart."""
    model = small(r1=0)

    @torch.no_grad()
    def apart():
        y = model.generator(batch.corrupted, batch.known)
        real, fake = model.discriminator(batch.image)[0], model.discriminator(y)[0]
        hole = F.interpolate(batch.hole, fake.shape[-2:], mode="nearest")
        return real.mean() - (fake * hole).sum() / hole.sum()

    before = apart()
    optimizer = torch.optim.SGD(model.discriminator.parameters(), lr=1e-3)
    torch.stack(list(model.discriminator_losses(batch)[D].values())).sum().backward()
    optimizer.step()
    assert apart() > before


def test_a_step_of_the_generator_raises_the_logits_of_its_pictures(batch):
    model = small(valid=0, feature_matching=0)

    @torch.no_grad()
    def logits():
        return model.discriminator(model.generator(batch.corrupted, batch.known))[0].mean()

    before = logits()
    optimizer = torch.optim.SGD(model.generator.parameters(), lr=1e-3)
    model.generator_losses(batch)["adversarial"].backward()
    optimizer.step()
    assert logits() > before


def test_gradient_of_r1_is_that_of_finite_differences(batch):
    """Through the whole discriminator, BatchNorm in training, in float64, along a direction at random."""
    network = small().discriminator.double()
    for layer in network.layers:
        layer[-1] = torch.nn.Softplus()  # differences would step over the corners of the leaky ReLU
    image = batch.image.double().requires_grad_()
    weights = list(network.parameters())
    penalty = r1_penalty(network(image)[0], image)
    gradients = torch.autograd.grad(penalty, weights, materialize_grads=True)
    directions = [torch.randn_like(weight) for weight in weights]
    analytic = sum((g * d).sum() for g, d in zip(gradients, directions, strict=True))
    before = [weight.detach().clone() for weight in weights]

    def r1_at(step):
        for weight, start, direction in zip(weights, before, directions, strict=True):
            weight.data = start + step * direction
        return r1_penalty(network(image)[0], image).detach()

    step = 1e-6
    torch.testing.assert_close((r1_at(step) - r1_at(-step)) / (2 * step), analytic.detach(), rtol=1e-5, atol=0)
    assert analytic.abs() > 1e-3 * penalty


def test_bf16_is_finite(batch, tmp_path):
    model = fit(small(), batch, tmp_path, precision="bf16-mixed")
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.losses(batch)
        assert model.eval().inpaint(batch.corrupted, batch.known).dtype == torch.float32
    assert all(value.isfinite() and value.dtype == torch.float32 for value in losses.values())


@pytest.mark.parametrize("size", [(32, 40), (33, 46), (9, 30), (5, 7)])
def test_any_size_is_filled_as_if_mirrored(size):
    """The edge is repeated, on the right and below, in picture and hole."""
    model = small().eval()
    assert model.divisor == 1
    image, known = torch.rand(1, 3, *size), (torch.rand(1, 1, *size) > 0.3).float()
    prediction = model.inpaint(image * known, known)
    assert prediction.shape == image.shape
    whole = model.generator(extend_symmetric(image * known, 8), extend_symmetric(known, 8))
    assert torch.equal(prediction, whole[..., : size[0], : size[1]])


def test_trains_at_sizes_that_are_no_multiples_of_eight():
    batch = Batch(smooth_pictures(2, 3, 36), square_holes(2, 36))
    assert all(value.isfinite() for value in small().losses(batch).values())


def test_refinement_is_a_switch(batch, monkeypatch):
    monkeypatch.setattr("inpaintlab.models.lama.refine.BASE", 16)
    model, refining = small().eval(), small(refine=True, refine_iterations=3, refine_lr=0.02).eval()
    assert (model.refining, refining.refining) == (False, True)
    with torch.no_grad():
        plain, refined = (each.inpaint(batch.corrupted, batch.known) for each in (model, refining))
        assert not torch.equal(plain, refined)
        refining.refining = False
        assert torch.equal(plain, refining.inpaint(batch.corrupted, batch.known))


def test_rates():
    model = small(lr=1e-3, d_lr=1e-4)
    optimizers = {player: model.optimizer_for(player) for player in model.players}
    assert {player: optimizer.defaults["lr"] for player, optimizer in optimizers.items()} == {G: 1e-3, D: 1e-4}
    assert all(optimizer.defaults["betas"] == (0.9, 0.999) for optimizer in optimizers.values())


def test_absent_weights_of_the_perceptual_loss_are_told_when_training_starts(batch, tmp_path):
    model = small(perceptual=30)
    model.eval().inpaint(batch.corrupted, batch.known)
    with pytest.raises(UserError, match=r"or switch the term off: model.perceptual=0"):
        fit(model, batch, tmp_path)


def test_load_official_fills_the_generator():
    model = small(blocks=1)
    state = {f"generator.{name}": torch.rand(shape) for name, shape in generator_shapes(1, 4).items()}
    assert model.load_official(state) == []
    assert torch.equal(model.generator.paint.bias, state["generator.model.17.bias"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"losses_on": "hole"}, r"model.losses_on: expected prediction \| completed, got 'hole'"),
        ({"valid": -1}, "expected weights of at least 0, one of model.valid, model.hole"),
        ({"valid": 0, "adversarial": 0, "feature_matching": 0}, "one of model.valid, .* model.perceptual above it"),
        ({"r1": -1}, "expected weights of at least 0"),
        ({"lr": 0}, "expected positive lr, d_lr"),
        ({"refine_iterations": 0}, "expected positive lr"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        small(**arguments)
