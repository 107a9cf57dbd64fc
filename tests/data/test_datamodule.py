import logging

import pytest
import torch
from lightning import Callback, LightningModule, Trainer

from inpaintlab.basics.errors import UserError
from inpaintlab.data.folder import Folder


@pytest.fixture
def folder(draw, tmp_path, common):
    """Make Folder data of 11 training, 5 validation and 3 test pictures; options override."""
    for split, count in (("train", 11), ("val", 5), ("test", 3)):
        for number in range(count):
            draw(tmp_path / "set" / split / f"{number:02d}.jpg", number)
    options = {**common, "root": str(tmp_path / "set"), "zoom": (1.0, 2.0), "horizontal_flip": True}
    return lambda **more: Folder(**{**options, **more})


def same(one, other):
    return len(one) == len(other) and all(
        torch.equal(a.image, b.image) and torch.equal(a.known, b.known) for a, b in zip(one, other, strict=True)
    )


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")
def test_the_same_batches_for_any_number_of_workers(folder):
    epochs = {}
    for workers in (0, 1, 4):
        data = folder(num_workers=workers)
        train, val = data.train_dataloader(), data.val_dataloader()
        epochs[workers] = [list(train), list(train), list(val)]
    assert [len(batches) for batches in epochs[0]] == [2, 2, 2]  # 11 // 4, the last incomplete; 5 / 4, rounded up
    assert not same(epochs[0][0], epochs[0][1])
    for workers in (1, 4):
        assert all(same(one, other) for one, other in zip(epochs[0], epochs[workers], strict=True))


def test_seeds_differ_and_judged_pictures_repeat(folder):
    data = folder()
    assert not same(list(data.train_dataloader()), list(folder(seed=1).train_dataloader()))
    val = data.val_dataloader()
    assert same(list(val), list(val))
    assert [b.image.shape[0] for b in data.test_dataloader()] == [3]


def test_workers_default_to_the_cores(folder, monkeypatch):
    for cores, workers in ((1, 0), (2, 1), (6, 5), (64, 8)):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, cores=cores: range(cores), raising=False)
        assert folder(num_workers=None).train_dataloader().num_workers == workers


def test_loading_leaves_the_global_stream_alone(folder):
    state = torch.get_rng_state()
    list(folder().train_dataloader())
    assert torch.equal(torch.get_rng_state(), state)


def test_whole_pictures_come_one_by_one(folder):
    assert [tuple(b.image.shape) for b in folder(eval_fit="whole").test_dataloader()] == [(1, 3, 32, 40)] * 3


def test_bad_pictures_are_reported_from_workers(folder, tmp_path, caplog):
    (tmp_path / "set/train/03.jpg").write_bytes(b"")
    data = folder(num_workers=2, on_bad_image="skip")
    list(data.train_dataloader())
    list(data.train_dataloader())
    assert list(data.bad_images) == ["train/03.jpg"]
    with caplog.at_level(logging.WARNING):
        data.teardown("fit")
    assert "fit: 1 unreadable pictures were replaced by others: train/03.jpg" in caplog.text


def test_an_unreadable_picture_found_by_a_worker_stops(folder, tmp_path):
    (tmp_path / "set/train/03.jpg").write_bytes(b"")
    with pytest.raises(UserError) as raised:
        list(folder(num_workers=1, batch_size=11).train_dataloader())
    # PyTorch puts the worker's traceback before it; the message is the last line.
    assert "03.jpg: unreadable picture (no picture format" in str(raised.value).splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 12}, "data.batch_size=12 x 1 processes: more than the 11 training pictures"),
        ({"batch_size": 0}, "data.batch_size=0: expected at least 1"),
        ({"size": 0}, "data.size=0: expected at least 1"),
        ({"zoom": 2.0}, r"data.zoom=2.0: expected a list, such as data.zoom=\[1,1\]"),
        ({"channels": 2}, r"data.channels=2: expected 3 \(RGB\) or 1 \(grey\)"),
        ({"seed": -1}, "seed=-1: expected 0 or more"),
        ({"on_bad_image": "ignore"}, "data.on_bad_image=ignore: expected fail or skip"),
        ({"layout": {"test": ["test"]}}, "data: Folder has no train pictures"),
    ],
)
def test_bad_options(folder, options, message):
    with pytest.raises(UserError, match=message):
        folder(**options).setup("fit")


class Counting(LightningModule):
    """Remembers what it was trained on."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.seen = []

    def training_step(self, batch, batch_idx):
        self.seen.append((self.trainer.current_epoch, batch_idx, batch.image.sum().item(), batch.known.sum().item()))
        return self.weight * batch.image.mean()

    def validation_step(self, batch, batch_idx):
        pass

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class SaveAt(Callback):
    """Save a checkpoint after so many batches of the run, or at the end of an epoch."""

    def __init__(self, path, batches=None, epoch=None):
        self.path, self.batches, self.epoch, self.done = path, batches, epoch, 0

    def on_train_batch_end(self, trainer, *args):
        self.done += 1
        if self.done == self.batches:
            trainer.save_checkpoint(self.path)

    def on_train_epoch_end(self, trainer, module):
        if trainer.current_epoch == self.epoch:
            trainer.save_checkpoint(self.path)


def fit(data, folder, callbacks=(), ckpt=None, **options):
    module = Counting()
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        callbacks=list(callbacks), enable_model_summary=False, use_distributed_sampler=False,
        default_root_dir=folder, **options,
    )  # fmt: skip
    trainer.fit(module, datamodule=data, ckpt_path=ckpt)
    return module.seen


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(0, 2), (2, 0)])
@pytest.mark.parametrize("place", [{"batches": 4}, {"batches": 3}, {"batches": 6}, {"epoch": 2}])
@pytest.mark.parametrize("length", [{"max_epochs": 4}, {"max_steps": 12}])
def test_resuming_serves_the_same_batches(folder, tmp_path, workers, place, length):
    # 3 batches an epoch. Batch 4 lies within an epoch; 3 and 6 end one.
    path = tmp_path / "a.ckpt"
    whole = fit(folder(batch_size=3, num_workers=workers[0]), tmp_path, [SaveAt(path, **place)], **length)
    assert len({step[:2] for step in whole}) == len(whole) == 12
    resumed = fit(folder(batch_size=3, num_workers=workers[1]), tmp_path, ckpt=path, **length)
    rest = 12 - place.get("batches", 9)  # epoch 2 is the third
    assert resumed == whole[-rest:]


def test_a_longer_run_goes_on_where_a_shorter_one_ended(folder, tmp_path):
    # 7 steps end within the third epoch, and Lightning saves as if that epoch were over.
    path = tmp_path / "a.ckpt"
    whole = fit(folder(batch_size=3, num_workers=2), tmp_path, max_steps=12)
    short = fit(folder(batch_size=3), tmp_path, [SaveAt(path, epoch=2)], max_steps=7)
    assert short + fit(folder(batch_size=3, num_workers=2), tmp_path, ckpt=path, max_steps=12) == whole


def test_what_travels_in_the_checkpoint(folder, tmp_path):
    path = tmp_path / "a.ckpt"
    fit(folder(), tmp_path, [SaveAt(path, batches=1)], max_epochs=1)
    saved = torch.load(path, weights_only=True)["datamodule_hyper_parameters"]
    assert (saved["size"], saved["channels"]) == (16, 3)
    assert "mask" not in saved
