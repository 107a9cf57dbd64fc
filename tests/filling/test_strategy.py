import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.filling import plan
from inpaintlab.filling.settings import STRATEGIES
from inpaintlab.filling.strategy import complete
from tests.filling.toy import Constant, MeanOfKnown, hole_of, picture

HOLE = hole_of((10, 10, 20, 30), (40, 50, 46, 60))


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_keeps_known_pixels_and_fills_all_others(name):
    image = picture()
    completed = complete(Constant(), image, HOLE, name)
    there = HOLE.expand_as(image)
    assert torch.equal(completed[~there], image[~there])
    assert torch.allclose(completed[there], torch.tensor(0.25), atol=1e-6)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_picture_without_a_hole_is_unchanged(name):
    assert torch.equal(complete(Constant(), picture(), hole_of(), name), picture())


def test_another_word_is_refused():
    with pytest.raises(UserError, match="strategy=best: expected one of auto, whole"):
        complete(Constant(), picture(), HOLE, "best")


def test_auto_says_what_it_chose_and_why():
    said = []
    complete(MeanOfKnown(), picture(96, 96), hole_of((20, 20, 70, 70), height=96, width=96), notify=said.append)
    assert said == ["hole 50 px wide, model trained at 16 px: 1 crop, 4 scales"]


def test_auto_fills_by_tiles_what_is_too_large_to_be_filled_at_once(monkeypatch):
    monkeypatch.setattr(plan, "AT_ONCE", 90 * 90)
    monkeypatch.setattr(plan, "TILE", 64)
    said, sizes = [], []

    class Seen(MeanOfKnown):
        def inpaint(self, corrupted, known):
            sizes.append(tuple(corrupted.shape[-2:]))
            return super().inpaint(corrupted, known)

    complete(Seen(), picture(96, 96), hole_of((20, 20, 70, 70), height=96, width=96), notify=said.append)
    assert said[1:] == ["96x96 px by tiles of 64 px"]
    assert sizes == [(12, 12), (24, 24), (48, 48), *[(64, 64)] * 4]


def test_too_little_memory_falls_back_to_ever_smaller_tiles(monkeypatch):
    monkeypatch.setattr(plan, "TILE", 64)
    sizes, said = [], []

    class Hungry(Constant):
        def inpaint(self, corrupted, known):
            sizes.append(corrupted.shape[-1])
            if corrupted.shape[-1] > 40:
                raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
            return super().inpaint(corrupted, known)

    image, hole = picture(200, 200), hole_of((10, 10, 190, 190), height=200, width=200)
    completed = complete(Hungry(), image, hole, "whole", said.append)
    assert completed[hole.expand_as(image)].allclose(torch.tensor(0.25))
    assert min(sizes) == 32
    assert said == [f"not enough memory on cpu: filled by tiles of {side} px" for side in (64, 32)]


def test_what_no_tile_can_fill_is_one_line(monkeypatch):
    class Starving(Constant):
        def inpaint(self, corrupted, known):
            raise MemoryError

    with pytest.raises(UserError, match="too large for the memory of cpu: 64x48 px"):
        complete(Starving(), picture(), HOLE, "whole")


def test_other_errors_are_no_lack_of_memory():
    class Broken(Constant):
        def inpaint(self, corrupted, known):
            raise RuntimeError("shapes")

    with pytest.raises(RuntimeError, match="shapes"):
        complete(Broken(), picture(), HOLE, "whole")
