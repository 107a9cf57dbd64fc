import math

import pytest
import torch
from torch import nn
from torch.func import functional_call

from inpaintlab.losses.adversarial import (
    fake_loss,
    generator_loss,
    gradient_penalty,
    hinge_fake_loss,
    hinge_real_loss,
    patch_fake_loss,
    r1_penalty,
    real_loss,
    wasserstein_fake_loss,
    wasserstein_real_loss,
)


def by_hand(logits, real):
    """-log D or -log(1 - D) as a plain loop over D = 1 / (1 + exp(-logit))."""
    total = 0.0
    for logit in logits.flatten().tolist():
        probability = 1 / (1 + math.exp(-logit))
        total -= math.log(probability if real else 1 - probability)
    return total / logits.numel()


@pytest.mark.parametrize("shape", [(7,), (3, 1, 2, 2)])
def test_losses_are_the_logarithms_of_the_probability(shape):
    logits = torch.randn(shape, generator=torch.Generator().manual_seed(0)).double() * 3
    assert real_loss(logits).item() == pytest.approx(by_hand(logits, real=True), rel=1e-5)
    assert fake_loss(logits).item() == pytest.approx(by_hand(logits, real=False), rel=1e-5)
    assert generator_loss(logits).item() == pytest.approx(by_hand(logits, real=True), rel=1e-5)
    assert generator_loss(logits, saturating=True).item() == pytest.approx(-by_hand(logits, real=False), rel=1e-5)


def test_an_undecided_discriminator_pays_log_2():
    assert real_loss(torch.zeros(4)).item() == pytest.approx(math.log(2))
    assert fake_loss(torch.zeros(4)).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("saturating", [False, True])
def test_the_generator_always_pushes_the_logit_up(saturating):
    """Golden: d(-log D)/dx = D - 1 and d log(1 - D)/dx = -D."""
    logit = torch.tensor([-2.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(generator_loss(logit, saturating=saturating), logit)
    probability = torch.sigmoid(torch.tensor(-2.0))
    assert gradient.item() == pytest.approx((-probability if saturating else probability - 1).item())
    assert gradient < 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("size", [-500.0, 500.0])
def test_sure_discriminators_give_finite_losses_in_float32(dtype, size):
    logits = torch.full((3,), size, dtype=dtype, requires_grad=True)
    losses = [real_loss(logits), fake_loss(logits), generator_loss(logits), generator_loss(logits, saturating=True)]
    for loss in losses:
        assert loss.dtype == torch.float32
        assert loss.isfinite()
    sum(losses).backward()
    assert logits.grad.isfinite().all()
    assert real_loss(logits).item() == max(0.0, -size)


def test_patches_of_known_pixels_count_as_real():
    """Golden: logits ln 3 mean D = 3/4: two hole patches cost -ln 1/4 each, two known ones -ln 3/4."""
    known = torch.ones(1, 1, 4, 4)
    known[..., :2] = 0
    logits = torch.full((1, 1, 2, 2), math.log(3))
    assert patch_fake_loss(logits, known).item() == pytest.approx((math.log(4) + math.log(4 / 3)) / 2)
    assert patch_fake_loss(logits, torch.zeros(1, 1, 4, 4)).item() == pytest.approx(fake_loss(logits).item())
    assert patch_fake_loss(logits, torch.ones(1, 1, 4, 4)).item() == pytest.approx(real_loss(logits).item())


def test_the_hole_reaches_the_grid_by_nearest_pixels():
    """4 x 4 pixels to 3 x 3 patches: nearest takes the pixels 0, 1 and 2 of each row, so column 3 counts nowhere."""
    known = torch.ones(1, 1, 4, 4)
    known[..., 3] = 0
    logits = torch.randn(1, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    assert patch_fake_loss(logits, known).item() == pytest.approx(real_loss(logits).item())
    known[..., 1] = 0
    expected = (fake_loss(logits[..., 1]) + 2 * real_loss(logits[..., [0, 2]])) / 3
    assert patch_fake_loss(logits, known).item() == pytest.approx(expected.item())


def test_sure_patches_are_finite_in_float32():
    logits = torch.tensor([500.0, -500.0]).half().view(1, 1, 1, 2).requires_grad_()
    loss = patch_fake_loss(logits, torch.tensor([[[[0.0, 1.0]]]]))
    assert loss.dtype == torch.float32
    assert loss.item() == 500
    loss.backward()
    assert logits.grad.isfinite().all()


def test_r1_of_a_linear_discriminator_is_the_squared_norm_of_its_weights():
    """Golden: D(x) = two patches, w_1 x and w_2 x; the gradient of their sum is w_1 + w_2, for every picture."""
    weights = torch.tensor([[1.0, 2.0, 0.0], [2.0, -2.0, 1.0]])
    pictures = torch.rand(4, 3, 1, 1, requires_grad=True)
    logits = torch.einsum("pc,bcij->bpij", weights, pictures)
    assert r1_penalty(logits, pictures).item() == pytest.approx(3**2 + 0**2 + 1**2)


def test_r1_can_be_differentiated_again():
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, dtype=torch.float64, requires_grad=True)

    def penalty(weight):
        return r1_penalty((pictures @ weight).tanh(), pictures)

    weight = torch.rand(3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(penalty, weight)


SCORES = [-2.0, -1.0, 0.25, 3.0]


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (hinge_real_loss, (3 + 2 + 0.75 + 0) / 4),
        (hinge_fake_loss, (0 + 0 + 1.25 + 4) / 4),
        (wasserstein_real_loss, -0.25 / 4),
        (wasserstein_fake_loss, 0.25 / 4),
    ],
)
def test_losses_of_a_critic_by_hand(loss, expected):
    for dtype in (torch.float32, torch.bfloat16):
        value = loss(torch.tensor(SCORES, dtype=dtype))
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(expected)


def test_a_critic_that_is_sure_by_one_pays_no_hinge():
    assert hinge_real_loss(torch.tensor([1.0, 5.0])).item() == 0
    assert hinge_fake_loss(torch.tensor([-1.0, -5.0])).item() == 0


def pair(count=3, size=4, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, count, 2, size, size, generator=generator, dtype=dtype)
    mixing = torch.rand(count, generator=generator, dtype=dtype)
    region = torch.zeros(count, 1, size, size, dtype=dtype)
    region[..., 1:3, : size // 2] = 1
    return real, fake, mixing, region


def test_penalty_of_a_linear_critic():
    """Golden: its gradient is its weights, wherever it stands."""
    real, fake, mixing, region = pair()
    weights = torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def critic(pictures):
        return (pictures * weights).sum((1, 2, 3))

    expected = (weights.norm() - 1) ** 2
    torch.testing.assert_close(gradient_penalty(critic, real, fake, mixing), expected)
    expected = ((weights * region[0]).norm() - 1) ** 2
    torch.testing.assert_close(gradient_penalty(critic, real, fake, mixing, region), expected)


def test_penalty_is_taken_between_the_pictures():
    """Golden: of the sum of squares over 2 the gradient is the picture itself, mixed by each one's own share."""
    real, fake, mixing, region = pair()
    mixed = torch.stack([(1 - e) * x + e * y for x, y, e in zip(real, fake, mixing, strict=True)])
    expected = ((mixed * region).flatten(1).norm(dim=1) - 1).square().mean()
    found = gradient_penalty(lambda x: x.square().sum((1, 2, 3)) / 2, real, fake, mixing, region)
    torch.testing.assert_close(found, expected)


def test_gradient_of_the_penalty_is_that_of_finite_differences():
    """In every parameter of a critic with a kink; ``gradcheck`` moves each by 1e-6."""
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Conv2d(2, 3, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(12, 1)).double()
    real, fake, mixing, region = pair()
    names, values = zip(*critic.named_parameters(), strict=True)

    def penalty(*parameters):
        named = dict(zip(names, parameters, strict=True))
        return gradient_penalty(lambda x: functional_call(critic, named, x), real, fake, mixing, region)

    assert torch.autograd.gradcheck(penalty, tuple(value.detach().requires_grad_() for value in values))
    penalty(*values).backward()
    assert critic[0].weight.grad.any()


def test_penalty_leaves_the_pictures_alone_and_works_without_gradients():
    real, fake, mixing, _ = pair()
    fake.requires_grad_()
    critic = nn.Sequential(nn.Flatten(), nn.Linear(32, 1)).double()
    gradient_penalty(critic, real, fake, mixing).backward()
    assert fake.grad is None
    with torch.no_grad():
        assert gradient_penalty(critic, real, fake, mixing).item() > 0


def test_penalty_of_a_critic_that_says_nothing_is_one_and_finite():
    real, fake, mixing, region = pair(dtype=torch.float32)
    critic = nn.Sequential(nn.Flatten(), nn.Linear(32, 1))
    nn.init.zeros_(critic[1].weight)
    for where in (region, 0 * region):
        value = gradient_penalty(critic, real, fake, mixing, where)
        value.backward()
        assert value.item() == 1
        assert critic[1].weight.grad.isfinite().all()
