import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.complexity import Counter
from inpaintlab.models.deepfill.critics import GLOBAL, LOCAL, PatchCritic, PictureCritic

MAKE = {
    "local": (lambda: PictureCritic(128, LOCAL, 3, 64, "tf_same"), (1, 3, 128, 128)),
    "global": (lambda: PictureCritic(256, GLOBAL, 3, 64, "tf_same"), (1, 3, 256, 256)),
    "patch": (lambda: PatchCritic(3, 64, "tf_same"), (1, 4, 256, 256)),
}


@pytest.mark.parametrize(
    ("name", "parameters", "giga", "scores"),
    [("local", 4_339_329, 0.649, 1), ("global", 2_733_441, 2.176, 1), ("patch", 5_946_816, 2.333, 4096)],
)
def test_size(name, parameters, giga, scores):
    """Parameters, multiply-adds of one picture, and how many scores it gets."""
    make, shape = MAKE[name]
    with torch.device("meta"):
        critic = make().eval()
        picture = torch.zeros(shape)
    assert sum(p.numel() for p in critic.parameters()) == parameters
    with Counter() as counter:
        assert critic(picture).shape == (1, scores)
    assert counter.multiply_adds / 1e9 == pytest.approx(giga, abs=5e-4)


def test_patch_critic_by_hand():
    """Its weights over their largest singular value, once the power iteration has found it; LeakyReLU to the end."""
    torch.manual_seed(0)
    critic = PatchCritic(3, 4, "tf_same")
    for _ in range(500):
        critic(torch.zeros(1, 4, 1, 1))
    critic.eval()
    x = expected = torch.randn(2, 4, 64, 128)
    for number in range(1, 7):
        layer = critic.convolutions.get_submodule(f"conv{number}")
        weight = layer.parametrizations.weight.original
        weight = weight / torch.linalg.matrix_norm(weight.flatten(1), 2)
        padded = F.pad(expected, (1, 2, 1, 2))  # its sides are even down to the last layer
        expected = F.leaky_relu(F.conv2d(padded, weight, layer.bias, 2), 0.2)
    assert expected.shape == (2, 16, 1, 2)
    torch.testing.assert_close(critic(x), expected.flatten(1), rtol=1e-3, atol=1e-5)


def test_power_iteration_takes_one_step_in_each_look_of_training():
    critic = PatchCritic(3, 4, "tf_same")
    norm = critic.convolutions.conv1.parametrizations.weight[0]
    before = norm._u.clone()
    critic(torch.zeros(1, 4, 64, 64))
    assert not torch.equal(norm._u, before)
    critic.eval()
    before = norm._u.clone()
    critic(torch.zeros(1, 4, 64, 64))
    assert torch.equal(norm._u, before)


def test_sides_of_a_picture_critic():
    with pytest.raises(UserError, match="critic=wgan: expected sides of multiples of 16 px, got 40"):
        PictureCritic(40, GLOBAL, 3, 4, "tf_same")
