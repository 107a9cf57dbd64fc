import numpy as np
import pytest
import torch
from experiments.figures.blind_residual import GAP, main, residual_picture, tile, write_strip
from PIL import Image

from inpaintlab.batch import Batch
from inpaintlab.models.blind import BlindInpainting


class Constant(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, picture):
        return torch.full_like(picture, self.value)


def model(residual):
    blind = BlindInpainting(width=2)
    blind.network = Constant(residual)
    return blind


def batch(channels=1, count=2):
    known = torch.ones(count, 1, 9, 13)
    known[..., 2:5, 4:7] = 0
    return Batch(torch.full((count, channels, 9, 13), 0.5), known)


@pytest.mark.parametrize(("residual", "shown"), [(0.25, 0.25), (-0.25, 0.0), (1.5, 1.0)])
def test_residual_picture_is_what_is_added(residual, shown):
    picture = residual_picture(model(residual), batch(channels=3).corrupted)
    assert torch.equal(picture, torch.full((2, 3, 9, 13), shown))
    assert not picture.requires_grad


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_strip_shows_corrupted_residual_restored_and_truth(tmp_path, channels, mode):
    path = tmp_path / "new" / "strip.png"
    given = batch(channels)
    write_strip(model(0.2), given, path)
    strip = Image.open(path)
    assert strip.mode == mode
    assert strip.size == (4 * 13 + 3 * GAP, 2 * 9 + GAP)
    pixels = np.asarray(strip).reshape(strip.height, strip.width, channels)
    expected = [given.corrupted, torch.full_like(given.image, 0.2), given.corrupted + 0.2, given.image]
    for row in range(2):
        for column, pictures in enumerate(expected):
            top, left = row * (9 + GAP), column * (13 + GAP)
            shown = pixels[top : top + 9, left : left + 13]
            assert np.array_equal(shown, pictures[row].mul(255).round().byte().permute(1, 2, 0).numpy())
    assert (pixels[:, 13 : 13 + GAP] == 255).all()
    assert [entry.name for entry in path.parent.iterdir()] == ["strip.png"]


def test_tile_of_one_picture_has_no_rows_between():
    assert tile((torch.zeros(1, 3, 4, 5), torch.zeros(1, 3, 4, 5))).shape == (3, 4, 10 + GAP)


def test_words(tmp_path, capsys):
    """From a checkpoint to the picture; what is no checkpoint of the blind model is told."""
    blind = BlindInpainting(width=2, convs=(1, 1, 1))
    name = "inpaintlab.models.blind.module.BlindInpainting"
    content = {"model": name, "state_dict": blind.state_dict(), "hyper_parameters": dict(blind.hparams)}
    torch.save(content, tmp_path / "a.ckpt")
    main([str(tmp_path / "a.ckpt"), str(tmp_path / "strip.png"), "data.size=32", "mask=center"])
    with Image.open(tmp_path / "strip.png") as picture:
        assert picture.size == (4 * (32 + GAP) - GAP, 4 * (32 + GAP) - GAP)
    for words, message in ([], "got: nothing"), (["telea", "x.png"], "checkpoint of BlindInpainting, got one of Telea"):
        with pytest.raises(SystemExit):
            main(words)
        assert message in capsys.readouterr().err
