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
