import csv
import hashlib

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.data import free_photos
from inpaintlab.data.free_photos import LIST, FreePhotos, listed, split_of


@pytest.fixture
def photographs(tmp_path, draw, monkeypatch):
    """Twelve small pictures of two packages in the place of the list's."""
    files = [(f"package-{number % 2}", f"usr/share/{number}.png") for number in range(12)]
    for number, (package, file) in enumerate(files):
        draw(tmp_path / package / file, number, size=(60, 48))
    monkeypatch.setattr(free_photos, "listed", lambda: files)
    return files


def test_the_list_names_each_photograph_once_with_its_licence():
    with LIST.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({(row["package"], row["file"]) for row in rows}) == len(rows) == len(listed()) == 174
    assert all(row["licence"] for row in rows)


def test_the_split_follows_from_the_bare_name():
    assert split_of("Aqua.jpg") == ("train" if hashlib.sha256(b"Aqua.jpg").hexdigest()[0] > "4" else "test")
    splits = [split_of(file.rpartition("/")[2]) for _, file in listed()]
    assert [splits.count(split) for split in ("train", "val", "test")] == [128, 12, 34]


def test_no_held_out_photograph_trains(photographs, tmp_path, common):
    data = FreePhotos(**common, root=str(tmp_path), crops_per_picture=2)
    names = {
        split: {data.images(split).name(i) for i in range(len(data.images(split)))}
        for split in ("train", "val", "test")
    }
    assert set().union(*names.values()) == {f"{package}/{file}" for package, file in photographs}
    for split, members in names.items():
        assert all(split_of(name.rpartition("/")[2]) == split for name in members)
    assert len(data.dataset("train")) == 2 * len(names["train"])
    assert data.dataset("train")[(0, 0)].image.shape == (3, 16, 16)


def test_training_pictures_are_kept_as_small_as_the_views_allow(photographs, tmp_path, common):
    data = FreePhotos(**common, root=str(tmp_path), zoom=(1.0, 2.0))
    assert min(data.images("train")[0].size) == 32
    assert min(data.images("test")[0].size) == 48


def test_only_missing_photographs_are_fetched(photographs, tmp_path, common, monkeypatch, draw):
    gone = tmp_path / "package-1" / "usr/share/3.png"
    gone.unlink()
    asked = []

    def obtain(package, files, folder):
        asked.append((package, files))
        draw(folder / files[0], 3)
        return []

    monkeypatch.setattr(free_photos, "obtain_files", obtain)
    FreePhotos(**common, root=str(tmp_path), download=False).prepare_data()
    assert asked == []
    FreePhotos(**common, root=str(tmp_path), download=True).prepare_data()
    assert asked == [("package-1", ["usr/share/3.png"])]
    assert gone.is_file()


def test_an_empty_folder_says_where_to_obtain_them(tmp_path, common):
    with pytest.raises(UserError, match=r"no such folder.*obtain it: somewhere"):
        FreePhotos(**common, root=str(tmp_path / "none"), obtain="somewhere").images("train")
    (tmp_path / "other.txt").write_text("")
    with pytest.raises(UserError, match="none of the listed photographs lies there; obtain them: somewhere"):
        FreePhotos(**common, root=str(tmp_path), layout=["*.txt"], obtain="somewhere").images("train")
