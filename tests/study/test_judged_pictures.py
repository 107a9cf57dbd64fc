import json

import pytest
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.records.cells import Bucket, Cell
from inpaintlab.study.judged_pictures import check_comparable, read_contender
from tests.study.factory import CELLS, draw, evaluation


def masks(**changes):
    return {"source": "frozen", "folder": "masks", "sha256": "a" * 64, "maker": None} | changes


def test_a_folder_is_read(tmp_path):
    read = read_contender(evaluation(tmp_path, "pconv"))
    assert read.name == "pconv"
    assert len(read.saved) == 6
    key = (Cell(Bucket(0.2, 0.3)), 2)
    assert read.path(key, "truth") == tmp_path / "truth/00002.png"
    assert (read.pixels(key, "picture") == 102).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 1}, r"evaluation\.json: not a readable evaluation\.json \(schema 1 .*; evaluate again\)"),
        ({"saved": []}, "no saved pictures; evaluate again with save=24, or save=all"),
        ({"masks": None}, "not a readable evaluation.json .MaskSource: expected an object"),
        ({"saved": [{"bucket": None}]}, "not a readable evaluation.json .saved: no "),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        read_contender(evaluation(tmp_path, "pconv", **change))


def test_a_folder_without_evaluation_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no evaluation\.json in it"):
        read_contender(tmp_path)
    (tmp_path / "evaluation.json").write_text("{")
    with pytest.raises(UserError, match=r"not a readable evaluation\.json"):
        read_contender(tmp_path)


def refusal(tmp_path, name="telea", **change):
    pair = [evaluation(tmp_path / "a", "pconv"), evaluation(tmp_path / "b", name, **change)]
    with pytest.raises(UserError) as caught:
        check_comparable([read_contender(folder) for folder in pair])
    text = str(caught.value).replace(str(tmp_path), "")
    assert "\n" not in text
    return text


def test_equal_conditions_are_comparable(tmp_path):
    check_comparable([read_contender(evaluation(tmp_path / name, name)) for name in ("pconv", "telea", "others")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "val"}, "/a and /b differ in split: test and val"),
        ({"seed": 1}, "/a and /b differ in seed: 0 and 1"),
        ({"channels": 1}, "/a and /b differ in channels: 3 and 1"),
        ({"size": 32}, "/a and /b differ in size: 16 and 32"),
        ({"choices": {"data": "facades", "mask": "irregular"}}, "/a and /b differ in data: photos and facades"),
        ({"pictures_sha256": "c" * 64}, f"/a and /b differ in pictures_sha256: {'b' * 12}... and {'c' * 12}..."),
        ({"masks": masks(sha256="d" * 64)}, f"/a and /b differ in masks.sha256: {'a' * 12}... and {'d' * 12}..."),
        ({"masks": masks(source="drawn", sha256=None)}, "/a and /b differ in masks: frozen and drawn"),
    ],
)
def test_the_difference_is_named(tmp_path, change, message):
    assert refusal(tmp_path, **change) == message


def test_makers_of_drawn_masks_must_agree(tmp_path):
    def drawn(width):
        return masks(source="drawn", sha256=None, maker={"_target_": "Irregular", "width": width})

    folders = [evaluation(tmp_path / str(width), f"m{width}", masks=drawn(width)) for width in (1, 2)]
    with pytest.raises(UserError, match=r"differ in masks\.maker\.width: 1 and 2"):
        check_comparable([read_contender(folder) for folder in folders])


def test_one_name_for_two_is_refused(tmp_path):
    assert refusal(tmp_path, name="pconv") == "evaluations: 2 are called pconv; evaluate again with name=<another>"


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ({"cells": CELLS[:1]}, "picture 0 of bucket (0.2, 0.3], border any and 2 more are only in /a"),
        ({"pictures": 4}, "picture 3 of bucket (0.1, 0.2], border any and 1 more are only in /b"),
    ],
)
def test_other_cells_and_indices_are_refused(tmp_path, change, lacking):
    told = f"/a and /b saved different pictures: {lacking}; evaluate both with the same save="
    assert refusal(tmp_path, **change) == told


@pytest.mark.parametrize("what", ["truth", "mask"])
def test_other_pixels_are_refused(tmp_path, what):
    one, two = (evaluation(tmp_path / name, name) for name in ("a", "b"))
    path = json.loads((two / "evaluation.json").read_text())["saved"][1][what]
    with Image.open(two / path) as image:
        changed = image.copy()
    changed.putpixel((3, 3), 9)
    changed.save(two / path)
    with pytest.raises(UserError, match=rf"differ in the {what} of picture 1 of bucket \(0\.1, 0\.2\], border any"):
        check_comparable([read_contender(folder) for folder in (one, two)])


def test_a_picture_of_another_size_or_gone_is_refused(tmp_path):
    one, two = (evaluation(tmp_path / name, name) for name in ("a", "b"))
    draw(two / "pictures/0/00000.png", 5, size=8)
    with pytest.raises(UserError, match="differ in the size or channels of picture 0"):
        check_comparable([read_contender(folder) for folder in (one, two)])
    (two / "pictures/0/00000.png").unlink()
    with pytest.raises(UserError, match=r"pictures/0/00000\.png: missing or unreadable; evaluate b again"):
        check_comparable([read_contender(folder) for folder in (one, two)])
