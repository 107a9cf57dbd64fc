import math

import pytest
import torch

from inpaintlab.losses.adversarial import fake_loss, generator_loss, real_loss


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
