import numpy as np
import pytest
import torch
import torch.nn.functional as F
from experiments.figures.madf_kernels import (
    ZOOM,
    example_patches,
    generated_kernels,
    kernel_grid,
    main,
    write_kernels,
)
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.models.madf import MADF
from inpaintlab.models.madf.network import MADFNet


@pytest.fixture
def network():
    torch.manual_seed(0)
    return MADFNet(levels=2, width=4, refinements=0)


def test_the_generated_kernels_are_the_ones_that_act(network):
    """A window in the middle of a picture, filtered by its generated kernels, gives what the encoder computes there."""
    known = (torch.rand(1, 1, 32, 32) > 0.4).float()
    encoder = network.encoder
    features = torch.cat([torch.rand(1, 3, 32, 32), known.expand(-1, 3, -1, -1)], 1)
    result, _ = encoder.levels[0](features, features[:, 3:])
    window = (slice(None), slice(None), slice(13, 20), slice(5, 12))  # centred on pixel (16, 8): place (8, 4)
    kernels = generated_kernels(network, known[window])
    assert kernels.shape == (1, 4, 6, 7, 7)
    expected = (kernels[0] * features[window]).sum((1, 2, 3)).relu()
    torch.testing.assert_close(result[0, :, 8, 4], expected)


def test_different_patches_have_different_kernels(network):
    kernels = generated_kernels(network, example_patches())
    assert len({tuple(kernel.flatten().tolist()) for kernel in kernels}) == 4


def test_example_patches():
    """All known, two half known (4 of 7 columns or rows), all hole."""
    assert example_patches().sum((1, 2, 3)).tolist() == [49, 28, 28, 0]


def test_the_grid_shows_patch_and_energies_on_one_scale(network):
    patches = example_patches()
    grid = kernel_grid(network, patches)
    cell = 7 * ZOOM + ZOOM // 3
    assert grid.shape == (3, 4 * cell + ZOOM // 3, 5 * cell + ZOOM // 3)
    energy = generated_kernels(network, patches)[:, :, :3].square().mean(2).sqrt()
    edge = ZOOM // 3
    for row in range(4):
        for column in range(5):
            top, left = row * cell + edge, column * cell + edge
            shown = F.avg_pool2d(grid[:, top : top + 7 * ZOOM, left : left + 7 * ZOOM], ZOOM)
            expected = energy[row, column - 1] / energy.max() if column else patches[row, 0]
            torch.testing.assert_close(shown, expected.expand(3, -1, -1))
    assert grid.max() == 1


def test_a_picture_is_written(network, tmp_path):
    write_kernels(network, example_patches(), tmp_path / "kernels.png")
    pixels = np.array(Image.open(tmp_path / "kernels.png"))
    assert np.array_equal(pixels, kernel_grid(network, example_patches()).mul(255).round().byte().permute(1, 2, 0))
    assert [path.name for path in tmp_path.iterdir()] == ["kernels.png"]


def test_refuses(network):
    with pytest.raises(UserError, match=r"expected known \(N, 1, 7, 7\), got \(7, 7\)"):
        generated_kernels(network, torch.ones(7, 7))
    with pytest.raises(UserError, match="expected a network with encoder=madf, got pconv"):
        generated_kernels(MADFNet(levels=2, width=4, encoder="pconv"), example_patches())


def test_words(tmp_path, capsys):
    """From a checkpoint to the picture; what is no checkpoint of MADF is told."""
    model = MADF(levels=2, width=4, refinements=0, perceptual=0, style=0)
    name = "inpaintlab.models.madf.module.MADF"
    content = {"model": name, "state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    torch.save(content, tmp_path / "a.ckpt")
    main([str(tmp_path / "a.ckpt"), str(tmp_path / "kernels.png")])
    with Image.open(tmp_path / "kernels.png") as picture:
        assert picture.height > 4 * 7 * ZOOM
    for words, message in ([], "got: nothing"), (["telea", "x.png"], "expected a checkpoint of MADF, got one of Telea"):
        with pytest.raises(SystemExit):
            main(words)
        assert message in capsys.readouterr().err
