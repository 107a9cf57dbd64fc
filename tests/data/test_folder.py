import json
import os

import pytest
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.data.folder import SPLIT_FILE, Folder


@pytest.fixture
def tree(draw, tmp_path):
    """Twenty pictures in two folders, of mixed sizes and modes."""
    for number in range(20):
        mode = ("RGB", "L", "RGBA", "P")[number % 4]
        draw(tmp_path / "tree" / "ab"[number % 2] / f"{number:02d}.png", number, (20 + number, 50 - number), mode)
    return tmp_path / "tree"


@pytest.fixture
def make(common, tree):
    return lambda **more: Folder(**{**common, "root": str(tree), "val_fraction": 0.1, "test_fraction": 0.2, **more})


def names(data):
    return {split: data.images(split).names for split in ("train", "val", "test")}


def test_any_tree_is_divided_without_overlap(make):
    data = make()
    assert {split: len(found) for split, found in names(data).items()} == {"train": 14, "val": 2, "test": 4}
    assert len(set().union(*names(data).values())) == 20
    assert all(data.dataset("train")[index].image.shape == (3, 16, 16) for index in range(14))


def test_the_split_is_written_once_and_reused(make, tree, draw):
    first = names(make())
    stamp = (tree / SPLIT_FILE).stat().st_mtime_ns
    draw(tree / "a" / "later.png")
    again = names(make(seed=7))
    assert again["val"] == first["val"]
    assert again["test"] == first["test"]
    assert sorted(set(again["train"]) - set(first["train"])) == ["a/later.png"]
    assert (tree / SPLIT_FILE).stat().st_mtime_ns == stamp
    assert [path for path in os.listdir(tree) if path.startswith(SPLIT_FILE)] == [SPLIT_FILE]


def test_a_held_out_picture_is_gone(make, tree):
    lost = names(make())["test"][0]
    (tree / lost).unlink()
    with pytest.raises(UserError, match=rf"{lost}: held out by .*{SPLIT_FILE} but gone \(1 such\)"):
        names(make())


def test_other_shares_than_written(make):
    names(make())
    with pytest.raises(UserError, match=r"written for the shares .*0\.1.*asked for .*0\.3.*delete it"):
        names(make(val_fraction=0.3))


def test_a_foreign_split_file(make, tree):
    (tree / SPLIT_FILE).write_text("[]")
    with pytest.raises(UserError, match=f"{SPLIT_FILE}: not a split that was written here"):
        names(make())


def test_a_root_that_cannot_be_written(make, tree, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        with pytest.raises(
            UserError, match=r"the split cannot be written \(Permission denied\); give data\.split_file="
        ):
            names(make())
    names(make(split_file=str(tmp_path / "new" / "split.json")))
    assert set(json.loads((tmp_path / "new" / "split.json").read_text())["held_out"]) == {"val", "test"}


def test_too_few_pictures(make, draw, tmp_path):
    draw(tmp_path / "few" / "a.png")
    draw(tmp_path / "few" / "b.png")
    with pytest.raises(UserError, match=r"data\.val_fraction=0\.1, data\.test_fraction=0\.2 of 2 pictures leave none"):
        names(make(root=str(tmp_path / "few")))


def test_subfolders_are_the_split(make, draw, tmp_path):
    for split in ("train", "test"):
        for number in range(10):
            draw(tmp_path / "divided" / split / f"{number}.png", number)
    data = make(root=str(tmp_path / "divided"))
    found = names(data)
    assert [len(found[split]) for split in ("train", "val", "test")] == [9, 1, 10]  # val is taken out of train
    assert all(name.startswith("test/") for name in found["test"])
    assert found["val"][0].startswith("train/")


def test_several_crops_of_each(make):
    dataset = make(crops_per_picture=3).dataset("train")
    assert len(dataset) == 42
    assert dataset.name(1) == dataset.name(15) != dataset.name(2)
    assert len(make(crops_per_picture=3).dataset("val")) == 2


def test_a_layout(make):
    data = make(layout={"train": ["a", "a/0*.png"], "val": None, "test": ["b/0*.png"]}, val_fraction=0.0)
    assert [len(found) for found in names(data).values()] == [10, 0, 5]
    assert data.val_dataloader() == []
    assert not data.has("val")
    assert not (data._root / SPLIT_FILE).exists()


def test_a_set_for_test_only(make):
    data = make(layout={"train": None, "val": None, "test": ["."]})
    data.setup("test")
    assert len(data.dataset("test")) == 20
    with pytest.raises(UserError, match="Folder has no train pictures"):
        data.setup("fit")


def test_missing_data_is_reported_by_setup(make, tmp_path):
    with pytest.raises(UserError, match="gone: no such folder"):
        make(root=str(tmp_path / "gone")).setup("fit")


def test_what_is_passed_over_is_counted(make, tree):
    for name in ("a/1.heic", "a/2.HEIC", "b/3.cr2", "b/notes.txt", "b/.hidden.heic"):
        (tree / name).write_bytes(b"")
    first = Image.new("RGB", (8, 8))
    first.save(tree / "a" / "scan.tif", save_all=True, append_images=[first])
    first.save(tree / "a" / "one.tif")
    assert make().notices() == [
        f"{tree}: not read: 1 .cr2, 2 .heic (convert them to png or jpg)",
        f"{tree}: 1 files have several pages or frames, such as scan.tif; the first of each is taken",
    ]


def test_nothing_is_said_of_a_set_that_is_read_whole(make):
    assert make().notices() == []


@pytest.mark.parametrize("content", [b"[" * 200_000, b"{}", b"3", b"\xff", "pipe"])
def test_what_is_no_split_is_one_line(make, tree, content):
    if content == "pipe":
        os.mkfifo(tree / SPLIT_FILE)
    else:
        (tree / SPLIT_FILE).write_bytes(content)
    with pytest.raises(UserError, match="not a split that was written here") as told:
        make().images("train")
    assert "\n" not in str(told.value)
