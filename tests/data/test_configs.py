from dataclasses import fields
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.data.location import check_location

CONF = Path(__file__).parents[2] / "conf" / "data"
SETS = sorted(path.stem for path in CONF.glob("[!_]*.yaml"))
PAPER = {"size": 64, "channels": 1, "batch_size": 7, "interpolation": "bicubic", "horizontal_flip": False}


def node(name, *overrides):
    with initialize_config_dir(str(CONF), version_base=None):
        data = compose(name, overrides=list(overrides))
    return OmegaConf.create({"paper": PAPER, "mask": None, "seed": 3, "data": data}).data


def test_the_sets_are_all_there():
    assert set(SETS) == {
        *("photos", "folder", "places2", "celeba", "celebahq", "imagenet", "paris_streetview", "svhn", "dtd"),
        *(
            "deepfashion",
            "lsun",
            "images291",
            "set5",
            "set14",
            "urban100",
            "bsds500",
            "facades",
            "shards",
            "celeba_yeh",
            "celeba_madf",
            "free_photos",
        ),
    }


@pytest.mark.parametrize("name", SETS)
def test_keys_are_the_constructors_parameters(name):
    data = node(name)
    assert set(data) - {"_target_"} == {field.name for field in fields(get_class(data["_target_"]))}


@pytest.mark.parametrize("name", [name for name in SETS if name != "shards"])  # which reads its manifest when made
def test_a_set_follows_the_papers_size(name, mask):
    overrides = ["root=x"] if name == "folder" else []
    data = instantiate(node(name, *overrides), mask=mask, _convert_="all")
    assert (data.size, data.channels, data.batch_size, data.seed) == (64, 1, 7, 3)


@pytest.mark.parametrize("name", sorted(set(SETS) - {"photos", "folder", "shards"}))
def test_missing_data_names_path_layout_and_source(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = "celeba" if name.startswith("celeba_") else name
    with pytest.raises(
        UserError, match=f"{tmp_path}/data/{folder}: no such folder; expected there: .*; obtain it: .*http"
    ):
        check_location(node(name))


def test_a_folder_must_be_named():
    with pytest.raises(UserError, match=r"data\.root=<folder> is needed"):
        check_location(node("folder"))


def test_the_quickstart_trains_on_other_photographs_than_it_is_judged_on(mask):
    data = instantiate(node("photos"), mask=mask, _convert_="all")
    data.setup("fit")
    assert len({*data.train, *data.val, *data.test}) == len(data.train) + len(data.val) + len(data.test)
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [576, 50, 75]


def test_the_patches_of_the_blind_paper():
    """60 epochs are 47,100 iterations of 128 patches, which are drawn once (sections 4.1 and 4.2)."""
    data = node("images291")
    training = 291 - 2 * round(0.05 * 291)
    assert training * data.crops_per_picture // 128 * 60 == 47_100
    assert not data.redraw
    assert not data.horizontal_flip


@pytest.mark.parametrize(
    ("name", "tested", "trained"),
    [("celeba_yeh", [1, 999, 1999, 2000], [2001, 200000, 202599]),
     ("celeba_madf", [200001, 200010, 200100, 201000, 202599], [1, 2000, 199999, 200000])],
)  # fmt: skip
def test_the_papers_splits_of_celeba(name, tested, trained, draw, mask, tmp_path):
    """Yeh et al.: 2,000 of 202,599 held out; MADF: 200,000 for training, the remaining 2,599 for test."""
    for number in (*tested, *trained):
        draw(tmp_path / "celeba" / "img_align_celeba" / f"{number:06}.jpg", size=(8, 8))
    data = instantiate(node(name, f"root={tmp_path}"), mask=mask, _convert_="all")
    for split, numbers in (("test", tested), ("train", trained)):
        pictures = data.images(split)
        assert [int(Path(pictures.name(i)).stem) for i in range(len(pictures))] == numbers
    assert data.center_crop == (108 if name == "celeba_yeh" else None)
