import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.data.bad_images import BadImages
from inpaintlab.data.dataset import InpaintingDataset, keyed_generator
from inpaintlab.data.pictures import Files
from inpaintlab.data.views import Framing

TRAIN = Framing(16, "crop", zoom=(1.0, 2.0), horizontal_flip=True, random=True)
EVAL = Framing(16, "crop")


@pytest.fixture
def files(draw, tmp_path):
    return Files(tmp_path, [draw(tmp_path / f"{number}.jpg", number) for number in range(4)])


def equal(one, other):
    return torch.equal(one.image, other.image) and torch.equal(one.known, other.known)


def test_an_item_follows_from_seed_epoch_and_index(files, mask):
    dataset = InpaintingDataset(files, "train", TRAIN, mask, 3, seed=0)
    item = dataset[(3, 1)]
    assert isinstance(item, Batch)
    assert item.image.shape == (3, 16, 16)
    assert item.known.shape == (1, 16, 16)
    assert equal(item, InpaintingDataset(files, "train", TRAIN, mask, 3, seed=0)[(3, 1)])
    assert not equal(item, dataset[(4, 1)])
    assert not equal(item, InpaintingDataset(files, "train", TRAIN, mask, 3, seed=1)[(3, 1)])
    assert equal(dataset[1], dataset[(0, 1)])


def test_without_redraw_every_epoch_is_like_the_first(files, mask):
    fixed = InpaintingDataset(files, "train", TRAIN, mask, 3, seed=0, redraw=False)
    assert all(equal(fixed[(epoch, 1)], fixed[(0, 1)]) for epoch in (1, 7))
    assert not equal(fixed[(0, 1)], fixed[(0, 2)])
    assert equal(fixed[(3, 1)], InpaintingDataset(files, "train", TRAIN, mask, 3, seed=0)[(0, 1)])


def test_no_two_keys_share_their_draws():
    keys = [
        (s, split, e, i) for s in (0, 1) for split in ("train", "val", "test") for e in (0, 1, 2) for i in (0, 1, 2)
    ]
    assert len({keyed_generator(*key).initial_seed() for key in keys}) == len(keys)


def test_a_judged_mask_follows_from_seed_and_index_alone(files, mask):
    coarse = InpaintingDataset(files, "test", EVAL, mask, 3, seed=0)
    grey = InpaintingDataset(
        Files(files.root, [files.root / name for name in files.names[::-1]]), "test", EVAL, mask, 1, 0
    )
    assert all(torch.equal(coarse[i].known, grey[i].known) for i in range(4))
    assert grey[0].image.shape == (1, 16, 16)


def test_the_mask_maker_hears_of_split_and_picture(files, mask):
    heard = []

    class Listening(type(mask)):
        def for_split(self, split):
            heard.append(split)
            return self

        def for_picture(self, index, name, size, generator):
            heard.append((index, name, size))
            return self(size, generator)

    InpaintingDataset(files, "val", EVAL, Listening(), 3, seed=0)[2]
    assert heard == ["val", (2, "2.jpg", (16, 16))]


def test_a_bad_picture_stops(files, mask):
    (files.root / "2.jpg").write_bytes((files.root / "2.jpg").read_bytes()[:400])
    dataset = InpaintingDataset(files, "train", EVAL, mask, 3, seed=0)
    with pytest.raises(UserError, match=r"2\.jpg: unreadable picture \(.*or go on without it: data\.on_bad_image=skip"):
        dataset[2]


def test_a_bad_picture_is_replaced_by_the_next_and_noted(files, mask):
    for name in ("2.jpg", "3.jpg"):
        (files.root / name).write_bytes((files.root / name).read_bytes()[:400])
    bad = BadImages()
    dataset = InpaintingDataset(files, "train", EVAL, mask, 3, 0, bad)
    assert torch.equal(dataset[2].image, dataset[0].image)
    assert list(bad.read()) == ["2.jpg", "3.jpg"]
    assert "unreadable picture (" in bad.read()["2.jpg"]


def test_nothing_but_bad_pictures(tmp_path, mask):
    (tmp_path / "a.png").write_bytes(b"")
    dataset = InpaintingDataset(Files(tmp_path, [tmp_path / "a.png"]), "train", EVAL, mask, 3, 0, BadImages())
    with pytest.raises(UserError, match=r"none of the 1 train pictures is readable; the first: a\.png"):
        dataset[0]


def test_a_mask_of_another_size_is_refused(files, mask):
    class Wrong(type(mask)):
        def __call__(self, size, generator):
            return super().__call__((8, 8), generator)

    with pytest.raises(UserError, match="known: expected 1 channel"):
        InpaintingDataset(files, "train", EVAL, Wrong(), 3, 0)[0]
