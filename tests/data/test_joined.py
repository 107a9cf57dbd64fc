import pytest
import torch
from lightning import seed_everything

from inpaintlab.basics.errors import UserError
from inpaintlab.data.folder import Folder
from inpaintlab.data.joined import Joined
from tests.data.test_datamodule import SaveAt, fit, same


@pytest.fixture
def joined(draw, tmp_path, common):
    """Make a sum: `one` has 5 training and 2 validation pictures, `two` 6 training and 3 test pictures."""
    for root, splits in (("one", {"train": 5, "val": 2}), ("two", {"train": 6, "test": 3})):
        for split, count in splits.items():
            for number in range(count):
                draw(tmp_path / root / split / f"{number:02d}.jpg", number)

    def make(first=None, second=None, **more):
        options = {**common, **more}
        shared = {key: options[key] for key in ("mask", "size", "channels", "batch_size")}
        parts = {
            "one": Folder(**shared, root=str(tmp_path / "one"), zoom=(1.0, 2.0), **(first or {})),
            "two": Folder(**shared, root=str(tmp_path / "two"), **(second or {})),
        }
        return Joined(parts=parts, **options)

    return make


def test_every_split_has_the_pictures_of_all_who_have_it(joined):
    data = joined()
    assert [len(data.dataset(split)) for split in ("train", "val", "test")] == [11, 2, 3]
    assert [data.dataset("train").name(index) for index in (0, 4, 5, 10)] == [
        "one/train/00.jpg", "one/train/04.jpg", "two/train/00.jpg", "two/train/05.jpg"]  # fmt: skip
    assert data.dataset("val").name(1) == "one/val/01.jpg"
    assert "training pictures: 5 of one, 6 of two" in data.notices()


def test_pictures_of_two_parts_share_no_holes_and_each_has_its_parts_view(joined):
    data = joined()
    train, alone = data.dataset("train"), joined().parts["one"].dataset("train")
    assert torch.equal(train[3, 2].image, alone[3, 2].image)
    assert torch.equal(train[3, 2].known, alone[3, 2].known)
    assert not torch.equal(train[3, 1].known, train[3, 6].known)  # number 1 of either part
    assert torch.equal(train[3, 6].known, joined().dataset("train")[3, 6].known)


@pytest.mark.parametrize("workers", [(0, 2), (2, 0)])
def test_resuming_serves_the_same_batches(joined, tmp_path, workers):
    seed_everything(0, verbose=False)
    path = tmp_path / "a.ckpt"
    whole = fit(joined(batch_size=3, num_workers=workers[0]), tmp_path, [SaveAt(path, batches=4)], max_steps=10)
    assert fit(joined(batch_size=3, num_workers=workers[1]), tmp_path, ckpt=path, max_steps=10) == whole[4:]
    assert torch.load(path, weights_only=True)["datamodule_hyper_parameters"]["size"] == 16


def test_any_number_of_workers_gives_the_same_batches(joined):
    one, other = (joined(num_workers=workers).train_dataloader() for workers in (0, 2))
    assert same(list(one), list(other))


def test_bad_pictures_are_named_with_their_part(joined, tmp_path):
    (tmp_path / "two/train/03.jpg").write_bytes(b"")
    data = joined(second={"on_bad_image": "skip"}, batch_size=11)
    list(data.train_dataloader())
    assert list(data.bad_images) == ["two/train/03.jpg"]


def test_what_cannot_be_joined_is_told(joined, tmp_path):
    with pytest.raises(UserError, match="eval_fit=whole of one part alone"):
        joined(first={"eval_fit": "whole"})
    data = joined(first={"layout": {"train": ["train"]}}, second={"layout": {"train": ["train"]}})
    with pytest.raises(UserError, match="none of one, two has test pictures"):
        data.setup("test")
