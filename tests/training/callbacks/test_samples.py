import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from PIL import Image
from torch.utils.data import DataLoader

from inpaintlab.batch import Batch, composite
from inpaintlab.training.callbacks.samples import GAP, HEADER, TABLE, SampleGrid, draw_grid, spread
from tests.tracking.run_file import read
from tests.training.callbacks.toy import Toy, fit, samples


def cell(path, row, column, size=16):
    top, left = HEADER + row * (size + GAP), column * (size + GAP)
    return np.array(Image.open(path))[top : top + size, left : left + size]


def eight_bit(x):
    return x.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).numpy()


def test_a_grid_at_each_validation_of_the_same_pictures(tmp_path):
    model = Toy(iterations=10)
    fit(tmp_path, [SampleGrid(str(tmp_path / "samples"), count=2)], model)
    paths = sorted((tmp_path / "samples").iterdir())
    assert [path.name for path in paths] == ["00000004.png", "00000008.png", "00000010.png"]
    for row, sample in enumerate(samples()[::4]):
        batch = Batch(*(part[None] for part in sample))
        prediction = model.inpaint(batch.corrupted, batch.known).detach()
        completed = composite(prediction, batch)
        expected = [batch.corrupted, prediction, completed, batch.image, 4 * (completed - batch.image).abs()]
        for column, picture in enumerate(expected):
            assert np.array_equal(cell(paths[-1], row, column), eight_bit(picture[0])), (row, column)
        assert np.array_equal(cell(paths[0], row, 3), cell(paths[-1], row, 3))
    assert not np.array_equal(cell(paths[0], 0, 1), cell(paths[-1], 0, 1))


def test_the_error_of_a_blind_model_is_that_of_its_raw_prediction(tmp_path):
    model = Toy(iterations=1, blind=True)
    fit(tmp_path, [SampleGrid(str(tmp_path), count=1, error_scale=1)], model)
    batch = Batch(*(part[None] for part in samples()[0]))
    error = (model.inpaint(batch.corrupted, batch.known) - batch.image).abs().detach()
    assert np.array_equal(cell(tmp_path / "00000001.png", 0, 4), eight_bit(error[0]))


def test_pictures_of_different_sizes_share_a_grid(tmp_path):
    val = DataLoader(samples(2, sizes=(16, 24)), batch_size=1)
    fit(tmp_path, [SampleGrid(str(tmp_path))], Toy(iterations=1), val=val)
    assert Image.open(tmp_path / "00000001.png").size == (5 * (16 + GAP), HEADER + 16 + 24 + 2 * GAP)


def test_grey_is_drawn_as_colour():
    assert draw_grid([torch.rand(2, 1, 16, 16)], ["a", "b"]).mode == "RGB"


def test_spread_takes_equal_distances_and_no_more_than_there_are():
    assert spread(list(range(10)), 4) == [0, 2, 5, 7]
    assert spread([1, 2], 5) == [1, 2]


def test_the_grid_goes_to_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fit(tmp_path, [SampleGrid(str(tmp_path / "s"))], Toy(iterations=4), logger=TensorBoardLogger(tmp_path, "tb"))
    events = EventAccumulator(str(tmp_path / "tb" / "version_0")).Reload()
    assert [image.step for image in events.Images("samples")] == [4]


@pytest.mark.slow
def test_the_grid_and_the_table_go_to_wandb(tmp_path):
    logger = WandbLogger(save_dir=tmp_path, mode="offline", project="test")
    fit(tmp_path, [SampleGrid(str(tmp_path / "s"), count=2)], Toy(iterations=4), logger=logger)
    logger.experiment.finish()
    told = read(tmp_path)
    assert list(told.files.glob("media/images/samples*.png"))
    (table,) = told.tables[TABLE]
    titles = ["corrupted", "prediction", "completed", "truth", "error x4"]
    assert list(table[0]) == ["iteration", "picture", "hole_ratio", *titles]
    for index, (row, sample) in enumerate(zip(table, spread(samples(), 2), strict=True)):
        assert (row["iteration"], row["picture"]) == (4, index)
        assert row["hole_ratio"] == pytest.approx(1 - float(sample.known.mean()))
        assert np.array_equal(np.array(Image.open(row["truth"]["local_path"])), eight_bit(sample.image))
