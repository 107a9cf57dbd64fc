"""Sums of data sets, and any set as the second one for validation."""

import pytest

import inpaintlab
from inpaintlab.basics.errors import UserError


def test_a_sum_has_its_parts_with_their_own_views_and_the_wholes_sizes():
    cfg = inpaintlab.compose("model=blind", "data=photos+images291", "data.parts.images291.root=~/x", "data.size=32")
    assert cfg.choices.data == "photos+images291"
    assert "photos+images291" in cfg.name
    photos, patches = cfg.data.parts.photos, cfg.data.parts.images291
    assert photos.size == patches.size == cfg.data.size == 32
    assert photos.batch_size == patches.batch_size == cfg.paper.batch_size
    assert (photos.train_fit, patches.train_fit) == ("crop", "patch")
    assert not patches.root.startswith("~")
    more = inpaintlab.compose("model=blind", "data=photos+images291", "data.parts.photos.crops_per_picture=2")
    assert more.data.parts.photos.crops_per_picture == 2


def test_the_second_validation_set_follows_the_first_ones_size():
    cfg = inpaintlab.compose("model=pconv", "val_data=facades", "val_data.root=x", "data.size=64", "data.batch_size=3")
    assert (cfg.choices.data, cfg.choices.val_data) == ("photos", "facades")
    assert (cfg.val_data.size, cfg.val_data.batch_size, cfg.val_data.root) == (64, 3, "x")
    assert cfg.val_data._target_ == "inpaintlab.data.folder.Folder"
    assert inpaintlab.compose("model=pconv").val_data is None
    summed = inpaintlab.compose("model=pconv", "val_data=photos+facades", "data.size=64").val_data
    assert summed.parts.photos.size == 64


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("data=photos+nowhere", "data=nowhere: no such choice; expected one of bsds500, "),
        ("val_data=nowhere", "data=nowhere: no such choice; expected one of bsds500, "),
        ("data=photos+photos", r"data=photos\+photos: expected the names of several sets, each once"),
        ("data=photos+", r"data=photos\+: expected the names"),
    ],
)
def test_what_is_no_set_is_told(word, message):
    with pytest.raises(UserError, match=message):
        inpaintlab.compose("model=pconv", word)
