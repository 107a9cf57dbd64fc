import copy

import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, EdgeBatch, composite
from inpaintlab.layers.canny import canny, luminance
from inpaintlab.losses.vgg19 import Vgg19Features
from inpaintlab.models.edge_connect import EdgeConnect
from tests.losses.random_vgg19 import write_npz19
from tests.models.contract import Contract, smooth_pictures, square_holes

PHASES = ("edge", "inpaint", "edge_inpaint", "joint")
NETWORKS = ("generator.edge", "generator.image", "edge_discriminator", "image_discriminator")
LEARNING = {
    "edge": {"generator.edge", "edge_discriminator"},
    "inpaint": {"generator.image", "image_discriminator"},
    "edge_inpaint": {"generator.image", "image_discriminator"},
    "joint": set(NETWORKS),
}
NARROW = {"width": 4, "residual_blocks": 1, "perceptual": 0, "style": 0, "sigma": 1.0, "low": 0.05, "high": 0.1}


def small(phase="joint", learnt=1, **arguments):
    """With an edge generator that counts as trained."""
    torch.manual_seed(0)
    model = EdgeConnect(phase=phase, **(NARROW | arguments))
    model.edge_iterations.fill_(learnt)
    return model


def pictures(count=2, size=32, channels=3, seed=0):
    """Ramps with a disc on each, so that there are edges."""
    rows = torch.arange(size)
    disc = ((rows[:, None] - size / 2) ** 2 + (rows - size / 2) ** 2 < (size * 0.35) ** 2).float()
    return (0.4 * smooth_pictures(count, channels, size, seed) + 0.5 * disc).clamp(0, 1)


@pytest.fixture
def batch():
    return Batch(pictures(), square_holes(2, 32))


class WithEdges(Contract):
    """Pictures with edges in them."""

    paper = "edge_connect"
    steps = 60
    phase: str
    learnt = 1

    def make(self):
        return small(self.phase, self.learnt, lr=3e-3, d_lr=3e-4)

    @pytest.fixture
    def batch(self):
        return Batch(pictures(self.batch_size, channels=self.channels), square_holes(self.batch_size, self.size))


class TestContractOfEdge(WithEdges):
    """What falls is the distance of the edges; the game with the critic goes to and fro."""

    phase = "edge"
    learnt = 0

    @torch.no_grad()
    def total(self, model, batch):
        truth = model.true_edges(batch)
        edges, _ = model._generate(batch, truth)
        return float(F.mse_loss(edges, truth))


class TestContractOfInpaint(WithEdges):
    phase = "inpaint"

    @torch.no_grad()
    def total(self, model, batch):
        return float(model.generator_losses(batch)["l1"])


class TestContract(TestContractOfInpaint):
    phase = "edge_inpaint"


class TestContractOfJoint(TestContractOfInpaint):
    phase = "joint"
    learnt = 0


class TestContractOfGreyHinge(TestContractOfInpaint):
    phase = "joint"
    channels = 1

    def make(self):
        return small("joint", channels=1, gan="hinge", joint_edge_critic=False, lr=3e-3)


@pytest.fixture(scope="module")
def vgg19(tmp_path_factory):
    return str(write_npz19(tmp_path_factory.mktemp("vgg19")))


def test_the_papers_run():
    model = small("joint", width=4)
    assert model.divisor == 4
    assert model.iterations == 2_000_000
    for player, rate in (("generator", 1e-4), ("edge_discriminator", 1e-5), ("image_discriminator", 1e-5)):
        optimizer = model.optimizer_for(player)
        assert isinstance(optimizer, torch.optim.Adam)
        settings = optimizer.param_groups[0]
        assert (settings["lr"], settings["betas"], settings["weight_decay"]) == (rate, (0.0, 0.9), 0)


def cancelled(key):
    """Biases that instance norm takes away: all but those of the last convolution."""
    return key.endswith("bias") and not key.startswith("out.")


@pytest.mark.parametrize("phase", PHASES)
def test_who_learns(phase):
    model = small(phase)
    for name in NETWORKS:
        network = model.get_submodule(name)
        learning = {p.requires_grad for key, p in network.named_parameters() if not cancelled(key)}
        assert learning == {name in LEARNING[phase]}, name
        assert not any(p.requires_grad for key, p in network.named_parameters() if cancelled(key))
        assert network.training == (name in LEARNING[phase]), name
    model.eval()
    model.train()
    assert {name for name in NETWORKS if model.get_submodule(name).training} == LEARNING[phase]


def state(model, name):
    return {key: value.clone() for key, value in model.get_submodule(name).state_dict().items()}


def changed(before, after):
    return {key for key in before if not torch.equal(before[key], after[key])}


@pytest.mark.parametrize("phase", PHASES)
def test_one_iteration_moves_those_who_learn_and_nobody_else(phase, batch, tmp_path):
    """Weights, and the vectors of the spectral norm too."""
    model = small(phase)
    before = {name: state(model, name) for name in NETWORKS}
    contract = Contract()
    contract.trainer(tmp_path, max_steps=1).fit(model, contract.loader(batch))
    for name in NETWORKS:
        moved = changed(before[name], state(model, name))
        if name in LEARNING[phase]:
            assert {key for key in before[name] if key.endswith(("original", ".weight"))} <= moved, name
        else:
            assert not moved, name


@pytest.mark.parametrize("phase", PHASES)
def test_in_its_turn_each_moves_alone(phase, batch):
    """Gradients, and the iteration of the spectral norm."""
    model = small(phase)
    for player, make in (("critics", model.discriminator_losses), ("generator", model.generator_losses)):
        players = model.players[1:] if player == "critics" else model.players[:1]
        model.zero_grad()
        before = state(model, "")
        with model.turn_of(*players):
            losses = make(batch)
            terms = [t for part in losses.values() for t in part.values()] if player == "critics" else losses.values()
            sum(terms).backward()
        own = tuple(f"{name}." for name in players)
        assert all(name.startswith(own) for name, p in model.named_parameters() if p.grad is not None)
        moved = changed(before, state(model, ""))
        assert all(name.startswith(own) and name.endswith(("_u", "_v")) for name in moved)
        if player == "critics":
            assert moved


@pytest.mark.parametrize("gan", ["nsgan", "lsgan", "hinge"])
def test_a_step_of_a_critic_raises_true_against_generated(gan, batch):
    model = small("joint", gan=gan, d_lr=1e-3)
    truth = model.true_edges(batch)
    with torch.no_grad():
        edges, picture = model._generate(batch, truth)
    grey = luminance(batch.image)
    shown = {
        "edge_discriminator": (torch.cat([grey, truth], 1), torch.cat([grey, edges], 1)),
        "image_discriminator": (batch.image, picture),
    }

    def margins():
        model.eval()  # the spectral norm stands still
        with torch.no_grad():
            found = {
                name: float(model.get_submodule(name)(real)[-1].mean() - model.get_submodule(name)(fake)[-1].mean())
                for name, (real, fake) in shown.items()
            }
        model.train()
        return found

    before = margins()
    for player in model.players[1:]:
        optimizer = model.optimizer_for(player)
        for _ in range(3):
            optimizer.zero_grad()
            sum(model.discriminator_losses(batch)[player].values()).backward()
            optimizer.step()
    after = margins()
    assert all(after[name] > before[name] for name in shown)


def test_losses_of_the_edge_phase_by_the_formulas(batch):
    """Adversarial 1, feature matching 10 over five maps, logits included; the critic's losses halved."""
    model = small("edge").eval()
    truth = canny(luminance(batch.image), None, 1.0, 0.05, 0.1)
    assert truth.any()
    grey, known, hole = luminance(batch.image), batch.known, batch.hole
    edges = model.generator.edge(torch.cat([grey * known + hole, truth * known, hole], 1))
    real, fake = (model.edge_discriminator(torch.cat([grey, drawn], 1)) for drawn in (truth, edges))
    zeros, ones = torch.zeros_like(fake[-1]), torch.ones_like(fake[-1])
    expected = {
        "edge_adversarial": F.binary_cross_entropy_with_logits(fake[-1], ones),
        "feature_matching": 10 * sum((ours - theirs).abs().mean() for ours, theirs in zip(fake, real, strict=True)),
    }
    losses = model.generator_losses(batch)
    assert list(losses) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, rtol=1e-4, atol=1e-6)
    critic = model.discriminator_losses(batch)
    assert set(critic) == {"edge_discriminator"}
    for name, logits, target in (("real", real[-1], ones), ("fake", fake[-1], zeros)):
        value = F.binary_cross_entropy_with_logits(logits, target) / 2
        torch.testing.assert_close(critic["edge_discriminator"][name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["inpaint", "edge_inpaint", "joint"])
@pytest.mark.parametrize("merge", [True, False])
def test_losses_of_the_painting_phases_by_the_formulas(phase, merge, batch, vgg19):
    model = small(phase, perceptual=0.1, style=250.0, vgg_weights=vgg19, edge_merge=merge).eval()
    image, known, hole = batch.image, batch.known, batch.hole
    truth, grey = canny(luminance(image), None, 1.0, 0.05, 0.1), luminance(image)
    guide = truth
    if phase != "inpaint":
        guide = model.generator.edge(torch.cat([grey * known + hole, truth * known, hole], 1))
        guide = guide * hole + truth * known if merge else guide
    painted = model.generator.image(torch.cat([image * known + hole, guide], 1))
    logits = model.image_discriminator(painted)[-1]
    maps = [
        Vgg19Features(vgg19, normalise=False)(picture, [f"relu{block}_1" for block in range(1, 6)])
        for picture in (painted, image)
    ]
    losses = model.generator_losses(batch)
    expected = {
        "l1": (painted - image).abs().mean() / hole.mean(),
        "adversarial": 0.1 * F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)),
        "perceptual": 0.1 * sum((ours - theirs).abs().mean() for ours, theirs in zip(*maps, strict=True)),
    }
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, rtol=1e-4, atol=1e-6)
    edges = {"edge_adversarial", "feature_matching"} if phase == "joint" else set()
    assert set(losses) == set(expected) | {"style"} | edges
    assert set(model.discriminator_losses(batch)) == set(model.players[1:])


def test_in_the_joint_phase_the_pictures_losses_reach_the_edge_generator(batch):
    for phase, reached in (("joint", True), ("edge_inpaint", False)):
        model = small(phase)
        model.generator_losses(batch)["l1"].backward()
        assert any(p.grad is not None and p.grad.any() for p in model.generator.edge.parameters()) == reached
    model = small("joint", joint_edge_critic=False)
    assert model.players == ("generator", "image_discriminator")
    assert set(model.generator_losses(batch)) == {"l1", "adversarial"}


@pytest.mark.parametrize("phase", PHASES)
def test_the_hole_is_never_read(phase, batch):
    model = small(phase).eval()
    expected = model.inpaint(batch.corrupted, batch.known)
    for under in (1.0, float("nan")):
        spoilt = torch.where(batch.known > 0.5, batch.image, under)
        assert torch.equal(model.inpaint(spoilt, batch.known), expected)


def test_polarity(batch):
    model = small().eval()
    flipped = model.inpaint(batch.image * batch.hole, batch.hole)
    assert not torch.equal(model.inpaint(batch.corrupted, batch.known), flipped)


def test_what_the_networks_are_shown(batch):
    """Grey or colour with white holes, known edges, the hole; the picture's generator sees no mask."""
    model = small().eval()
    seen = {}
    for name in ("edge", "image"):
        network = getattr(model.generator, name)
        network.register_forward_pre_hook(lambda _, given, name=name: seen.update({name: given[0]}))
    model.inpaint(batch.corrupted, batch.known)
    grey, known, hole = luminance(batch.image), batch.known, batch.hole
    torch.testing.assert_close(seen["edge"][:, :1], grey * known + hole)
    found = canny(luminance(batch.corrupted), known, 1.0, 0.05, 0.1)
    assert torch.equal(seen["edge"][:, 1:2], found)
    assert torch.equal(seen["edge"][:, 2:], hole)
    torch.testing.assert_close(seen["image"][:, :3], batch.image * known + hole)
    assert torch.equal(seen["image"][:, 3:] * known, found * known)
    assert seen["image"].shape[1] == 4


def test_merging_changes_the_known_edges_alone(batch):
    merged, raw = (
        small(edge_merge=merge).eval().complete_edges(batch.corrupted, batch.known) for merge in (True, False)
    )
    assert torch.equal(merged * batch.hole, raw * batch.hole)
    assert not torch.equal(merged * batch.known, raw * batch.known)
    assert set((merged * batch.known).unique().tolist()) == {0.0, 1.0}


def test_an_edge_generator_that_has_not_learnt_adds_nothing(batch):
    model = small("inpaint", learnt=0).eval()
    edges = model.complete_edges(batch.corrupted, batch.known)
    assert torch.equal(edges, canny(luminance(batch.corrupted), batch.known, 1.0, 0.05, 0.1))
    assert not torch.equal(small("inpaint").eval().complete_edges(batch.corrupted, batch.known), edges)


def test_edges_drawn_by_hand(batch):
    model = small().eval()
    edges = model.complete_edges(batch.corrupted, batch.known)
    painted = model.inpaint(batch.corrupted, batch.known)
    assert torch.equal(model.paint(batch.corrupted, batch.known, edges), painted)
    assert not torch.equal(model.paint(batch.corrupted, batch.known, 1 - edges), painted)


def test_the_edge_phase_answers_with_edges_and_is_judged_by_them(batch, tmp_path):
    model = small("edge")
    edges = model.eval().complete_edges(batch.corrupted, batch.known).detach()
    assert torch.equal(model.judged_picture(batch), edges.expand(-1, 3, -1, -1))
    contract = Contract()
    (values,) = contract.trainer(tmp_path).test(model, contract.loader(batch), verbose=False)
    truth = model.true_edges(batch)
    assert values["test/l1"] == pytest.approx(float((edges - truth).abs().mean()), abs=1 / 255)
    hole = batch.known < 0.5
    guess, right = edges[hole] > 0.5, truth[hole] > 0.5
    assert values["test/edge_recall"] == pytest.approx(float((guess & right).sum() / right.sum()))
    assert values["test/edge_precision"] == pytest.approx(float((guess & right).sum() / guess.sum().clamp_min(1)))


@pytest.mark.parametrize(("phase", "measured"), [("joint", True), ("edge_inpaint", False)])
def test_edges_are_measured_where_they_are_learnt(phase, measured, batch, tmp_path):
    contract = Contract()
    (values,) = contract.trainer(tmp_path).validate(small(phase), contract.loader(batch), verbose=False)
    assert ("val/edge_recall" in values) == measured
    model = small(phase).eval()
    picture = composite(model.inpaint(batch.corrupted, batch.known), batch).detach()
    assert values["val/l1"] == pytest.approx(float((picture - batch.image).abs().mean()), abs=1 / 255)


def test_a_batch_that_brings_edges_is_taken_at_its_word(batch):
    model = small("inpaint").eval()
    own = EdgeBatch(*batch, model.true_edges(batch))
    other = EdgeBatch(*batch, 1 - own.edges)
    expected = model.generator_losses(batch)["l1"]
    assert torch.equal(model.generator_losses(own)["l1"], expected)
    assert not torch.equal(model.generator_losses(other)["l1"], expected)


def test_phases_hand_on_what_was_learnt(batch, tmp_path):
    """edge -> inpaint -> edge_inpaint: each takes the whole state of the one before, and the clock of the edges."""
    contract, before = Contract(), None
    for phase, steps in (("edge", 2), ("inpaint", 1), ("edge_inpaint", 1)):
        model = small(phase, learnt=0)
        if before is not None:
            model.load_state_dict(before)
        contract.trainer(tmp_path, max_steps=steps).fit(model, contract.loader(batch, steps))
        assert int(model.edge_iterations) == 2
        if before is not None:
            assert not {
                key for key in changed(before, model.state_dict()) if key.startswith(("generator.edge", "edge_d"))
            }
        before = copy.deepcopy(model.state_dict())


def test_an_untrained_edge_generator_is_no_guide(batch, tmp_path):
    contract = Contract()
    with pytest.raises(
        UserError, match=r"model\.phase=edge_inpaint: the edge generator has not learnt yet; train model="
    ):
        contract.trainer(tmp_path, max_steps=1).fit(small("edge_inpaint", learnt=0), contract.loader(batch))


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_bfloat16_autocast(phase, batch, vgg19):
    model = small(phase, perceptual=0.1, style=250.0, vgg_weights=vgg19)
    full = {name: value.item() for name, value in copy.deepcopy(model).losses(batch).items()}
    with torch.autocast("cpu", torch.bfloat16):
        losses = model.losses(batch)
    for name, value in losses.items():
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(full[name], rel=0.1), name
    sum(losses.values()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_vgg_weights_are_asked_for_before_training():
    model = small("inpaint", style=1.0, vgg_weights="no.npz")
    assert model.needs_vgg
    with pytest.raises(UserError, match=r"vgg_weights: no file no\.npz"):
        model.setup("fit")
    model.setup("predict")
    small("edge", style=1.0, vgg_weights=None).setup("fit")


def test_recompute_keeps_less(batch, vgg19):
    from omegaconf import OmegaConf

    from inpaintlab.training.setup import prepare_networks

    model = small("inpaint", style=250.0, vgg_weights=vgg19)
    prepare_networks(model, OmegaConf.create({"checkpointing": True, "channels_last": False, "compile": False}))
    assert model.recompute
    model.generator_losses(batch)["style"].backward()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"phase": "final"}, r"model.phase: expected edge \| inpaint \| edge_inpaint \| joint, got 'final'"),
        ({"gan": "wgan"}, r"model.gan: expected nsgan \| lsgan \| hinge, got 'wgan'"),
        ({"style_region": "mask"}, r"model.style_region: expected hole \| known \| all"),
        ({"channels": 4}, r"model.channels: expected 1 \| 3, got 4"),
        ({"lr": 0}, "positive rates and iterations, got lr=0"),
        ({"detector": "hed"}, r"model.detector: expected canny \| kornia \| none"),
        ({"detector": "none"}, "model.detector=none: model.phase=joint needs edges to learn"),
        ({"phase": "inpaint", "l1": 0, "adversarial": 0}, "every loss has weight 0; give one of model.l1, model.adv"),
        ({"phase": "edge", "edge_adversarial": 0, "feature_matching": 0}, "give one of model.edge_adversarial, "),
        ({"style": 1.0, "vgg_weights": None}, "need VGG-19 weights"),
        ({"phase": "edge", "clip_norm": {"image_discriminator": 1.0}}, "image_discriminator is none of the players"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(UserError, match=message):
        small(**arguments)
