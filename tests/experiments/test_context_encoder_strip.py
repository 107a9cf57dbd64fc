import pytest
import torch
from experiments.figures.context_encoder_strip import COLUMNS, HEADER, main, strip
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.training.callbacks.samples import draw_grid

GREYS = {"corrupted": 0.2, "prediction": 0.3, "truth": 0.6, "error": 0.1}


@pytest.fixture
def samples(tmp_path):
    """Grids as a run writes them, of two pictures; the completed ones are as grey as the iteration is late."""
    folder = tmp_path / "samples"
    folder.mkdir()
    for index, iteration in enumerate((100, 200, 300, 400)):
        shades = [GREYS.get(name, 0.7 + 0.05 * index) for name in COLUMNS]
        row = torch.tensor(shades)[:, None, None, None].expand(-1, 3, 20, 20)
        titles = ["corrupted", "prediction", "completed", "truth", "error x4"]
        draw_grid([row, row], titles).save(folder / f"{iteration:08d}.png")
    Image.new("RGB", (5, 5)).save(folder / "notes.png")
    return folder


def shades(picture, columns):
    """The grey in the middle of the first picture of each column."""
    width = picture.width // columns
    return [round(picture.getpixel((place * width + 10, HEADER + 16 + 10))[0] / 255, 2) for place in range(columns)]


@pytest.mark.parametrize(
    ("every", "completed"), [(1, [0.7, 0.75, 0.8, 0.85]), (2, [0.7, 0.8, 0.85]), (3, [0.7, 0.85]), (9, [0.7, 0.85])]
)
def test_strip_goes_from_corrupted_through_time_to_truth(every, completed, samples):
    picture = strip(samples, every)
    assert picture.size == ((len(completed) + 2) * 22, HEADER + 16 + 2 * 22)
    assert shades(picture, len(completed) + 2) == pytest.approx([0.2, *completed, 0.6], abs=0.01)


def test_words(samples, tmp_path, capsys):
    target = tmp_path / "strip.png"
    main([str(samples), str(target), "every=2"])
    with Image.open(target) as picture:
        assert picture.size == strip(samples, 2).size
    assert capsys.readouterr().out.strip() == str(target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["samples", "strip.png"]


@pytest.mark.parametrize("words", [[], ["a"], ["a", "b", "c"], ["a", "b", "each=2"], ["a", "b", "every=x"]])
def test_bad_words(words, capsys):
    with pytest.raises(SystemExit):
        main(words)
    assert "error: expected <folder of samples> <strip.png> [every=<n>], got: " in capsys.readouterr().err


def test_bad_folders(samples, tmp_path):
    with pytest.raises(UserError, match="no sample pictures; expected the folder samples of a training run"):
        strip(tmp_path)
    with pytest.raises(UserError, match="every=0: expected at least 1"):
        strip(samples, 0)
    Image.new("RGB", (50, 20)).save(samples / "00000500.png")
    with pytest.raises(UserError, match="grids of different sizes"):
        strip(samples)
