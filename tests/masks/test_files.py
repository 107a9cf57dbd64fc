from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import TURNS
from inpaintlab.masks import files
from inpaintlab.masks.augment import Augmentation
from inpaintlab.masks.files import Files
from inpaintlab.masks.reading import read_hole
from inpaintlab.masks.rule import Rule

SIZE = (8, 8)


def draw_three(draw, folder):
    """Write masks of 1, 2 and 3 white rows: shares 0.125, 0.25, 0.375."""
    for rows in (1, 2, 3):
        draw(folder / f"mask{rows}.png", np.s_[:rows])


def picture(maker, index=0, name="a", seed=0):
    return maker.for_picture(index, name, SIZE, torch.Generator().manual_seed(seed))


def share(known):
    return (known == 0).float().mean().item()


def test_white_is_hole_by_default(tmp_path, draw):
    draw(tmp_path / "a.png")
    known = Files(root=str(tmp_path))(SIZE, torch.Generator())
    expected = torch.ones(1, 8, 8)
    expected[:, 2:6, 2:6] = 0
    assert known.equal(expected)
    assert Files(root=str(tmp_path), hole_is="black")(SIZE, torch.Generator()).equal(1 - expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(8, 8), (8, 12)])
def test_a_mask_is_turned_by_its_orientation(tmp_path, orientation, size):
    hole = np.zeros(size, np.uint8)
    hole[1:4, 1:6] = 255
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}.get(orientation, TURNS.get(orientation))
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = Image.fromarray(hole) if back is None else Image.fromarray(hole).transpose(back)
    lying.save(tmp_path / "a.png", exif=exif)
    known = Files(root=str(tmp_path))(size, torch.Generator())
    assert np.array_equal(known[0].numpy() == 0, hole > 0)


def test_random_pairing_meets_the_rule_by_choosing_among_the_files(tmp_path, draw):
    draw_three(draw, tmp_path)
    everything = Files(root=str(tmp_path))
    assert {share(picture(everything, seed=seed)) for seed in range(40)} == {0.125, 0.25, 0.375}
    only = Files(root=str(tmp_path), ratio=(0.2, 0.3))
    assert {share(picture(only, seed=seed)) for seed in range(40)} == {0.25}
    with pytest.raises(UserError, match=r"mask Files: found no mask of 8x8 px with a hole share in \(0.5, 0.6\]"):
        Files(root=str(tmp_path), ratio=(0.5, 0.6))(SIZE, torch.Generator())


def test_pairing_by_index_begins_again(tmp_path, draw):
    draw_three(draw, tmp_path)
    maker = Files(root=str(tmp_path), pairing="index")
    assert [share(picture(maker, index)) for index in range(5)] == [0.125, 0.25, 0.375, 0.125, 0.25]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("one/a.jpg", 0.125), ("two/a.jpg", 0.25), ("c.jpg", 0.375), ("elsewhere/c.jpeg", 0.375), ("one/a", 0.125)],
)
def test_pairing_by_name(tmp_path, draw, name, expected):
    for rows, path in ((1, "one/a.png"), (2, "two/a.png"), (3, "c.png")):
        draw(tmp_path / path, np.s_[:rows])
    assert share(picture(Files(root=str(tmp_path), pairing="name"), name=name)) == expected


def test_pairing_by_name_without_a_mask(tmp_path, draw):
    for path in ("one/a.png", "two/a.png"):
        draw(tmp_path / path)
    maker = Files(root=str(tmp_path), pairing="name")
    with pytest.raises(UserError, match=r"no mask for the picture x/b.jpg; expected x/b.png or b.png"):
        picture(maker, name="x/b.jpg")
    with pytest.raises(UserError, match=r"no mask for the picture a\.jpg"):  # two could be meant
        picture(maker, name="a.jpg")


def test_pairing_by_name_with_two_of_one_name(tmp_path, draw):
    draw(tmp_path / "a.png")
    draw(tmp_path / "a.bmp")
    with pytest.raises(UserError, match=r"a.png: pairing=name cannot tell it from .*a.bmp"):
        Files(root=str(tmp_path), pairing="name")


def test_a_paired_mask_outside_the_rule_is_named(tmp_path, draw):
    draw_three(draw, tmp_path)
    maker = Files(root=str(tmp_path), pairing="index", ratio=(0.2, 0.3))
    with pytest.raises(
        UserError, match=r"mask3.png: a hole share of 0.375, but the mask of bird must have .*\(0.2, 0.3\]"
    ):
        picture(maker, 2, "bird")


def test_paired_masks_need_pictures(tmp_path, draw):
    draw(tmp_path / "a.png")
    with pytest.raises(UserError, match="pairing=index: these masks belong to pictures"):
        Files(root=str(tmp_path), pairing="index")(SIZE, torch.Generator())


def test_another_size_names_both_or_is_resized_by_nearest(tmp_path, draw):
    draw(tmp_path / "a.png", np.s_[:, :2], size=(4, 4))
    with pytest.raises(UserError, match=r"a.png: 4x4 px \(height x width\), but the picture has 6x8; set resize=true"):
        Files(root=str(tmp_path))((6, 8), torch.Generator())
    known = Files(root=str(tmp_path), resize=True)((6, 8), torch.Generator())
    assert set(known.unique().tolist()) == {0, 1}
    assert known[0, :, :4].sum() == 0
    assert known[0, :, 4:].sum() == 24


@pytest.mark.parametrize(("white", "kind"), [(np.s_[:], "hole"), (np.s_[:0], "known")])
def test_blank_masks_are_named_or_skipped(tmp_path, draw, white, kind):
    draw(tmp_path / "blank.png", white)
    with pytest.raises(UserError, match=rf"blank.png: all {kind} at 8x8 px with hole_is=white; remove the file"):
        Files(root=str(tmp_path))(SIZE, torch.Generator())
    draw(tmp_path / "good.png", np.s_[:2])
    maker = Files(root=str(tmp_path), on_blank="skip")
    assert {share(picture(maker, seed=seed)) for seed in range(20)} == {0.25}


def test_augmentation_is_for_training(tmp_path, draw):
    draw(tmp_path / "a.png")
    maker = Files(root=str(tmp_path), augmentation=Augmentation(dilation=(128, 128), rotation=0, zoom=1))
    # 128 px at 512 are 2 px at 8: 4 x 4 grows to 5 x 5
    assert share(picture(maker.for_split("train"))) == 25 / 64
    for split in ("val", "test"):
        assert share(picture(maker.for_split(split))) == 16 / 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hole_is": "red"}, "mask.hole_is=red: expected one of white, black"),
        ({"channel": "red"}, "mask.channel=red: expected one of luma, alpha"),
        ({"pairing": "size"}, "mask.pairing=size: expected one of name, index, once, random"),
        ({"on_blank": "keep"}, "mask.on_blank=keep: expected one of fail, skip"),
        ({"threshold": 128}, "mask.threshold=128: expected a share of full white"),
        ({"pairing": "name", "augmentation": Augmentation()}, "pairing=name: .* is not augmented"),
        ({"pairing": "index", "on_blank": "skip"}, "pairing=index: no other mask can stand in"),
    ],
)
def test_refuses(tmp_path, draw, arguments, message):
    draw(tmp_path / "a.png")
    with pytest.raises(UserError, match=message):
        Files(root=str(tmp_path), **arguments)


def test_a_file_that_breaks_the_rule_is_read_once(tmp_path, monkeypatch):
    for number in range(12):
        hole = np.zeros((16, 16), np.uint8)
        hole[:, : 1 + number] = 255
        Image.fromarray(hole).save(tmp_path / f"{number:02}.png")
    rule = {"root": str(tmp_path), "ratio": [0.6, 0.7]}  # 10 or 11 columns of 16
    read = []
    monkeypatch.setattr(files, "read_hole", lambda path, *rest: read.append(path.name) or read_hole(path, *rest))
    maker = Files(**rule)
    masks = [maker((16, 16), Generator().manual_seed(seed)) for seed in range(60)]
    assert max(Counter(name for name in read if name not in ("09.png", "10.png")).values()) == 1
    # What is remembered changes no mask: each is the one that a fresh maker draws.
    for seed in range(0, 60, 7):
        assert torch.equal(masks[seed], Files(**rule)((16, 16), Generator().manual_seed(seed)))
    with pytest.raises(UserError, match="found no mask"):
        maker.under(Rule((0.9, 1.0)))((16, 16), Generator().manual_seed(0))
