"""What a training of one's own pictures chooses for itself."""

import json

import pytest
import torch
from PIL import Image

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.records.plan import Plan
from inpaintlab.training import plan
from inpaintlab.training.doctor import examine
from inpaintlab.training.train import train
from tests.training.test_exact_resume import equal


@pytest.fixture
def folder(tmp_path):
    """A function that makes so many pictures of this shorter side, and gives the words that train on them."""

    def make(count, side, *words):
        place = tmp_path / "pictures"
        place.mkdir(exist_ok=True)
        for index in range(count):
            Image.new("RGB", (side + 9, side), (index, 80, 120)).save(place / f"{index:03d}.png")
        return ["data=folder", f"data.root={place}", "hardware=cpu", "data.num_workers=0", *words]

    return make


@pytest.fixture
def steps(monkeypatch):
    """Seconds of an iteration, by the side of the pictures, in place of measured ones."""
    seconds = {}
    monkeypatch.setattr(plan, "measure", lambda cfg, its: (seconds[its.size], lambda _: 30.0))
    return seconds


def chosen(words, run, say=lambda line: None):
    cfg = inpaintlab.compose(*words, folder=run)
    run.mkdir(exist_ok=True)
    plan.fill_in(cfg, run, say)
    return cfg


@pytest.mark.parametrize(
    ("count", "side", "seconds", "expected"),
    [
        (50, 300, {256: 1.0}, (256, 4, 1000, 2)),  # 40 are for training, each is to be seen 100 times
        (50, 300, {256: 9.0, 128: 2.0}, (128, 8, 500, 2)),  # would be two and a half hours
        (50, 200, {128: 2.0}, (128, 8, 500, 2)),  # smaller than 256
        (4, 90, {128: 2.0}, (128, 8, 200, 32)),  # two pictures: 32 squares of each in an epoch
        (50, 300, {256: 90.0, 128: 20.0}, (128, 8, 200, 2)),  # 180 would fit
        (50, 300, {256: 90.0, 128: 10.0}, (128, 8, 360, 2)),  # as many as fit into an hour
    ],
)
def test_size_and_length_come_from_the_pictures_and_the_machine(
    count, side, seconds, expected, folder, steps, tmp_path
):
    steps.update(seconds)
    cfg = chosen(folder(count, side), tmp_path / "run")
    found = cfg.data.size, cfg.data.batch_size, cfg.model.iterations, cfg.data.crops_per_picture
    assert found == expected
    assert cfg.mask.dilation == ([9, 49] if cfg.data.size == 256 else [18, 98])
    assert cfg.trainer.val_check_interval == expected[2] // 5


def test_given_words_win_and_the_forecast_is_told(folder, steps, tmp_path):
    steps[64] = 3.0
    told = []
    words = folder(12, 300, "data.size=64", "data.batch_size=2", "model.iterations=1500", "mask=text")
    cfg = chosen(words, tmp_path / "run", told.append)
    assert (cfg.data.size, cfg.data.batch_size, cfg.model.iterations) == (64, 2, 1500)
    assert told == ["plan   1,500 iterations of 2 pictures of 64 px, about 1 hour on this machine with the judging"]


def test_one_square_of_a_picture_is_one_where_that_was_said(folder, steps, tmp_path):
    steps[64] = 1.0
    for number, (words, crops) in enumerate([((), 11), (("data.crops_per_picture=1",), 1)]):
        cfg = chosen(folder(8, 300, "data.size=64", *words), tmp_path / str(number))
        assert cfg.data.crops_per_picture == crops


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("data.size=0", "size=0: expected a whole number of at least 1"),
        ("data.batch_size=0", "batch_size=0: expected a whole number"),
        ("model.iterations=-5", "iterations=-5: expected a whole number"),
        ("trainer.val_check_interval=0", "val_check_interval=0: expected a whole number"),
        ("data.crops_per_picture=0", "crops_per_picture=0: expected a whole number"),
        ("plan.tried=0", "plan.tried=0: expected a whole number of at least 1"),
        ("plan.hours=-1", "plan.hours=-1: expected a number above 0"),
        ("plan.views=x", "plan.views=x: expected a number above 0"),
        ("plan.sizes=[]", r"plan.sizes=\[\]: expected a list of sides"),
        ("plan.sizes=[0]", "plan.sizes=0: expected a whole number"),
    ],
)
def test_numbers_that_no_plan_can_have_are_refused(folder, tmp_path, word, told):
    with pytest.raises(UserError, match=told):
        chosen(folder(8, 90, word), tmp_path / "run")


def test_a_size_that_the_network_cannot_take_is_refused_before_a_step(folder, tmp_path):
    with pytest.raises(UserError, match=r"data\.size=100: the network needs a multiple of"):
        chosen(folder(8, 120, "data.size=100", "data.batch_size=1"), tmp_path / "run")


def test_a_plan_of_another_hand_is_checked(folder, tmp_path):
    (tmp_path / "run").mkdir()
    whole = {"schema": 1, "size": 0, "batch_size": 2, "iterations": 4, "crops_per_picture": 1, "val_check_interval": 1}
    (tmp_path / "run" / Plan.FILE).write_text(json.dumps(whole))
    with pytest.raises(UserError, match=r"not a readable plan\.json .size=0: expected a whole number"):
        chosen(folder(8, 90), tmp_path / "run")


def test_more_than_a_day_asks_for_a_yes(folder, steps, tmp_path):
    steps[256] = 3.0
    words = folder(12, 300, "model.iterations=60000", "data.size=256")
    with pytest.raises(UserError, match=r"about 2 days: begin with yes=true, or take less: model\.iterations="):
        chosen(words, tmp_path / "run")
    assert not (tmp_path / "run" / Plan.FILE).exists()
    assert chosen([*words, "yes=true"], tmp_path / "run").model.iterations == 60_000


def test_a_run_that_goes_on_takes_what_was_chosen(folder, steps, tmp_path):
    words = folder(12, 300)
    steps[256] = 1.0
    first = chosen(words, tmp_path / "run")
    steps.clear()  # nothing is measured again
    told = []
    assert chosen(words, tmp_path / "run", told.append) == first
    assert told == ["plan   as begun: 250 iterations of 4 pictures of 256 px"]
    assert chosen([*words, "model.iterations=400"], tmp_path / "run").model.iterations == 400


def test_a_paper_plans_nothing(tmp_path):
    cfg = inpaintlab.compose("model=pconv", "mask=irregular", folder=tmp_path)
    plan.fill_in(cfg, tmp_path, pytest.fail)


def test_several_processes_are_refused(folder, tmp_path):
    with pytest.raises(UserError, match="it plans for one process; give model=bundled"):
        chosen(folder(4, 90, "trainer.devices=2"), tmp_path / "run")


def test_doctor_tells_the_plan_and_keeps_none(folder, tmp_path, monkeypatch, capsys):
    words = folder(6, 40, "plan.sizes=[64]", "data.batch_size=1", "plan.tried=1", "model.views=1")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    examine(inpaintlab.compose(*words))
    told = capsys.readouterr().out
    assert "plan      400 iterations of 1 pictures of 64 px, " in told
    assert "64 px, 3 channels, batch 1" in told
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["doctor.png"]


@pytest.mark.slow
def test_the_whole_way_with_a_measured_step(folder, tmp_path, capsys):
    """`train data=folder data.root=...` but for what makes it short; with its numbers as words it ends the same."""
    words = folder(6, 40, "plan.sizes=[64]", "data.batch_size=1", "plan.fewest=10", "plan.views=1", "plan.tried=1",
                   "model.views=1", "logger=none", "baselines=null", "trainer.limit_val_batches=1")  # fmt: skip
    run = tmp_path / "run"
    train(inpaintlab.compose(*words, folder=run), run)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("plan   10 iterations of 1 pictures of 64 px, ")
    assert "bundled: 1,937,168 parameters, 10 iterations" in told[1]
    assert told[0] in (run / "train.log").read_text()
    plan = json.loads((run / "plan.json").read_text())
    assert plan == {"schema": 1, "size": 64, "batch_size": 1, "iterations": 10, "crops_per_picture": 16,
                    "val_check_interval": 2}  # fmt: skip
    again = ["data.size=64", "model.iterations=10", "data.crops_per_picture=16", "trainer.val_check_interval=2"]
    train(inpaintlab.compose(*words, *again, folder=tmp_path / "again"), tmp_path / "again")
    one, other = (
        torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True) for folder in (run, tmp_path / "again")
    )
    assert int(one["state_dict"]["iteration"]) == 10
    assert equal(one["state_dict"], other["state_dict"]) == []
