import pytest
import torch
import torch.nn.functional as F

from inpaintlab.models.edge_connect.gan import GAMES

LOGITS = torch.linspace(-3, 3, 24).view(2, 1, 3, 4)


def by_hand(kind):
    probability, ones, zeros = LOGITS.sigmoid(), torch.ones_like(LOGITS), torch.zeros_like(LOGITS)
    if kind == "nsgan":
        real, fake = F.binary_cross_entropy(probability, ones), F.binary_cross_entropy(probability, zeros)
        return real, fake, real
    if kind == "lsgan":
        real, fake = F.mse_loss(probability, ones), F.mse_loss(probability, zeros)
        return real, fake, real
    return (1 - LOGITS).clamp_min(0).mean(), (1 + LOGITS).clamp_min(0).mean(), -LOGITS.mean()


@pytest.mark.parametrize("kind", GAMES)
def test_the_games_by_their_definitions(kind):
    game = GAMES[kind]
    for ours, expected in zip((game.real, game.fake, game.generator), by_hand(kind), strict=True):
        torch.testing.assert_close(ours(LOGITS), expected)


@pytest.mark.parametrize("kind", GAMES)
def test_signs(kind):
    """Descent raises the logits of the true, lowers those of the generated, and raises them again for the generator."""
    game = GAMES[kind]
    for loss, sign in ((game.real, 1), (game.fake, -1), (game.generator, 1)):
        logits = torch.zeros(3).requires_grad_()
        loss(logits).backward()
        assert (-logits.grad * sign > 0).all()


@pytest.mark.parametrize("kind", GAMES)
def test_float32_of_bfloat16(kind):
    assert all(loss(LOGITS.bfloat16()).dtype == torch.float32 for loss in GAMES[kind])
