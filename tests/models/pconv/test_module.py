import copy

import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.losses.features import VggFeatures
from inpaintlab.losses.perceptual import perceptual, style
from inpaintlab.models.checkpoints import load_model
from inpaintlab.models.pconv.module import STAGES, PConv
from tests.losses.random_vgg import write_npz
from tests.models.contract import Contract, smooth_pictures, square_holes

PIXELS_ONLY = {"perceptual": 0.0, "style": 0.0}
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def stages(*lengths, lr=1e-2):
    return [{"iterations": n, "lr": lr / 4**i, "freeze_encoder_bn": i > 0} for i, n in enumerate(lengths)]


def small(**arguments):
    torch.manual_seed(0)
    return PConv(**({"levels": 3, "width": 4, "stages": stages(1000)} | PIXELS_ONLY | arguments))


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return str(write_npz(tmp_path_factory.mktemp("vgg")))


@pytest.fixture
def batch():
    return Batch(smooth_pictures(2, 3, 32), square_holes(2, 32))


class TestContract(Contract):
    paper = "pconv"

    def make(self):
        return small(width=8)


class TestContractOfConv(Contract):
    paper = "pconv"

    def make(self):
        return small(width=8, convolution="ordinary")


class TestContractOfGrey(Contract):
    paper = "pconv"
    channels = 1

    def make(self):
        return small(width=8, channels=1, space="symmetric")


class TestContractWithFeatures(Contract):
    paper = "pconv"
    steps = 15
    gain = 0.8

    @pytest.fixture(autouse=True)
    def _weights(self, weights):
        self.weights = weights

    def make(self):
        full = {"perceptual": 0.05, "style": 120.0, "vgg_weights": self.weights, "vgg_convention": "IMAGENET1K_V1"}
        return small(width=8, **full)


@pytest.mark.parametrize(
    ("iteration", "lr", "frozen"),
    [(0, 2e-4, False), (499_999, 2e-4, False), (500_000, 5e-5, True), (549_999, 5e-5, True), (10**7, 5e-5, True)],
)
def test_stages_of_the_paper(iteration, lr, frozen):
    """Section 4.2: ten days, then one; the clock says how many steps are done, so step 500,001 fine-tunes."""
    stage = small(stages=STAGES).stage_at(iteration)
    assert (stage["lr"], stage["freeze_encoder_bn"]) == (lr, frozen)


def test_totals():
    model = small(stages=STAGES, levels=5)
    assert STAGES[0]["iterations"] == 10 * STAGES[1]["iterations"], "10 days and 1 day"
    assert model.iterations == 550_000
    assert model.divisor == 32


def norms(model):
    encoder = [block.norm for block in model.network.encoder if block.norm is not None]
    decoder = [block.norm for block in model.network.decoder if block.norm is not None]
    assert encoder
    assert decoder
    return encoder, decoder


def snapshot(model, part):
    state = getattr(model.network, part).state_dict()
    return {key: value.clone() for key, value in state.items() if "norm" in key}


def unchanged(before, after):
    return {key for key in before if torch.equal(before[key], after[key])}


class TestTwoStages:
    """Four steps of stage 1, then three of stage 2."""

    class Watched(PConv):
        def __init__(self, **arguments):
            super().__init__(**arguments)
            self.seen = []

        def on_before_zero_grad(self, optimizer):
            super().on_before_zero_grad(optimizer)
            rate = optimizer.param_groups[0]["lr"]
            self.seen.append((int(self.iteration), rate, snapshot(self, "encoder"), snapshot(self, "decoder")))

    def make(self):
        torch.manual_seed(0)
        return self.Watched(levels=3, width=4, stages=stages(4, 3), **PIXELS_ONLY)

    def run(self, model, batch, folder, **arguments):
        contract = Contract()
        contract.trainer(folder, max_epochs=100, **arguments).fit(model, contract.loader(batch, 2))
        return model.seen

    def test_rate_and_freezing(self, batch, tmp_path):
        model = self.make()
        seen = self.run(model, batch, tmp_path)
        # zero_grad runs within the step, before its backward pass: what is seen at clock n is the state of n steps,
        # with the running statistics of the forward pass of step n + 1.
        assert [iteration for iteration, *_ in seen] == list(range(7))
        assert [rate for _, rate, *_ in seen] == [1e-2] * 4 + [2.5e-3] * 3
        encoder = [state for _, _, state, _ in seen]
        decoder = [state for *_, state in seen]
        for n in range(3):
            assert not unchanged(encoder[n], encoder[n + 1])
        for n in range(4, 6):
            assert unchanged(encoder[n], encoder[n + 1]) == set(encoder[n])
            assert not unchanged(decoder[n], decoder[n + 1])
        assert int(model.iteration) == 7, "the run ends with the last stage"

    def test_frozen_norms_survive_train(self, batch, tmp_path):
        model = self.make()
        self.run(model, batch, tmp_path)
        assert model.eval().train() is model
        encoder, decoder = norms(model)
        assert not any(norm.training for norm in encoder)
        assert all(norm.training for norm in decoder)

    def test_nothing_is_frozen_in_the_first_stage(self):
        encoder, decoder = norms(self.make().eval().train())
        assert all(norm.training for norm in encoder + decoder)

    def test_resume_in_the_second_stage_goes_on_bit_by_bit(self, batch, tmp_path):
        contract = Contract()
        whole = self.make()
        self.run(whole, batch, tmp_path)
        first = self.make()
        trainer = contract.trainer(tmp_path, max_steps=5)
        trainer.fit(first, contract.loader(batch, 5))
        trainer.save_checkpoint(tmp_path / "five.ckpt")
        second = self.make()
        contract.trainer(tmp_path, max_epochs=100).fit(
            second, contract.loader(batch, 5), ckpt_path=tmp_path / "five.ckpt"
        )
        assert [(iteration, rate) for iteration, rate, *_ in second.seen] == [(5, 2.5e-3), (6, 2.5e-3)]
        for key, value in whole.state_dict().items():
            assert torch.equal(second.state_dict()[key], value), key


def test_losses_are_equation_7(batch, weights):
    """Each term anew, from the prediction alone."""
    full = {"perceptual": 0.05, "style": 120.0, "vgg_weights": weights, "vgg_convention": "IMAGENET1K_V1"}
    model = small(**full)
    image, known = batch
    prediction = model.network((image - MEAN) / STD * known, known).detach()
    difference = (prediction - (image - MEAN) / STD).abs()
    pixels = prediction * STD + MEAN
    assert pixels.min() < 0, "unclamped"
    completed = known * image + (1 - known) * pixels
    vgg = VggFeatures(weights, "IMAGENET1K_V1")
    truth, raw, whole = vgg(image), vgg(pixels), vgg(completed)
    expected = {
        "valid": (known * difference).mean(),
        "hole": 6 * ((1 - known) * difference).mean(),
        "perceptual": 0.05 * (perceptual(raw, truth) + perceptual(whole, truth)),
        "style": 120 * (style(raw, truth) + style(whole, truth)),
    }
    losses = model.losses(batch)
    assert set(losses) == {*expected, "tv"}
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, rtol=1e-4, atol=1e-6)
    # Total variation: the known pixels are constants, so the whole composite has the same slope in the weight.
    normalised = (completed - MEAN) / STD
    region = torch.nn.functional.max_pool2d(1 - known, 3, 1, 1)
    pairs = [(normalised.diff(dim=d).abs() * (region * region.roll(-1, d)).narrow(d, 0, 31)).sum() for d in (2, 3)]
    torch.testing.assert_close(losses["tv"], 0.1 * sum(pairs) / image.numel(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("weights_of_losses", "names"),
    [
        ({}, {"valid", "hole", "tv"}),
        ({"style": 120.0}, {"valid", "hole", "tv", "style"}),
        ({"perceptual": 0.05}, {"valid", "hole", "tv", "perceptual"}),
        ({"tv": 0.0, "valid": 0.0}, {"hole"}),
        ({"hole": 0.0}, {"valid", "tv"}),
    ],
)
def test_a_term_of_weight_zero_is_not_computed(weights_of_losses, names, batch, weights):
    model = small(vgg_weights=weights, vgg_convention="IMAGENET1K_V1", **weights_of_losses)
    assert set(model.losses(batch)) == names
    assert (model._vgg is None) == (not {"perceptual", "style"} & set(weights_of_losses))


def test_vgg_is_no_part_of_the_model(batch, weights):
    plain = small()
    model = small(perceptual=1.0, vgg_weights=weights, vgg_convention="IMAGENET1K_V1")
    model.losses(batch)
    assert set(model.state_dict()) == set(plain.state_dict())
    assert len(list(model.parameters())) == len(list(plain.parameters()))
    model.train()
    assert not model.vgg().blocks.training


def test_a_checkpoint_predicts_where_the_vgg_weights_are_not(batch, tmp_path):
    path = write_npz(tmp_path)
    model = small(perceptual=1.0, vgg_weights=str(path), vgg_convention="IMAGENET1K_V1")
    trainer = Contract().trainer(tmp_path, max_steps=1)
    trainer.fit(model, Contract().loader(batch))
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    path.unlink()
    assert load_model(tmp_path / "model.ckpt").inpaint(batch.corrupted, batch.known).isfinite().all()


@pytest.mark.parametrize("convolution", ["partial", "ordinary"])
def test_what_lies_under_the_hole_changes_no_bit(convolution, batch):
    model = small(convolution=convolution)
    for _ in range(5):
        model.losses(batch)
    model.eval()
    expected = model.inpaint(batch.corrupted, batch.known)
    for fill in (torch.rand_like(batch.image), torch.tensor(1.0), torch.tensor(float("nan"))):
        assert torch.equal(model.inpaint(torch.where(batch.known > 0, batch.image, fill), batch.known), expected)


@pytest.mark.parametrize("space", ["imagenet", "symmetric"])
@pytest.mark.parametrize(("fill", "colour"), [("imagenet", [0.485, 0.456, 0.406]), ("grey", [0.5, 0.5, 0.5])])
def test_ordinary_convolutions_see_the_fill_in_the_hole(space, fill, colour, batch):
    """Fig. 2 e and f, whatever the space; so in the losses as in the prediction."""
    model = small(convolution="ordinary", space=space, fill=fill).eval()
    filled = torch.where(batch.known > 0, batch.image, torch.tensor(colour)[:, None, None])
    expected = model.inpaint(filled, torch.ones_like(batch.known))
    torch.testing.assert_close(model.inpaint(batch.corrupted, batch.known), expected)
    other = small(convolution="ordinary", space=space, fill="grey" if fill == "imagenet" else "imagenet").eval()
    assert not torch.allclose(other.inpaint(batch.corrupted, batch.known), expected)
    network = model.network(model.to_space(filled), torch.ones_like(batch.known)).detach()
    difference = (batch.hole * (network - model.to_space(batch.image))).abs().mean()
    torch.testing.assert_close(model.losses(batch)["hole"], 6 * difference)


def test_grey_pictures_are_filled_with_the_average_over_the_colours():
    model = small(convolution="ordinary", channels=1)
    torch.testing.assert_close(model.to_pixels(model.fill).flatten(), torch.tensor([(0.485 + 0.456 + 0.406) / 3]))


def test_partial_convolutions_do_not_see_the_fill(batch):
    pictures = [small(fill=fill).eval().inpaint(batch.corrupted, batch.known) for fill in ("imagenet", "grey")]
    assert torch.equal(*pictures)


def test_inpaint_is_clamped_and_losses_are_not(batch):
    model = small()
    model.network.decoder[-1].conv.bias.data.fill_(100.0)
    assert torch.equal(model.inpaint(batch.corrupted, batch.known), torch.ones_like(batch.image))
    assert model.losses(batch)["valid"] > 10


def test_bfloat16_losses_are_float32_and_close(batch, weights):
    full = {"perceptual": 0.05, "style": 120.0, "vgg_weights": weights, "vgg_convention": "IMAGENET1K_V1"}
    model = small(width=8, **full)
    expected = copy.deepcopy(model).losses(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.losses(batch)
    for name, value in losses.items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, expected[name], rtol=0.1, atol=0.01)
    sum(losses.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"style": 120.0, "vgg_weights": None}, r"VGG-16 weights.*model.perceptual=0 model.style=0"),
        ({"perceptual": 1.0, "vgg_weights": "vgg.npz"}, r"vgg_convention: say which of .* the file vgg.npz holds"),
        ({"fill": "pink"}, r"model.fill: expected imagenet \| grey, got 'pink'"),
        ({"space": "lab"}, r"model.space: expected imagenet \| symmetric, got 'lab'"),
        ({"stages": []}, "model.stages: expected at least one"),
        ({"stages": [{"lr": 1e-3}]}, "model.stages: each needs iterations, lr, freeze_encoder_bn, got lr"),
        ({"stages": stages(0)}, "model.stages: iterations and lr must be positive"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        small(**arguments)


def test_missing_weights_are_reported_before_the_first_step(batch, tmp_path):
    model = small(style=1.0, vgg_weights=str(tmp_path / "vgg.pth"), vgg_convention="IMAGENET1K_V1")
    with pytest.raises(UserError, match=r"no file .*vgg.pth"):
        Contract().trainer(tmp_path, max_steps=1).fit(model, Contract().loader(batch))


def test_weights_need_not_be_there_without_their_terms(batch):
    assert small(vgg_weights=None).losses(batch)
