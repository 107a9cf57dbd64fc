import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.losses.perceptual import perceptual, style
from inpaintlab.models.madf import MADF
from inpaintlab.models.madf.module import TERMS
from tests.losses.random_vgg import write_npz
from tests.models.contract import Contract, smooth_pictures, square_holes
from tests.models.madf.official_names import official_state

PIXELS_ONLY = {"perceptual": 0.0, "style": 0.0}
NARROW = {"levels": 3, "width": 2, "mask_channels": 4, "lr": 1e-2, "iterations": 1000}
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def small(**arguments):
    torch.manual_seed(0)
    return MADF(**(NARROW | PIXELS_ONLY | arguments))


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return str(write_npz(tmp_path_factory.mktemp("vgg")))


@pytest.fixture
def vgg(weights):
    return {"perceptual": 0.05, "style": 120.0, "vgg_weights": weights, "vgg_convention": "IMAGENET1K_V1"}


@pytest.fixture
def batch():
    return Batch(smooth_pictures(2, 3, 32), square_holes(2, 32))


class TestContract(Contract):
    paper = "madf"
    steps = 50

    def make(self):
        return small()


class TestContractOfGatedWithBatchNorm(Contract):
    paper = "madf"

    def make(self):
        return small(encoder="gconv", norm="bn", refinements=1, supervision="same")


class TestContractOfPartialGrey(Contract):
    paper = "madf"
    channels = 1

    def make(self):
        return small(encoder="pconv", channels=1, refinements=0)


class TestContractWithFeatures(Contract):
    paper = "madf"
    steps = 12
    gain = 0.9

    @pytest.fixture(autouse=True)
    def _vgg(self, vgg):
        self.vgg = vgg

    def make(self):
        return small(**self.vgg)


def test_the_papers_run():
    model = small(lr=2e-4, iterations=300_000, levels=7)
    assert model.iterations == 300_000
    assert model.divisor == 128
    optimizer = model.configure_optimizers()
    assert isinstance(optimizer, torch.optim.Adam)
    settings = optimizer.param_groups[0]
    assert (settings["lr"], settings["betas"], settings["weight_decay"]) == (2e-4, (0.9, 0.999), 0)


L1 = {"valid", "hole"}
ALL = set(TERMS)


@pytest.mark.parametrize(
    ("supervision", "refinements", "expected"),
    [
        ("coarse_to_fine", 0, [ALL]),
        ("coarse_to_fine", 1, [L1, ALL]),
        ("coarse_to_fine", 2, [L1, L1 | {"perceptual"}, ALL]),
        ("coarse_to_fine", 3, [L1, L1 | {"perceptual"}, L1 | {"perceptual"}, ALL]),
        ("same", 2, [ALL, ALL, ALL]),
        ("none", 2, [set(), set(), ALL]),
    ],
)
def test_supervision(supervision, refinements, expected, vgg, batch):
    """Section III-E and Table III; with three decoders the second goes on like the first (ours)."""
    model = small(supervision=supervision, refinements=refinements, **vgg)
    assert [set(model.terms_of(k)) for k in range(refinements + 1)] == expected
    assert set(model.losses(batch)) == {f"{name}_{k}" for k, names in enumerate(expected) for name in names}


@pytest.mark.parametrize(
    ("supervision", "refinements", "with_style"),
    [("coarse_to_fine", 0, {0}), ("coarse_to_fine", 1, {1}), ("coarse_to_fine", 2, {1}), ("coarse_to_fine", 3, {1, 2}),
     ("none", 2, {2}), ("same", 2, {0, 1, 2})],
)  # fmt: skip
def test_style_where_the_released_code_has_it(supervision, refinements, with_style, vgg, batch):
    """Its feature list begins with out_1, the loop of the style term with out_2; nothing else moves."""
    model = small(supervision=supervision, refinements=refinements, style_on="code", **vgg)
    eq8 = small(supervision=supervision, refinements=refinements, **vgg)
    losses, expected = model.losses(batch), eq8.losses(batch)
    assert {int(name[-1]) for name in losses if name.startswith("style")} == with_style
    others = {name for name in expected if not name.startswith("style")}
    assert others == {name for name in losses if not name.startswith("style")}
    assert all(torch.equal(losses[name], expected[name]) for name in others)
    same = small(supervision="same", refinements=refinements, **vgg).losses(batch)
    assert all(torch.equal(losses[f"style_{k}"], same[f"style_{k}"]) for k in with_style)


def test_style_on_nothing_else():
    with pytest.raises(UserError, match=r"model.style_on: expected last \| code, got 'first'"):
        small(style_on="first")


def test_losses_by_the_formulas(vgg, batch):
    """Eq. 2 to 8 with the sums written out, in the normalised space; weights 1, 6, 0.05, 120, 0.1."""
    model = small(refinements=1, supervision="same", **vgg)
    losses = model.losses(batch)
    truth, known, hole = (batch.image - MEAN) / STD, batch.known, batch.hole
    corrupted = torch.where(known > 0.5, truth, 0)
    for k, picture in enumerate(model.network(corrupted, known)):
        difference = (picture - truth).abs()
        completed = composite(picture, Batch(truth, known))
        maps = [model.vgg()(pixels * STD + MEAN) for pixels in (picture, completed, truth)]
        region = torch.nn.functional.max_pool2d(hole, 3, 1, 1)
        across = (completed.diff(dim=3).abs() * region[..., 1:] * region[..., :-1]).sum()
        down = (completed.diff(dim=2).abs() * region[..., 1:, :] * region[..., :-1, :]).sum()
        expected = {
            "valid": (known * difference).sum() / truth.numel(),
            "hole": 6 * (hole * difference).sum() / truth.numel(),
            "tv": 0.1 * (across + down) / truth.numel(),
            "perceptual": 0.05 * (perceptual(maps[0], maps[2]) + perceptual(maps[1], maps[2])),
            "style": 120 * (style(maps[0], maps[2]) + style(maps[1], maps[2])),
        }
        for name, value in expected.items():
            torch.testing.assert_close(losses[f"{name}_{k}"], value, rtol=1e-4, atol=1e-6, msg=f"{name}_{k}")


def test_a_term_of_weight_zero_is_left_out(batch):
    assert set(small(refinements=0, tv=0.0).losses(batch)) == {"valid_0", "hole_0"}
    assert set(small(refinements=0, valid=0.0).losses(batch)) == {"hole_0", "tv_0"}


def test_intermediate_decoders_learn_without_supervision(batch):
    """They feed the last decoder, so `none` leaves no parameter without a gradient."""
    model = small(supervision="none")
    sum(model.losses(batch).values()).backward()
    assert all(parameter.grad.any() for parameter in model.parameters())


def test_the_last_decoder_is_the_result(batch):
    model = small().eval()
    stages = model.stages(batch.corrupted, batch.known)
    assert len(stages) == 3
    assert torch.equal(model.inpaint(batch.corrupted, batch.known), stages[-1])
    assert all(stage.min() >= 0 and stage.max() <= 1 for stage in stages)


def test_the_hole_is_never_read(batch):
    model = small().eval()
    expected = model.inpaint(batch.corrupted, batch.known)
    spoilt = torch.where(batch.known > 0.5, batch.image, torch.nan)
    assert torch.equal(model.inpaint(spoilt, batch.known), expected)
    losses = model.losses(Batch(batch.image, batch.known))
    assert all(value.isfinite() for value in losses.values())


def test_the_hole_is_zero_in_the_networks_space(batch):
    model = small()
    seen = []
    model.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs))
    model.inpaint(batch.corrupted, batch.known)
    expected = (batch.image - MEAN) / STD * batch.known
    torch.testing.assert_close(seen[0][0], expected)


def test_bfloat16_autocast(batch, vgg):
    model = small(**vgg)
    full = {name: value.item() for name, value in model.losses(batch).items()}
    with torch.autocast("cpu", torch.bfloat16):
        losses = model.losses(batch)
    for name, value in losses.items():
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(full[name], rel=0.1), name
    sum(losses.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_load_official():
    """The details are in test_official."""
    model = small(levels=7, mask_channels=16)
    state = official_state(width=2)
    unused = model.load_official(state)
    assert len(unused) == 35
    assert all(name.startswith("enc_conv_") for name in unused)
    assert torch.equal(model.network.refinement[1].paint.bias, state["dec_ref1_1.bias"])


def test_vgg_weights_are_asked_for_before_training():
    model = small(style=1.0, vgg_weights="no.npz", vgg_convention="IMAGENET1K_V1")
    with pytest.raises(UserError, match=r"vgg_weights: no file no\.npz"):
        model.setup("fit")
    model.setup("predict")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"supervision": "all"}, r"model.supervision: expected none \| same \| coarse_to_fine, got 'all'"),
        ({"lr": 0.0}, "expected a positive lr and iterations, got lr=0.0"),
        ({"iterations": 0}, "iterations=0"),
        ({"valid": 0.0, "hole": 0.0, "tv": 0.0}, "every loss has weight 0; give one of model.valid"),
        ({"style": 1.0, "vgg_weights": None}, "need VGG-16 weights"),
        ({"encoder": "conv"}, "model.encoder: expected"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        small(**arguments)
