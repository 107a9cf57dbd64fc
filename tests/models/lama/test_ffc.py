import pytest
import torch
import torch.nn.functional as F

from inpaintlab.models.lama.ffc import FFCBlock, FFCLayer, FourierUnit, Maps
from tests.models.lama.official_names import batch_norm, conv, filled, picture_and_known, points


@pytest.mark.parametrize("transform", ["fft", "matmul"])
def test_golden_output_of_the_fourier_unit(transform):
    """The sheet's fixture: four channels, weights by formula; the real parts are the even channels."""
    state = filled(conv("conv_layer", 8, 8, 1) | batch_norm("bn", 8))
    unit = FourierUnit(4, transform).double().eval()
    unit.load_state_dict({k.replace("conv_layer", "conv").replace("bn", "norm"): v for k, v in state.items()})
    image, known = picture_and_known()
    with torch.no_grad():
        found = points(unit(torch.cat([image, 1 - known], 1)))
    # Taken to 1e-8, since the sheet's eight digits were computed in float64.
    assert found == pytest.approx([0.09810516, 0.25887930, 10.02453244, -0.04160501, 0.46450338], abs=1.01e-8)


def test_global_channels_see_the_whole_picture_local_ones_three_pixels():
    """One pixel changes; without the way from global to local the local half notices it only nearby."""
    torch.manual_seed(0)
    layer = FFCLayer((4, 32), (4, 32)).eval()
    layer.far_to_near = None
    maps = Maps(torch.randn(1, 4, 16, 16), torch.randn(1, 32, 16, 16))
    far = maps.far.clone()
    far[..., 3, 3] += 1
    before, after = layer(maps), layer(Maps(maps.near, far))
    assert torch.equal(before.near, after.near)
    assert (before.far != after.far).any(1).all()
    near = maps.near.clone()
    near[..., 3, 3] += 1
    changed = (layer(Maps(near, maps.far)).near != before.near).any(1)[0].nonzero()
    assert changed.min() >= 2
    assert changed.max() <= 4


def test_layer_is_its_definition():
    """y_l = W_ll * x_l + W_gl * x_g and y_g = W_lg * x_l + ST(x_g), pictures mirrored, then BatchNorm and ReLU."""
    torch.manual_seed(0)
    layer = FFCLayer((3, 4), (2, 6)).double()
    near, far = torch.rand(2, 3, 8, 8).double(), torch.rand(2, 4, 8, 8).double()
    ours = layer(Maps(near, far))

    def convolve(x, weight):
        return F.conv2d(F.pad(x, [1] * 4, mode="reflect"), weight)

    spectral = layer.far_to_far
    inner = F.conv2d(far, spectral.reduce.weight)
    inner = F.batch_norm(inner, None, None, training=True).relu()
    expected_near = convolve(near, layer.near_to_near.weight) + convolve(far, layer.far_to_near.weight)
    expected_far = convolve(near, layer.near_to_far.weight)
    expected_far += F.conv2d(inner + spectral.fourier(inner), spectral.expand.weight)
    torch.testing.assert_close(ours.near, F.batch_norm(expected_near, None, None, training=True).relu())
    torch.testing.assert_close(ours.far, F.batch_norm(expected_far, None, None, training=True).relu())


def test_block_adds_rectified_changes():
    """The second ReLU comes before the sum: a block never makes a value smaller."""
    torch.manual_seed(0)
    maps = Maps(torch.randn(1, 2, 8, 8), torch.randn(1, 6, 8, 8))
    after = FFCBlock((2, 6))(maps)
    assert (after.near >= maps.near).all()
    assert (after.far >= maps.far).all()
    assert (after.far > maps.far).any()


def test_a_unit_keeps_full_precision_within_half_precision():
    """Under autocast the spectrum is that of float32, to the rounding of the result alone."""
    torch.manual_seed(0)
    unit = FourierUnit(4).eval()
    features = torch.rand(1, 4, 16, 12)
    expected = unit(features)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(unit(features), expected, rtol=1e-6, atol=1e-6)
        half = unit(features.bfloat16())
        full = unit(features.bfloat16().float())
    assert half.dtype == torch.bfloat16
    assert torch.equal(half, full.bfloat16())


def test_gradcheck():
    torch.manual_seed(0)
    unit = FourierUnit(2).double().eval()
    features = torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(unit, features)
