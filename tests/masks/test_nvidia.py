import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.masks import nvidia
from inpaintlab.masks.augment import Augmentation
from inpaintlab.masks.nvidia import Nvidia, spread

SIZE = (16, 16)
TESTING, TRAINING = "mask/testing_mask_dataset", "irregular_mask/disocclusion_img_mask"


@pytest.fixture
def root(tmp_path, draw, monkeypatch):
    """Write both sets at 16 px: three testing files in each bin (hole white), four training files (hole black)."""
    monkeypatch.setattr(nvidia, "BIN_FILES", 3)
    for number in range(18):
        rows = (1, 3, 4, 6, 8, 9)[number // 3]  # of 16: 0.0625, 0.1875, 0.25, 0.375, 0.5, 0.5625
        draw(tmp_path / TESTING / f"{number:05}.png", np.s_[:rows], SIZE)
    for number in range(4):
        draw(tmp_path / TRAINING / f"{number:06}.png", np.s_[3:], SIZE)  # 13 white rows: known
    return tmp_path


def share(maker, seed=0):
    return (maker(SIZE, torch.Generator().manual_seed(seed)) == 0).float().mean().item()


def test_both_polarities(root):
    maker = Nvidia(root=str(root), checked=3)
    assert share(maker.for_split("train")) == 3 / 16
    shares = {share(maker.for_split("test"), seed) for seed in range(60)}
    assert shares == {rows / 16 for rows in (1, 3, 4, 6, 8, 9)}
    assert share(maker, 3) in shares  # without a split: the testing set


def test_rule_reaches_the_files(root):
    maker = Nvidia(root=str(root), checked=3, ratio=(0.3, 0.4))
    assert {share(maker.for_split("val"), seed) for seed in range(20)} == {6 / 16}


def test_augmentation_is_for_training(root):
    maker = Nvidia(root=str(root), augmentation=Augmentation(dilation=(96, 96), rotation=0, zoom=1))
    assert share(maker.for_split("train")) == 4 / 16  # 96 px at 512 are 3 px at 16: one more row
    assert share(Nvidia(root=str(root), augmentation=Augmentation(), ratio=(0.5, 0.6)).for_split("test")) == 9 / 16


def test_training_on_the_testing_set_takes_a_switch(root):
    assert share(Nvidia(root=str(root), train_on_testing=True, ratio=(0.5, 0.6)).for_split("train")) == 9 / 16


def test_wrong_polarity_of_the_testing_set(root):
    for path in (root / TESTING).iterdir():
        Image.eval(Image.open(path), lambda value: 255 - value).save(path)
    with pytest.raises(UserError, match=r"00000.png: 0.9375 of it is white, expected a hole share in \(0.01, 0.1\]"):
        Nvidia(root=str(root)).for_split("test")


def test_files_in_the_wrong_bin(root, draw):
    draw(root / TESTING / "00011.png", np.s_[:9], SIZE)  # the last of (0.3, 0.4]
    with pytest.raises(
        UserError, match=r"00011.png: 0.5625 of it is white.*\(0.3, 0.4\]; the polarity or the files are wr"
    ):
        Nvidia(root=str(root)).for_split("val")


def test_incomplete_testing_set(root):
    (root / TESTING / "00017.png").unlink()
    with pytest.raises(
        UserError, match=r"expected 00000.png to 00017.png in .* found 17 files from 00000 to 00016; unpack"
    ):
        Nvidia(root=str(root)).for_split("test")


def test_wrong_polarity_of_the_training_set(root, draw):
    for path in (root / TRAINING).iterdir():
        draw(path, np.s_[:3], SIZE)
    with pytest.raises(UserError, match=r"0.8125 of the masks in .* is black, expected less than half"):
        Nvidia(root=str(root)).for_split("train")


def test_missing_folders(tmp_path):
    with pytest.raises(UserError, match=r"mask.root=<folder> is needed: .*nv-adlr.github.io"):
        Nvidia(root=None)
    with pytest.raises(UserError, match=rf"no folder .*{TRAINING}; unpack it there: the sets are linked from"):
        Nvidia(root=str(tmp_path)).for_split("train")
    with pytest.raises(UserError, match=rf"no folder .*{TESTING}"):
        Nvidia(root=str(tmp_path)).for_split("test")


def test_refuses_to_check_nothing(root):
    with pytest.raises(UserError, match="mask checked=0: expected at least 1"):
        Nvidia(root=str(root), checked=0)


def test_sample_holds_the_first_and_the_last():
    assert spread(list(range(100)), 3) == [0, 50, 99]
    assert spread([7], 4) == [7]


INNER = ((6, 10, 6, 10), (2, 6, 2, 14), (4, 12, 4, 12), (4, 12, 2, 14), (2, 12, 2, 14), (2, 14, 2, 14))
"""Holes of each bin at 16 px, 2 px from the border: 0.0625, 0.1875, 0.25, 0.375, 0.46875, 0.5625."""


@pytest.fixture
def halves(root, draw, monkeypatch):
    """Four files in each bin; those of the first or the second half keep their distance: halves(first_is_clear)."""
    monkeypatch.setattr(nvidia, "BIN_FILES", 4)

    def write(*clear):
        for number in range(24):
            top, bottom, left, right = INNER[number // 4]
            # the others lie at the upper edge, and differ from file to file by a column
            shift = 0 if clear[number % 4 // 2] else top
            draw(root / TESTING / f"{number:05}.png", np.s_[top - shift : bottom - shift, left:right], SIZE)
        return str(root)

    return write


def seen(maker, pictures):
    generator = torch.Generator().manual_seed(0)
    return [maker.for_picture(index, f"{index}.png", SIZE, generator) for index in range(pictures)]


@pytest.mark.parametrize("first", [True, False])
def test_columns_n_and_b_are_chosen_by_number(halves, first, caplog):
    """N is the thousand that keeps its distance, whichever it is; the other is B, and not a draw from all."""
    root = halves(first, not first)
    with caplog.at_level("INFO"):
        n, b = (Nvidia(root=root, border=border, pairing="once").for_split("test") for border in ("clear", "free"))
    numbers = {int(path.stem) % 4 // 2 for path in n.paths}
    assert numbers == {0 if first else 1}
    assert {path.stem for path in n.paths} | {path.stem for path in b.paths} == {f"{k:05}" for k in range(24)}
    assert len(n.paths) == len(b.paths) == 12
    assert all(known[0, :2].all() for known in seen(n, 12))
    assert not any(known[0, :2].all() for known in seen(b, 12))
    assert f"the {'first' if first else 'second'} thousand keeps 50 pixels" in caplog.text


@pytest.mark.parametrize("both", [True, False])
def test_halves_that_are_no_columns_are_refused(halves, both):
    with pytest.raises(UserError, match=f"{'both' if both else 'neither'} of the two thousands of each bin"):
        Nvidia(root=halves(both, both), border="free").for_split("test")


def test_a_bin_and_a_column_together(halves):
    maker = Nvidia(root=halves(True, False), border="free", ratio=(0.2, 0.3)).for_split("test")
    assert sorted(path.stem for path in maker.paths) == ["00010", "00011"]


def test_picture_i_has_mask_i(root):
    """No mask twice, and none is left for the nineteenth picture."""
    maker = Nvidia(root=str(root), pairing="once").for_split("test")
    assert [path.stem for path in maker.paths] == [f"{number:05}" for number in range(18)]
    shares = [(known == 0).float().mean().item() for known in seen(maker, 18)]
    assert shares == [rows / 16 for rows in (1, 3, 4, 6, 8, 9) for _ in range(3)]
    with pytest.raises(UserError, match=r"pairing=once: 18 masks, and 18.png is picture 19; .* data.limit=18"):
        seen(maker, 19)
    training = Nvidia(root=str(root), pairing="once").for_split("train")
    assert training.pairing == "random"


def test_in_validation_the_bins_come_in_turn(root):
    """Where it stops after a few batches, it has still seen holes of all sizes."""
    maker = Nvidia(root=str(root), pairing="once").for_split("val")
    assert [int(path.stem) for path in maker.paths[:8]] == [0, 3, 6, 9, 12, 15, 1, 4]
    assert len(set(maker.paths)) == 18


def test_pairings(root):
    with pytest.raises(UserError, match=r"mask\.pairing=name: expected random or once"):
        Nvidia(root=str(root), pairing="name")
