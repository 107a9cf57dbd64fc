import pytest
import torch
from lightning import Trainer
from omegaconf import OmegaConf
from torch.utils.data import DataLoader

from inpaintlab.basics import configs
from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.blind import BlindInpainting
from tests.models.contract import Contract

TABLE_3 = {
    "full": {},
    "no_netd": {"front": "none"},
    "e64": {"front": "net_e64"},
    "no_gp": {"gradient": "none"},
    "l2": {"loss": "l2"},
}
PARAMETERS = {"full": 14_569_921, "no_netd": 667_073, "e64": 1_406_209, "no_gp": 14_568_769, "l2": 14_569_921}


class TestContract(Contract):
    paper = "blind"
    channels = 1
    size = 16

    def make(self):
        return BlindInpainting(width=8, loss="l2")


def pictures(channels=1, size=16, count=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    known = torch.ones(count, 1, size, size)
    known[..., 3:9, 5:8] = 0
    return Batch(torch.rand(count, channels, size, size, generator=generator), known)


def loader(*batches):
    return DataLoader(batches, batch_size=None)


def narrow(**arguments):
    torch.manual_seed(0)
    return BlindInpainting(width=4, **{"corner": 0.0, "warmup": 0, **arguments})


def trainer(folder, steps, **arguments):
    return Trainer(
        default_root_dir=folder, accelerator="cpu", max_steps=steps, logger=False, enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False, **arguments,
    )  # fmt: skip


@pytest.mark.parametrize("variant", TABLE_3)
def test_variants_of_table_3(variant):
    with torch.device("meta"):  # sizes without weights
        model = BlindInpainting(**TABLE_3[variant])
    assert sum(parameter.numel() for parameter in model.parameters()) == PARAMETERS[variant]
    assert model.iterations == 47_100


@pytest.mark.parametrize("variant", TABLE_3)
def test_every_variant_trains_on_every_parameter(variant):
    model, batch = narrow(**TABLE_3[variant]), pictures()
    losses = model.losses(batch)
    assert list(losses) == ["l2" if variant == "l2" else "l1"]
    sum(losses.values()).backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize(("loss", "power"), [("l1", 1), ("l2", 2)])
def test_loss_is_over_the_whole_picture_and_unclamped(loss, power):
    model, batch = narrow(loss=loss), pictures()
    with torch.no_grad():
        prediction = batch.corrupted + 3 * model.network(batch.corrupted)
        model.network.net_e[-1].weight *= 3
        model.network.net_e[-1].bias *= 3
        assert (prediction > 1).any() or (prediction < 0).any()
        expected = ((prediction - batch.image).abs() ** power).mean()
        torch.testing.assert_close(model.losses(batch)[loss], expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_known_is_never_looked_at(channels):
    model, batch = narrow(), pictures(channels)
    expected = model.inpaint(batch.corrupted, batch.known)
    for known in (1 - batch.known, torch.ones_like(batch.known), torch.full_like(batch.known, float("nan")), None):
        assert torch.equal(model.inpaint(batch.corrupted, known), expected)


def test_the_truth_under_the_hole_is_never_seen():
    model, batch = narrow(), pictures()
    other = Batch(torch.where(batch.known > 0, batch.image, 0.5), batch.known)
    assert torch.equal(model.judged_picture(batch), model.judged_picture(other))


def test_the_raw_picture_is_judged():
    model, batch = narrow(), pictures()
    judged = model.judged_picture(batch)
    assert torch.equal(judged, model.inpaint(batch.corrupted, batch.known))
    assert not torch.equal(judged * batch.known, batch.corrupted)


@pytest.mark.parametrize("size", [(16, 16), (13, 21), (5, 3)])
def test_colour_goes_channel_by_channel(size):
    model = narrow()
    picture = torch.rand(2, 3, *size)
    whole = model.inpaint(picture, torch.ones(2, 1, *size))
    assert whole.shape == picture.shape
    for channel in range(3):
        alone = model.inpaint(picture[:, channel : channel + 1], torch.ones(2, 1, *size))
        torch.testing.assert_close(whole[:, channel : channel + 1], alone, rtol=0, atol=1e-6)


def test_trains_in_colour_too():
    batch = pictures(channels=3)
    by_channel = [narrow().losses(Batch(batch.image[:, c : c + 1], batch.known))["l1"] for c in range(3)]
    torch.testing.assert_close(narrow().losses(batch)["l1"], torch.stack(by_channel).mean())


def test_losses_are_float32_under_autocast():
    model, batch = narrow(), pictures()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model.losses(batch)["l1"]
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, model.losses(batch)["l1"], rtol=0.02, atol=0)


@pytest.mark.parametrize(
    ("iteration", "lr"),
    [(0, 1e-3), (39_249, 1e-3), (39_250, 1e-4), (47_099, 1e-4), (47_100, 1e-4), (10**9, 1e-4)],
)
def test_rate_of_the_paper(iteration, lr):
    """60 epochs are 47,100 iterations; the rate falls after 50."""
    assert narrow().stage_at(iteration)["lr"] == lr
    assert 47_100 / 60 * 50 == 39_250


def test_adam_of_the_paper():
    optimiser = narrow().configure_optimizers()
    assert isinstance(optimiser, torch.optim.Adam)
    settings = optimiser.param_groups[0]
    assert (settings["lr"], settings["betas"], settings["weight_decay"]) == (1e-3, (0.9, 0.999), 0)


def test_stages_in_a_run_and_after_a_resume(tmp_path):
    """The rate changes at the right step and the run ends by itself, also when it is resumed just before."""
    stages = ({"iterations": 3, "lr": 1e-2}, {"iterations": 2, "lr": 1e-4})
    batches = [pictures(seed=seed) for seed in range(5)]

    class Watched(BlindInpainting):
        def on_before_optimizer_step(self, optimizer):
            rates.append(optimizer.param_groups[0]["lr"])

    def run(steps, ckpt_path=None):
        torch.manual_seed(0)
        model, runner = Watched(width=2, stages=stages), trainer(tmp_path, steps)
        runner.fit(model, loader(*batches), ckpt_path=ckpt_path)
        return model, runner

    rates = []
    whole, _ = run(-1)
    assert rates == [1e-2] * 3 + [1e-4] * 2
    assert int(whole.iteration) == 5
    _, half = run(2)
    half.save_checkpoint(tmp_path / "half.ckpt")
    rates = []
    resumed, _ = run(-1, tmp_path / "half.ckpt")
    assert rates == [1e-2] + [1e-4] * 2
    assert int(resumed.iteration) == 5


def test_gradient_clipping_by_the_trainer(tmp_path):
    class Watched(BlindInpainting):
        def on_before_zero_grad(self, optimizer):
            gradients = [p.grad for p in self.parameters() if p.grad is not None]
            if gradients:
                norms.append(torch.stack([gradient.norm() for gradient in gradients]).norm().item())

    norms = []
    torch.manual_seed(0)
    trainer(tmp_path, 3, gradient_clip_val=1e-3).fit(Watched(width=4), loader(*[pictures()] * 3))
    assert norms
    assert max(norms) <= 1.001e-3


@pytest.mark.parametrize(
    ("corner", "warmup", "corners"),
    [
        (1.0, 4, [1, 255**-0.25, 255**-0.5, 255**-0.75, 1 / 255, 1 / 255]),
        (0.0, 4, [1, 255**-0.25, 255**-0.5, 255**-0.75, 0, 0]),
        (51.0, 2, [1, 0.2**0.5, 0.2, 0.2]),
        (0.0, 0, [0, 0]),
    ],
)
def test_the_corner_of_l1_narrows(corner, warmup, corners):
    """|e| beyond the corner, less half of it; e^2 / (2 corner) within; at corner 0 it is eq. 3."""
    model, batch = narrow(corner=corner, warmup=warmup), pictures()
    with torch.no_grad():
        error = (model.residual(batch.corrupted) + batch.corrupted - batch.image).abs()
        for width in corners:
            rounded = torch.where(error < width, error**2 / (2 * max(width, 1e-9)), error - width / 2).mean()
            assert model.losses(batch).keys() == {"l1"}
            torch.testing.assert_close(model.losses(batch)["l1"], rounded)
            model.iteration += 1


def test_l2_is_the_mean_square_all_along():
    model, batch = narrow(loss="l2", warmup=4), pictures()
    error = model.residual(batch.corrupted) + batch.corrupted - batch.image
    torch.testing.assert_close(model.losses(batch), {"l2": error.square().mean()})


def drawn(count, size, generator):
    """Bright squares before another grey, and four-pixel lines missing."""
    image = torch.rand(count, 1, 1, 1, generator=generator).expand(-1, -1, size, size).clone() * 0.6 + 0.3
    known = torch.ones(count, 1, size, size)
    for picture, holes in zip(image, known, strict=True):
        top, left = torch.randint(size - 8, (2,), generator=generator).tolist()
        picture[:, top : top + 8, left : left + 8] = torch.rand((), generator=generator)
        row = int(torch.randint(size - 3, (), generator=generator))
        holes[:, row : row + 3, : size // 2] = 0
    return Batch(image, known)


@pytest.mark.slow
def test_the_default_network_does_not_die_in_small_batches():
    """The rounded corner keeps the many known pixels from outvoting the few missing ones at a residual near 0."""
    torch.manual_seed(0)
    model, generator = BlindInpainting(width=8, warmup=250), torch.Generator().manual_seed(0)
    optimiser = model.configure_optimizers()
    for _ in range(300):
        optimiser.zero_grad()
        sum(model.losses(drawn(4, 32, generator)).values()).backward()
        optimiser.step()
        model.iteration += 1
    batch = drawn(16, 32, torch.Generator().manual_seed(99))
    residual = model.residual(batch.corrupted).detach()
    missing = residual[batch.known == 0].mean() - residual[batch.known == 1].mean()
    assert missing > 0.1


@pytest.mark.slow
def test_l1_fills_a_hole_after_the_warmup():
    """One batch is learnt blindly: less than half of the corrupted input's error is left."""
    torch.manual_seed(0)
    model = BlindInpainting(width=12, convs=(1, 1, 1), warmup=100)
    batch = Batch(torch.linspace(0.3, 0.9, 16).expand(2, 1, 16, 16), pictures().known)
    optimiser = model.configure_optimizers()
    before = (batch.corrupted - batch.image).abs().mean()
    for _ in range(130):
        optimiser.zero_grad()
        sum(model.losses(batch).values()).backward()
        optimiser.step()
        model.iteration += 1
    assert (model.judged_picture(batch) - batch.image).abs().mean() < before / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "huber"}, r"model.loss: expected l1 \| l2, got 'huber'"),
        ({"corner": -1}, "model.corner: expected 0 or more grey levels, got -1"),
        ({"warmup": -1}, "model.warmup: expected 0 or more steps, got -1"),
        ({"stages": ()}, "model.stages: expected at least one"),
        ({"stages": [{"iterations": 1}]}, "model.stages: each needs iterations, lr, got iterations"),
        ({"stages": [{"iterations": 1, "lr": 0}]}, "model.stages: .* must be positive, got"),
    ],
)
def test_arguments_that_make_no_model(arguments, message):
    with pytest.raises(UserError, match=message):
        BlindInpainting(width=2, **arguments)


def test_what_the_paper_trains_on():
    written = OmegaConf.load(f"{configs.FOLDER}/model/blind.yaml")
    paper = {"size": 64, "channels": 1, "batch_size": 128, "interpolation": "bicubic", "horizontal_flip": False}
    assert dict(written.paper) == paper
