import numpy as np
import pytest
import torch

from inpaintlab.losses.reconstruction import hole_l1, total_variation, valid_l1


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(0)
    prediction = torch.randn(2, 3, 6, 7, generator=generator, dtype=torch.float64)
    image = torch.randn(2, 3, 6, 7, generator=generator, dtype=torch.float64)
    known = (torch.rand(2, 1, 6, 7, generator=generator) > 0.4).double()
    known[1] = 1
    known[1, 0, 2, 3] = 0  # a lone hole, whose dilation is a 3 x 3 square
    return prediction, image, known


def loop_l1(prediction, image, mask):
    total = 0.0
    for b, c, i, j in np.ndindex(*prediction.shape):
        total += mask[b, 0, i, j] * abs(prediction[b, c, i, j] - image[b, c, i, j])
    return total / prediction.size


def loop_tv(picture, known):
    batch, channels, height, width = picture.shape
    total = 0.0
    for b in range(batch):
        region = set()
        for i, j in np.ndindex(height, width):
            if known[b, 0, i, j] == 0:
                region |= {(i + di, j + dj) for di in (-1, 0, 1) for dj in (-1, 0, 1)}
        for c, i, j in np.ndindex(channels, height, width):
            for neighbour in ((i, j + 1), (i + 1, j)):
                if neighbour[0] < height and neighbour[1] < width and (i, j) in region and neighbour in region:
                    total += abs(picture[b, c, i, j] - picture[b, c][neighbour])
    return total / picture.size


def test_l1_equals_a_loop(pictures):
    prediction, image, known = pictures
    arrays = prediction.numpy(), image.numpy()
    assert hole_l1(*pictures).item() == pytest.approx(loop_l1(*arrays, 1 - known.numpy()), rel=1e-12)
    assert valid_l1(*pictures).item() == pytest.approx(loop_l1(*arrays, known.numpy()), rel=1e-12)


def test_l1_golden():
    """One of 4 pixels is a hole: an error of 2 there and 1 elsewhere give 2 / 4 and 3 / 4."""
    known = torch.tensor([[[[0.0, 1.0], [1.0, 1.0]]]])
    prediction, image = torch.tensor([[[[2.0, 1.0], [1.0, 1.0]]]]), torch.zeros(1, 1, 2, 2)
    assert hole_l1(prediction, image, known) == 0.5
    assert valid_l1(prediction, image, known) == 0.75


def test_total_variation_equals_a_loop(pictures):
    prediction, _, known = pictures
    expected = loop_tv(prediction.numpy(), known.numpy())
    assert total_variation(prediction, known).item() == pytest.approx(expected, rel=1e-12)


def test_total_variation_golden():
    """A lone hole of value 1 among zeros: 4 of the pairs in its 3 x 3 region differ by 1; 25 pixels."""
    known, picture = torch.ones(1, 1, 5, 5), torch.zeros(1, 1, 5, 5)
    known[..., 2, 2], picture[..., 2, 2] = 0, 1
    assert total_variation(picture, known).item() == pytest.approx(4 / 25)


def test_total_variation_of_a_known_picture_is_zero():
    assert total_variation(torch.rand(1, 3, 8, 8), torch.ones(1, 1, 8, 8)) == 0


def test_total_variation_has_the_gradient_of_the_whole_picture(pictures):
    """On completed pictures, the pairs outside of the region are constants."""
    prediction, image, known = pictures
    prediction.requires_grad_()
    completed = known * image + (1 - known) * prediction
    whole = sum(completed.diff(dim=dim).abs().sum() for dim in (2, 3)) / completed.numel()
    ours = torch.autograd.grad(total_variation(completed, known), prediction, retain_graph=True)[0]
    torch.testing.assert_close(ours, torch.autograd.grad(whole, prediction)[0])


@pytest.mark.parametrize("loss", [hole_l1, valid_l1, lambda p, _, known: total_variation(p, known)])
def test_gradcheck_and_descent(loss, pictures):
    prediction, image, known = pictures
    prediction.requires_grad_()
    assert torch.autograd.gradcheck(lambda p: loss(p, image, known), prediction)
    first = loss(prediction, image, known)
    optimizer = torch.optim.SGD([prediction], lr=1.0)
    for _ in range(20):
        optimizer.zero_grad()
        loss(prediction, image, known).backward()
        optimizer.step()
    assert loss(prediction, image, known) < 0.95 * first
