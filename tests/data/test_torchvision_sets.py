import hashlib
import sys
import tarfile

import numpy as np
import pytest
import torch
from scipy.io import savemat
from torchvision import datasets

from inpaintlab.basics.errors import UserError
from inpaintlab.data.torchvision_sets import TorchvisionSet


@pytest.fixture
def make(common, tmp_path):
    def make(name, splits, **more):
        options = {"obtain": "http://there", "torchvision_class": name, "splits": splits, "root": str(tmp_path)}
        return TorchvisionSet(**{**common, **options, **more})

    return make


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def test_svhn(make, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.SVHN, "_check_integrity", lambda self: True)
    rng = np.random.default_rng(0)
    for split, count in (("train", 20), ("test", 3)):
        pixels = rng.integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
        savemat(tmp_path / f"{split}_32x32.mat", {"X": pixels, "y": np.ones((count, 1), np.uint8)})
    data = make("SVHN", {"train": {"split": "train"}, "val": None, "test": {"split": "test"}}, val_fraction=0.1)
    data.setup("fit")
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [18, 2, 3]
    held_out = {data.dataset("val").name(index) for index in range(2)}
    assert held_out.isdisjoint(data.dataset("train").name(index) for index in range(18))
    assert next(iter(data.train_dataloader())).image.shape == (4, 3, 16, 16)


def test_dtd(make, draw, tmp_path):
    for number, split in enumerate(("train", "val", "test")):
        draw(tmp_path / "dtd/dtd/images/dotted" / f"{split}.jpg", number)
        listed = tmp_path / "dtd/dtd/labels" / f"{split}1.txt"
        listed.parent.mkdir(exist_ok=True)
        listed.write_text(f"dotted/{split}.jpg\n")
    data = make("DTD", {split: {"split": split, "partition": 1} for split in ("train", "val", "test")})
    assert [data.dataset(split).name(0) for split in ("train", "val")] == [
        "dtd/dtd/images/dotted/train.jpg",
        "dtd/dtd/images/dotted/val.jpg",
    ]
    assert data.dataset("test")[0].image.shape == (3, 16, 16)


def test_places2(make, draw, tmp_path, monkeypatch):
    draw(tmp_path / "val_large/Places365_val_1.jpg", mode="L")  # grey ones occur
    (tmp_path / "categories_places365.txt").write_text("/a/abbey 0\n")
    (tmp_path / "places365_val.txt").write_text("Places365_val_1.jpg 0\n")
    categories, listed = tmp_path / "categories_places365.txt", tmp_path / "places365_val.txt"
    monkeypatch.setattr(datasets.Places365, "_CATEGORIES_META", (categories.name, md5(categories)))
    monkeypatch.setattr(datasets.Places365, "_FILE_LIST_META", {"val": (listed.name, md5(listed))})
    data = make("Places365", {"val": {"split": "val", "small": False}})
    assert data.dataset("val").name(0) == "val_large/Places365_val_1.jpg"
    assert data.dataset("val")[0].image.shape == (3, 16, 16)
    listed.write_text("damaged")
    with pytest.raises(
        UserError, match=r"torchvision finds no Places365 for val \(.*places365_val.txt .*corrupted.*http:"
    ):
        make("Places365", {"val": {"split": "val"}}).dataset("val")


def test_celeba(make, draw, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.CelebA, "_check_integrity", lambda self: True)
    base = tmp_path / "celeba"
    draw(base / "img_align_celeba/000001.jpg", size=(178, 218))
    (base / "img_align_celeba/000002.jpg").write_bytes(b"broken")
    tables = {"list_eval_partition": "", "identity_CelebA": ""}
    tables |= {f"list_{kind}": "2\na\n" for kind in ("bbox_celeba", "landmarks_align_celeba", "attr_celeba")}
    for name, header in tables.items():
        rows = "".join(f"00000{n}.jpg {0 if name == 'list_eval_partition' else 1}\n" for n in (1, 2))
        (base / f"{name}.txt").write_text(header.replace("2\n", "x\n") + rows)
    data = make("CelebA", {"train": {"split": "train"}}, center_crop=108)
    assert data.dataset("train").name(0) == "000001.jpg"
    assert data.dataset("train")[0].image.shape == (3, 16, 16)
    with pytest.raises(UserError, match=r"CelebA/000002\.jpg: unreadable picture \(no picture format"):
        data.dataset("train")[1]


def test_imagenet(make, draw, tmp_path):
    torch.save(({"n01440764": ("tench",)}, []), tmp_path / "meta.bin")
    draw(tmp_path / "val/n01440764/a.JPEG", mode="CMYK")
    data = make("ImageNet", {"test": {"split": "val"}})
    assert data.dataset("test").name(0) == "val/n01440764/a.JPEG"
    assert data.dataset("test")[0].image.shape == (3, 16, 16)


def test_imagenet_without_its_archives(make, tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(
        UserError, match=r"torchvision finds no ImageNet for train \(The archive .*obtain it: http://there"
    ):
        make("ImageNet", {"train": {"split": "train"}}).setup("fit")


def test_lsun_needs_a_package(make, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    (tmp_path / "bedroom_train_lmdb").mkdir()
    with pytest.raises(UserError, match="LSUN needs a package: pip install lmdb"):
        make("LSUN", {"train": {"classes": ["bedroom_train"]}}).setup("fit")


def test_missing_parts_are_named_before_torchvision_looks(make, tmp_path):
    (tmp_path / "train_32x32.mat").write_text("")
    splits = {"train": {"split": "train"}}
    with pytest.raises(UserError, match=r"no test_32x32\.mat; expected there: .*or let it be fetched"):
        make("SVHN", splits, layout=["train_32x32.mat", "test_32x32.mat"]).setup("fit")


def test_download_is_passed_on_once(make, tmp_path, monkeypatch):
    def fetch(self):
        with tarfile.open(tmp_path / "fetched.tar", "w"):
            pass

    monkeypatch.setattr(datasets.SVHN, "download", fetch)
    data = make("SVHN", {"train": {"split": "train"}}, download=True)
    with pytest.raises(UserError, match="torchvision finds no SVHN for train"):  # nothing useful was fetched
        data.prepare_data()
    assert (tmp_path / "fetched.tar").exists()


def test_what_torchvision_cannot_fetch(make):
    with pytest.raises(UserError, match=r"data\.download=true: torchvision cannot fetch LSUN; obtain it: http://there"):
        make("LSUN", {"train": {"classes": ["bedroom_train"]}}, download=True).prepare_data()


def test_a_split_that_the_set_lacks(make):
    data = make("SVHN", {"train": None, "val": None, "test": None})
    assert not data.has("val")
