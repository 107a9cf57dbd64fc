import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.dcgan.search import (
    LatentSearch,
    context_loss,
    context_weights,
    perceptual_loss,
    starts,
)
from tests.models.dcgan.networks import LATENT, SIZE, center_hole, lively

SEARCH = LatentSearch(iterations=20, lr=0.05, progress=False)


def targets(count, dtype=torch.float64):
    return torch.rand(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)).to(dtype) * 2 - 1


def test_context_weights_equal_the_definition():
    known = (torch.rand(2, 1, 9, 11, generator=torch.Generator().manual_seed(0)) > 0.4).double()
    for window in (1, 3, 7):
        weights = context_weights(known, window)
        for n in range(2):
            mirrored = np.pad(1 - known[n, 0].numpy(), window // 2, mode="symmetric")
            for i in range(9):
                for j in range(11):
                    share = mirrored[i : i + window, j : j + window].mean()
                    assert weights[n, 0, i, j].item() == pytest.approx(known[n, 0, i, j].item() * share, abs=1e-12)


def test_far_from_the_hole_and_in_it_the_weight_is_zero():
    weights = context_weights(center_hole(1), 7)[0, 0]
    assert weights[0, 0] == 0  # 4 px from the hole, farther than the window's 3
    assert not weights[4:12, 4:12].any()
    assert weights[3, 8].item() == pytest.approx(3 * 7 / 49)  # three rows of the hole in its window


def test_context_loss_is_the_sum_of_each_picture():
    picture, target = torch.full((2, 3, 4, 4), 0.5), torch.zeros(2, 3, 4, 4)
    weight = torch.zeros(2, 1, 4, 4)
    weight[1, :, :2] = 1
    assert context_loss(picture, target, weight).tolist() == [0, 0.5 * 3 * 8]


def test_perceptual_loss():
    logit = torch.tensor([0.0, 2.0])
    probability = torch.sigmoid(logit)
    torch.testing.assert_close(perceptual_loss(logit, "literal"), torch.log(1 - probability))
    torch.testing.assert_close(perceptual_loss(logit, "nonsaturating"), -torch.log(probability))
    assert perceptual_loss(torch.tensor([-200.0, 200.0]), "literal").isfinite().all()


@pytest.mark.parametrize("context", ["plain", "weighted"])
@pytest.mark.parametrize("prior", ["literal", "nonsaturating"])
def test_the_search_lowers_the_loss(context, prior):
    networks = lively()
    pictures, known = targets(3), center_hole(3)
    search = replace(SEARCH, iterations=60, context=context, prior=prior)
    before = replace(search, iterations=0)(*networks, pictures, known)
    after = search(*networks, pictures, known)
    assert (after.loss < before.loss).all()
    assert not torch.equal(after.z, before.z)
    assert after.z.abs().max() <= 1
    torch.testing.assert_close(after.picture, copy.deepcopy(networks[0]).eval()(after.z))


def test_finds_a_picture_of_the_generator_again():
    networks = lively()
    truth = copy.deepcopy(networks[0]).eval()(torch.full((1, LATENT), 0.4, dtype=torch.float64)).detach()
    known = center_hole(1)
    search = replace(SEARCH, iterations=300, perceptual=0.0)
    before = replace(search, iterations=0)(*networks, truth, known)
    found = search(*networks, truth, known)
    hole = known == 0
    assert found.loss < 0.1 * before.loss
    assert (found.picture - truth)[hole.expand_as(truth)].abs().mean() < 0.05


def test_z_stays_in_its_range_at_every_step():
    # A rate of 3 would leave [-1, 1] in one step.
    assert replace(SEARCH, iterations=1, lr=3.0)(*lively(), targets(2), center_hole(2)).z.abs().max() == 1


def test_first_step_is_that_of_adam():
    # Adam's first step is the rate against the sign of the gradient, whatever its size.
    networks, pictures, known = lively(), targets(2), center_hole(2)
    search = replace(SEARCH, lr=1e-3, perceptual=2.0)
    z = starts(pictures * known, known, LATENT, 0, 0).requires_grad_()
    generator, discriminator = (copy.deepcopy(network).eval() for network in networks)
    picture = generator(z)
    total = (known * (picture - pictures)).abs().sum() + 2 * torch.log(1 - torch.sigmoid(discriminator(picture))).sum()
    total.backward()
    expected = (z - 1e-3 * z.grad.sign()).clamp(-1, 1)
    found = replace(search, iterations=1)(*networks, pictures, known)
    torch.testing.assert_close(found.z, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("context", ["plain", "weighted"])
def test_a_picture_does_not_depend_on_its_batch(context):
    networks, pictures, known = lively(), targets(6), center_hole(6)
    known[3:, :, 0] = 0
    search = replace(SEARCH, iterations=30, context=context, restarts=2)
    together = search(*networks, pictures, known)
    for alone in range(6):
        part = slice(alone, alone + 1)
        found = search(*networks, pictures[part], known[part])
        torch.testing.assert_close(found.picture, together.picture[part], rtol=0, atol=1e-5)
        torch.testing.assert_close(found.z, together.z[part], rtol=0, atol=1e-5)
    turned = search(*networks, pictures.flip(0), known.flip(0))
    torch.testing.assert_close(turned.picture.flip(0), together.picture, rtol=0, atol=1e-5)


def test_a_picture_does_not_depend_on_its_batch_in_single_precision():
    networks = lively(torch.float32)
    pictures, known = targets(64, torch.float32), center_hole(64, torch.float32)
    together = SEARCH(*networks, pictures, known)
    alone = SEARCH(*networks, pictures[5:6], known[5:6])
    torch.testing.assert_close(alone.picture, together.picture[5:6], rtol=0, atol=1e-5)


def test_what_stands_in_the_hole_is_not_read():
    networks, pictures, known = lively(), targets(2), center_hole(2)
    poisoned = torch.where(known > 0.5, pictures, float("nan"))
    for found, again in zip(SEARCH(*networks, pictures, known), SEARCH(*networks, poisoned, known), strict=True):
        assert torch.equal(found, again)


def test_networks_are_left_as_they_were():
    networks = lively()
    networks[1].eval()
    before = [copy.deepcopy(network.state_dict()) for network in networks]
    SEARCH(*networks, targets(2), center_hole(2))
    for network, state in zip(networks, before, strict=True):
        assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
        assert all(parameter.grad is None and parameter.requires_grad for parameter in network.parameters())
    assert networks[0].training
    assert not networks[1].training


def test_restarts_keep_the_best_of_each_picture():
    networks, pictures, known = lively(), targets(5), center_hole(5)
    search = replace(SEARCH, iterations=5)
    one, three = (replace(search, restarts=n)(*networks, pictures, known) for n in (1, 3))
    assert (three.loss <= one.loss).all()
    assert (three.loss < one.loss).any()
    generator, discriminator = (copy.deepcopy(network).eval() for network in networks)
    picture = generator(three.z)
    torch.testing.assert_close(three.loss, search.loss(discriminator, picture, pictures * known, known))


def test_without_perceptual_loss_the_discriminator_is_left_out():
    generator, discriminator = lively()
    discriminator.head.weight.data.fill_(float("nan"))
    assert replace(SEARCH, perceptual=0.0)(generator, discriminator, targets(1), center_hole(1)).loss.isfinite()
    assert SEARCH(generator, discriminator, targets(1), center_hole(1)).loss.isnan()


def test_a_large_perceptual_weight_raises_the_score():
    generator, discriminator = lively()
    pictures, known = targets(4), center_hole(4)
    without, with_it = (
        replace(SEARCH, iterations=60, perceptual=weight)(generator, discriminator, pictures, known).picture
        for weight in (0.0, 1000.0)
    )
    judge = copy.deepcopy(discriminator).eval()
    assert judge(with_it).mean() > judge(without).mean()


def test_starts_are_uniform_and_keyed():
    target, known = targets(2), center_hole(2)
    z = starts(target * known, known, 5000, seed=0, restart=0)
    assert z.abs().max() <= 1
    assert z.mean().item() == pytest.approx(0, abs=0.03)
    assert z.var().item() == pytest.approx(1 / 3, abs=0.02)
    assert not torch.equal(z[0], z[1])
    assert torch.equal(z.flip(0), starts((target * known).flip(0), known.flip(0), 5000, 0, 0))
    for seed, restart in ((1, 0), (0, 1)):
        assert not torch.equal(z, starts(target * known, known, 5000, seed, restart))


def test_searches_under_no_grad_but_not_in_inference_mode():
    networks = lively()
    expected = SEARCH(*networks, targets(1), center_hole(1))
    with torch.no_grad():
        assert torch.equal(SEARCH(*networks, targets(1), center_hole(1)).z, expected.z)
    with torch.inference_mode(), pytest.raises(UserError, match=r"needs gradients: set trainer.inference_mode=false"):
        SEARCH(*networks, targets(1), center_hole(1))


def test_mixed_precision_does_not_reach_the_search():
    networks = lively(torch.float32)
    pictures, known = targets(1, torch.float32), center_hole(1, torch.float32)
    expected = SEARCH(*networks, pictures, known)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(SEARCH(*networks, pictures, known).z, expected.z)


def test_progress_is_shown_on_a_terminal_only(capsys, monkeypatch):
    replace(SEARCH, progress=True)(*lively(), targets(1), center_hole(1))
    assert not capsys.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    replace(SEARCH, progress=True)(*lively(), targets(1), center_hole(1))
    assert "search" in capsys.readouterr().err
    SEARCH(*lively(), targets(1), center_hole(1))
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"prior": "hinge"}, "model.prior=hinge: expected literal | nonsaturating"),
        ({"context": "round"}, "model.context=round: expected plain | weighted"),
        ({"context_window": 4}, "model.context_window=4: expected an odd number"),
        ({"iterations": -1}, "model.search_iterations=-1"),
        ({"restarts": 0}, "model.restarts=0"),
    ],
)
def test_wrong_choices_are_refused(choice, message):
    with pytest.raises(UserError, match=message.replace("|", r"\|")):
        LatentSearch(**choice)
