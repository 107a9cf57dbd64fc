import pytest
import torch
from lightning import Trainer
from lightning.pytorch.plugins import MixedPrecision
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.losses.adversarial import fake_loss, generator_loss, real_loss
from inpaintlab.models.adversarial import AdversarialModule
from tests.helpers.process import start_warm
from tests.models.contract import Contract, smooth_pictures, square_holes


class Duel(AdversarialModule):
    """A generator against two discriminators, of which ``right`` sits out before iteration ``right_from``."""

    players = ("generator", "left", "right")

    def __init__(self, right_from=0, iterations=None, lr=1e-2, optimizer="Adam", halve=(), scale=1.0):
        super().__init__()
        self.save_hyperparameters()
        self.iterations = iterations
        torch.manual_seed(0)
        self.generator = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 1))
        self.left, self.right = (
            nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(256, 1))
            for _ in range(2)
        )
        self.events = []

    def inpaint(self, corrupted, known):
        return torch.sigmoid(self.generator(corrupted))

    def present(self):
        return ("left", "right") if int(self.iteration) >= self.hparams.right_from else ("left",)

    def generator_losses(self, batch):
        fake = self.inpaint(batch.corrupted, batch.known)
        losses = {"l2": (fake - batch.image).square().mean()}
        losses |= {name: generator_loss(getattr(self, name)(fake)) for name in self.present()}
        return {name: self.hparams.scale * value for name, value in losses.items()}

    def discriminator_losses(self, batch):
        fake = self.inpaint(batch.corrupted, batch.known)
        return {
            name: {
                "real": real_loss(getattr(self, name)(batch.image)),
                "fake": fake_loss(getattr(self, name)(fake)),
            }
            for name in self.present()
        }

    def optimizer_for(self, player):
        return getattr(torch.optim, self.hparams.optimizer)(getattr(self, player).parameters(), lr=self.hparams.lr)

    def scheduler_for(self, player, optimizer):
        return torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5) if player in self.hparams.halve else None

    def on_before_optimizer_step(self, optimizer):
        super().on_before_optimizer_step(optimizer)
        index = [own is optimizer for own in self.trainer.optimizers].index(True)
        state = {key: value.clone() for key, value in self.state_dict().items() if key != "iteration"}
        self.events.append((self.players[index], state))


class Twice(Duel):
    generator_steps = 2


class Rare(Duel):
    """Its generator plays in every third iteration."""

    def generator_plays(self):
        return (int(self.iteration) + 1) % 3 == 0


class Clipped(Duel):
    clip_norm = {"generator": 1e-3, "right": 2e-3}  # noqa: RUF012 - as a paper would write it


class Waiting(Duel):
    """Its generator sits out the first iterations."""

    def generator_plays(self):
        return int(self.iteration) >= 3


@pytest.fixture
def batch():
    return Batch(smooth_pictures(3, 3, 32), square_holes(3, 32))


def fit(model, batch, folder, batches=1, ckpt_path=None, **arguments):
    contract = Contract()
    trainer = contract.trainer(folder, **{"max_epochs": 100 if model.iterations else 1, **arguments})
    trainer.fit(model, contract.loader(batch, batches), ckpt_path=ckpt_path)
    return trainer


def changed(before, after):
    return {key for key in before if not torch.equal(before[key], after[key])}


def keys(model, player, statistics):
    """Names of a player's parameters, or of its running statistics."""
    tensors = model.get_submodule(player)
    names = tensors.named_buffers() if statistics else tensors.named_parameters()
    return {f"{player}.{name}" for name, _ in names}


def test_each_turn_moves_its_own_player_and_nothing_else(batch, tmp_path):
    """What differs between the moments before two steps: the first one's parameters, the second's statistics."""
    model = Duel()
    fit(model, batch, tmp_path, batches=3)
    order = [player for player, _ in model.events]
    assert order == ["left", "right", "generator"] * 3
    for (player, before), (rival, after) in zip(model.events, model.events[1:], strict=False):
        expected = keys(model, player, statistics=False)
        if rival == "generator":
            expected |= keys(model, "generator", statistics=True)
        if player == "generator":  # both discriminators look before either steps
            expected |= keys(model, "left", statistics=True) | keys(model, "right", statistics=True)
        assert changed(before, after) == expected


def test_statistics_are_kept_once_per_own_look(batch, tmp_path):
    model = Duel()
    fit(model, batch, tmp_path, batches=3)
    assert model.generator[1].num_batches_tracked == 3
    assert model.left[1].num_batches_tracked == 6, "real and fake"


def test_generator_is_judged_by_the_statistics_of_the_batch(batch):
    """In the generator's turn the discriminators normalise as in training, they only keep nothing."""
    model = Duel()
    expected = model.left(batch.image)
    with model.turn_of("generator"):
        before = model.left[1].running_mean.clone()
        torch.testing.assert_close(model.left(batch.image), expected)
        assert torch.equal(model.left[1].running_mean, before)


def test_turn_leaves_everything_as_it_found_it():
    model = Duel()
    model.left[0].weight.requires_grad_(False)
    model.right[1].track_running_stats = False

    def state():
        return {name: p.requires_grad for name, p in model.named_parameters()}, model.right[1].track_running_stats

    before = state()
    with model.turn_of("generator"):
        assert not any(p.requires_grad for p in [*model.left.parameters(), *model.right.parameters()])
        assert all(p.requires_grad for p in model.generator.parameters())
    assert state() == before
    with pytest.raises(ZeroDivisionError), model.turn_of("generator"):
        1 / 0  # noqa: B018
    assert state() == before


def test_who_sits_out_keeps_every_bit(batch, tmp_path):
    model = Duel(right_from=100)
    before = {key: value.clone() for key, value in model.right.state_dict().items()}
    fit(model, batch, tmp_path, batches=3)
    assert [player for player, _ in model.events] == ["left", "generator"] * 3
    assert not changed(before, model.right.state_dict())
    assert all(p.grad is None for p in model.right.parameters())


def test_a_generator_that_sits_out_keeps_every_bit_and_the_clock_goes_on(batch, tmp_path):
    model = Waiting(halve=("generator", "left"))
    before = {key: value.clone() for key, value in model.generator.state_dict().items()}
    assert all(name.startswith(("left/", "right/")) for name in model.losses(batch))
    trainer = fit(model, batch, tmp_path, batches=10, max_steps=3)
    assert [player for player, _ in model.events] == ["left", "right"] * 3
    assert int(model.iteration) == trainer.global_step == 3
    assert not changed(before, model.generator.state_dict())
    assert all(parameter.grad is None for parameter in model.generator.parameters())
    assert [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers] == [1e-2, 1e-2 / 2**3, 1e-2]
    trainer = fit(model, batch, tmp_path, batches=2)
    assert [player for player, _ in model.events[6:]] == ["left", "right", "generator"] * 2
    assert trainer.global_step == 2


@pytest.mark.parametrize("model_class", [Duel, Twice])
def test_everybody_counts_iterations(model_class, batch, tmp_path):
    model = model_class()
    trainer = fit(model, batch, tmp_path, batches=10, max_steps=4)
    assert int(model.iteration) == trainer.global_step == 4
    steps = [player for player, _ in model.events]
    assert steps == ["left", "right", *["generator"] * model.generator_steps] * 4


def test_a_generator_that_waits_plays_in_every_third_iteration(batch, tmp_path):
    """The clock and the Trainer's counter go on; its losses are logged when it plays; its rate falls only then."""
    model = Rare(halve=("generator", "left"))
    trainer = fit(model, batch, tmp_path, batches=10, max_steps=2)
    assert "train/l2" not in trainer.logged_metrics
    assert [player for player, _ in model.events] == ["left", "right"] * 2
    fit(model, batch, tmp_path, batches=5)
    assert [player for player, _ in model.events[4:]] == [
        *("left", "right", "generator"),
        *["left", "right"] * 2,
        *("left", "right", "generator"),
        *("left", "right"),
    ]
    assert int(model.iteration) == 7
    assert model.trainer.global_step == 5
    assert "train/l2" in model.trainer.logged_metrics
    rates = [optimizer.param_groups[0]["lr"] for optimizer in model.trainer.optimizers]
    assert rates == [1e-2 / 2**2, 1e-2 / 2**5, 1e-2]
    assert "l2" not in model.losses(batch)  # the eighth iteration is the rivals' again


def test_the_run_ends_with_the_iterations(batch, tmp_path):
    model = Duel(iterations=5)
    trainer = fit(model, batch, tmp_path, batches=3)
    assert int(model.iteration) == trainer.global_step == 5


def test_losses_are_logged_by_player(batch, tmp_path):
    model = Duel(lr=0.0)
    expected = model.losses(batch)
    trainer = fit(model, batch, tmp_path)
    own, rivals = ["l2", "left", "right"], ["left/real", "left/fake", "right/real", "right/fake"]
    assert list(expected) == own + rivals
    for name, value in expected.items():
        torch.testing.assert_close(trainer.logged_metrics[f"train/{name}"], value.detach())
    torch.testing.assert_close(trainer.logged_metrics["train/loss"], sum(expected[name] for name in own).detach())


def test_losses_give_each_player_its_own_gradients(batch):
    model = Duel()
    losses = model.losses(batch)
    sum(losses[name] for name in losses if "/" in name).backward(retain_graph=True)
    assert all(p.grad is None for p in model.generator.parameters())
    assert all(p.grad is not None for p in [*model.left.parameters(), *model.right.parameters()])
    model.zero_grad()
    sum(losses[name] for name in losses if "/" not in name).backward()
    assert all(p.grad is None for p in [*model.left.parameters(), *model.right.parameters()])
    assert all(p.grad is not None for p in model.generator.parameters())


def moved(before, after, player):
    """Length of the way that the parameters of one player went."""
    return torch.cat([(after[key] - before[key]).flatten() for key in before if key.startswith(player)]).norm()


def half_precision():
    return MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=64.0))


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
def test_clipping_is_per_player(half, batch, tmp_path):
    """SGD at rate 1 moves by the clipped gradient; under a gradient scaler it is clipped after scaling back."""
    model = Clipped(lr=1.0, optimizer="SGD")
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    fit(model, batch, tmp_path, **({"plugins": [half_precision()]} if half else {}))
    after = {name: p.detach() for name, p in model.named_parameters()}
    assert moved(before, after, "generator").item() == pytest.approx(1e-3, rel=1e-3)
    assert moved(before, after, "right").item() == pytest.approx(2e-3, rel=1e-3)
    assert moved(before, after, "left") > 0.05


def test_schedules_go_on_when_their_player_plays(batch, tmp_path):
    model = Duel(right_from=2, halve=("generator", "right"))
    trainer = fit(model, batch, tmp_path, batches=5)
    rates = [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers]
    assert rates == [1e-2 / 2**5, 1e-2, 1e-2 / 2**3]


def assert_same(first, second):
    assert not changed(first.state_dict(), second.state_dict())
    for one, other in zip(first.trainer.optimizers, second.trainer.optimizers, strict=True):
        one, other = one.state_dict(), other.state_dict()
        assert one["param_groups"] == other["param_groups"]
        assert one["state"].keys() == other["state"].keys()
        for index, moments in one["state"].items():
            assert all(torch.equal(value, other["state"][index][name]) for name, value in moments.items())


def test_resume_goes_on_bit_by_bit(batch, tmp_path):
    """Stopped where ``right`` has joined and played once: clock, moments and rates go on."""
    arguments = {"right_from": 3, "iterations": 8, "halve": ("right",)}
    whole, first, second = (Duel(**arguments) for _ in range(3))
    fit(whole, batch, tmp_path, batches=4)
    fit(first, batch, tmp_path, batches=4, max_steps=4).save_checkpoint(tmp_path / "four.ckpt")
    fit(second, batch, tmp_path, batches=4, ckpt_path=tmp_path / "four.ckpt")
    assert int(second.iteration) == 8
    assert [player for player, _ in second.events] == ["left", "right", "generator"] * 4
    assert_same(whole, second)


def test_bfloat16_runs_and_keeps_float32_weights(batch, tmp_path):
    model = Duel()
    fit(model, batch, tmp_path, batches=3, precision="bf16-mixed")
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())
    assert int(model.iteration) == 3


def test_float16_scales_every_player_and_skips_overflows(batch, tmp_path):
    """The generator's gradients overflow 16 bits at first: it waits, its rivals learn, until the scale has fallen."""
    model, plugin = Duel(scale=1e4), half_precision()
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    fit(model, batch, tmp_path, plugins=[plugin])
    once = {name: p.detach().clone() for name, p in model.named_parameters()}
    assert plugin.scaler.get_scale() == 32
    assert moved(start, once, "generator") == 0
    assert moved(start, once, "left") > 0
    fit(model, batch, tmp_path, batches=10, plugins=[plugin])
    assert moved(start, dict(model.named_parameters()), "generator") > 0
    assert int(model.iteration) == 11
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())


class Ranked(Duel):
    """Each process trains on pictures of its own; looked at when training ends."""

    def on_after_batch_transfer(self, batch, dataloader_idx):
        return Batch(batch.image.flip(self.global_rank + 2), batch.known)

    def on_train_end(self):
        digest = torch.stack([p.detach().double().sum() for p in self.parameters()])
        assert (self.all_gather(digest) == digest).all(), "the processes have come apart"


@pytest.mark.slow
def test_two_processes_stay_together_while_one_discriminator_sits_out(batch, tmp_path, monkeypatch):
    """``right`` joins at the third iteration; each of the reductions has to end although somebody sits out."""
    start_warm(monkeypatch)
    model = Ranked(right_from=2)
    trainer = Trainer(
        accelerator="cpu",
        devices=2,
        strategy="ddp_spawn_find_unused_parameters_true",
        max_steps=4,
        use_distributed_sampler=False,
        default_root_dir=tmp_path,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, Contract().loader(batch, 4))
    assert int(model.iteration) == 4


def test_clipping_names_its_players():
    from inpaintlab.models.context_encoder import ContextEncoder

    small = {"size": 32, "hole": 16, "width": 4, "bottleneck": 8}
    model = ContextEncoder(**small, clip_norm={"local_discriminator": 0.5})
    assert model.clip_norm == {"local_discriminator": 0.5}
    with pytest.raises(UserError, match=r"model\.clip_norm: critic is none of the players generator, local_discr"):
        ContextEncoder(**small, clip_norm={"critic": 1.0})


def test_spectral_norm_iterates_in_its_players_turn_alone(batch):
    """A player that is normalised already, or rests in evaluation, is left as it was."""
    model = Duel()
    for player in ("left", "right"):
        nn.utils.parametrizations.spectral_norm(getattr(model, player)[0])
    model.right.eval()
    vectors = {player: getattr(model, player)[0].parametrizations.weight[0] for player in ("left", "right")}
    before = {player: vector._u.clone() for player, vector in vectors.items()}
    with model.turn_of("generator"):
        model.generator_losses(batch)
    assert all(torch.equal(vector._u, before[player]) for player, vector in vectors.items())
    assert [vectors[player].training for player in ("left", "right")] == [True, False]
    with model.turn_of("left"):
        model.discriminator_losses(batch)
    assert not torch.equal(vectors["left"]._u, before["left"])
    assert torch.equal(vectors["right"]._u, before["right"])
