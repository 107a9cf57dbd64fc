import multiprocessing.dummy

import numpy as np
import pytest
import torch

from inpaintlab.filling.pixels import complete
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.loading import load
from inpaintlab.painting import worker
from inpaintlab.painting.worker import Ready, Task, Trouble
from tests.painting.factory import hole, pixels


@pytest.fixture
def talk():
    """Run the worker in a thread; return its pipe."""

    def start(name):
        pipe, other = multiprocessing.dummy.Pipe()
        thread = multiprocessing.dummy.Process(target=worker.run, args=(other, name, "cpu", None))
        thread.daemon = True
        thread.start()
        return pipe

    return start


def test_it_loads_once_and_answers_until_the_end(talk):
    pipe = talk("mean_color")
    assert pipe.recv() == Ready(blind=False)
    for seed in range(2):
        pipe.send(Task(pixels(seed=seed), hole()))
        assert np.array_equal(pipe.recv().pixels, complete(load("mean_color"), pixels(seed=seed), hole()))
    pipe.send(None)


def test_what_cannot_be_loaded_is_one_line(talk):
    told = talk("none.ckpt").recv()
    assert isinstance(told, Trouble)
    assert told.message.startswith("none.ckpt: no such file")


class Fails(InpaintingModule):
    def inpaint(self, corrupted, known):
        raise ZeroDivisionError("the model's own\nfault")


def test_a_picture_that_fails_does_not_end_it(talk, monkeypatch):
    monkeypatch.setattr("inpaintlab.filling.fillers.find_filler", lambda *words: Fails().eval())
    pipe = talk("toy")
    assert pipe.recv() == Ready(blind=False)
    for _ in range(2):
        pipe.send(Task(pixels(), hole()))
        assert pipe.recv() == Trouble("ZeroDivisionError: the model's own")


def test_a_picture_is_there_before_its_scores_and_without_them(talk, monkeypatch):
    def judge(completed, task):
        raise ImportError("no torch")

    monkeypatch.setattr(worker, "judge", judge)
    pipe = talk("mean_color")
    assert pipe.recv() == Ready(blind=False)
    for _ in range(2):
        pipe.send(Task(pixels(), hole(), pixels()))
        assert np.array_equal(pipe.recv().pixels, complete(load("mean_color"), pixels(), hole()))
        assert pipe.recv() == Trouble("ImportError: no torch")


class Blind(InpaintingModule):
    blind = True

    def inpaint(self, corrupted, known):
        return torch.full_like(corrupted, 0.5)


@pytest.mark.parametrize("painted", [None, hole()])  # painted before it was known that the model is blind
def test_a_blind_model_is_scored_on_all_of_the_picture(painted):
    answer, judged = worker.replies(Blind(), Task(pixels(), painted, pixels()))
    assert (answer.pixels == 128).all()
    mse = ((answer.pixels.astype(float) - pixels()) ** 2).mean()
    assert judged.scores["psnr"] == pytest.approx(10 * np.log10(255**2 / mse))


def test_a_picture_smaller_than_the_window_has_no_ssim():
    there = hole(8, 8)
    there[2, 2] = True
    _, judged = worker.replies(load("mean_color"), Task(pixels(8, 8), there, pixels(8, 8)))
    assert set(judged.scores) == {"psnr", "l1"}


def test_of_a_chain_of_errors_the_first_cause_is_told():
    """Hydra's own line, ``Error locating target``, names no cause."""
    error = RuntimeError("Error locating target 'a.b', set env var HYDRA_FULL_ERROR=1")
    error.__cause__ = ImportError("libjpeg.so: cannot open shared object file\nmore")
    assert worker.tell(error) == "ImportError: libjpeg.so: cannot open shared object file"
