import pytest
import torch
import torch.nn.functional as F

from inpaintlab.models.madf.dynamic_filter import DynamicFilter2d
from tests.models.madf.unfold import UnfoldFilter2d

LEVELS = {
    1: (6, 16, 7),
    2: (16, 32, 5),
    3: (32, 64, 3),
    4: (64, 128, 3),
    5: (128, 128, 3),
    6: (128, 128, 3),
    7: (128, 128, 3),
}
"""In channels, out channels and kernel size of the paper's levels."""


def pair(inputs, outputs, kernel, stride=2, mask_channels=16):
    torch.manual_seed(0)
    factored = DynamicFilter2d(inputs, outputs, kernel, stride, mask_channels).double()
    unfolded = UnfoldFilter2d(inputs, outputs, kernel, stride, mask_channels).double()
    unfolded.load_state_dict(factored.state_dict())
    return factored, unfolded


def run(layer, features, mask, weights):
    """The result, and the gradients of a weighted sum of it."""
    features, mask = features.clone().requires_grad_(), mask.clone().requires_grad_()
    result = layer(features, mask)
    gradients = torch.autograd.grad((result * weights).sum(), [features, mask, layer.weight])
    return [result.detach(), *gradients]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("size", [(2, 2), (6, 10)])
def test_equals_the_definition_at_the_shapes_of_every_level(level, size):
    """1e-10 in float64, forward and gradients of features, mask features and parameters."""
    inputs, outputs, kernel = LEVELS[level]
    factored, unfolded = pair(inputs, outputs, kernel)
    features = torch.randn(2, inputs, *size, dtype=torch.double)
    mask = torch.rand(2, 16, size[0] // 2, size[1] // 2, dtype=torch.double)
    weights = torch.randn(2, outputs, size[0] // 2, size[1] // 2, dtype=torch.double)
    ours, definition = run(factored, features, mask, weights), run(unfolded, features, mask, weights)
    for mine, theirs in zip(ours, definition, strict=True):
        assert mine.abs().max() > 0.1
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_by_hand():
    """One window of one pixel: m = (2, 3), W = (1, 10, 100) -> the kernel is 1 + 2 * 10 + 3 * 100."""
    layer = DynamicFilter2d(1, 1, 1, 1, mask_channels=2)
    layer.weight.data = torch.tensor([1.0, 10.0, 100.0]).view(3, 1, 1, 1, 1)
    assert layer(torch.full((1, 1, 1, 1), 7.0), torch.tensor([2.0, 3.0]).view(1, 2, 1, 1)).item() == 7 * 321


def test_without_mask_features_it_is_an_ordinary_convolution():
    layer, _ = pair(3, 4, 5)
    features = torch.randn(2, 3, 8, 8, dtype=torch.double)
    expected = F.conv2d(features, layer.weight[0], stride=2, padding=2)
    assert torch.equal(layer(features, torch.zeros(2, 16, 4, 4, dtype=torch.double)), expected)


def test_every_window_has_the_kernel_that_its_mask_features_make():
    layer, _ = pair(3, 4, 3, stride=3)
    features, mask = torch.randn(1, 3, 6, 6).double(), torch.rand(1, 16, 2, 2).double()
    kernels = layer.kernels(mask[0].flatten(1).T)
    windows = F.unfold(features, 3, padding=1, stride=3)[0].T
    expected = torch.einsum("nk,nok->no", windows, kernels.flatten(2)).T.view(1, 4, 2, 2)
    torch.testing.assert_close(layer(features, mask), expected, rtol=0, atol=1e-12)


def test_gradcheck():
    layer, _ = pair(2, 3, 3, mask_channels=2)
    features = torch.randn(1, 2, 4, 4, dtype=torch.double, requires_grad=True)
    mask = torch.rand(1, 2, 2, 2, dtype=torch.double, requires_grad=True)

    def call(features, mask, weight):
        return torch.func.functional_call(layer, {"weight": weight}, (features, mask))

    weight = layer.weight.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(call, (features, mask, weight))


def test_starts_like_the_papers_convolution():
    """The 1 x 1 convolution of 16 mask features that it stands for begins uniform in [-1/4, 1/4], bias included."""
    torch.manual_seed(0)
    reference = torch.nn.Conv2d(16, 20_000, 1)
    ours = DynamicFilter2d(16, 32, 5, 2).weight
    for values in (ours[0], ours[1:]):
        assert values.abs().max() <= 0.25
        assert values.std().item() == pytest.approx(reference.weight.std().item(), rel=0.02)
        assert values.std().item() == pytest.approx(reference.bias.std().item(), rel=0.02)


def kept(layer, features, mask):
    """Bytes that the backward pass keeps, besides the input and the parameters; views count once."""
    known = {t.untyped_storage().data_ptr() for t in (features, mask, layer.weight)}
    storages = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            storages[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = layer(features.requires_grad_(), mask.requires_grad_())
    storages.pop(result.untyped_storage().data_ptr(), None)
    return sum(storage.nbytes() for storage in storages.values())


def test_keeps_fifteen_times_less_than_the_generated_filters():
    """All levels at 256 px: 685 MiB of filters in float32, against 33 MiB of seventeen-fold features."""
    ours = filters = 0
    for level, (inputs, outputs, kernel) in LEVELS.items():
        side = 256 // 2**level
        layer = DynamicFilter2d(inputs, outputs, kernel, 2)
        ours += kept(layer, torch.rand(1, inputs, 2 * side, 2 * side), torch.rand(1, 16, side, side))
        filters += 4 * inputs * kernel**2 * outputs * side**2
    assert filters / 2**20 == pytest.approx(685, abs=1)
    assert ours / 2**20 == pytest.approx(33, abs=1)
    assert filters > 15 * ours
