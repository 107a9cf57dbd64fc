import pytest

from inpaintlab.data.sampler import KeyedSampler


def test_an_epoch_is_a_permutation_and_the_next_another():
    sampler = KeyedSampler(50, 0, shuffle=True)
    first, second = list(sampler), list(sampler)
    assert {epoch for epoch, _ in first} == {0}
    assert {epoch for epoch, _ in second} == {1}
    assert sorted(index for _, index in first) == sorted(index for _, index in second) == list(range(50))
    assert [index for _, index in first] != [index for _, index in second]
    assert list(KeyedSampler(50, 0, shuffle=True)) == first
    assert list(KeyedSampler(50, 1, shuffle=True)) != first


def test_an_abandoned_epoch_advances_too():
    sampler = KeyedSampler(9, 0, shuffle=True)
    next(iter(sampler))
    assert next(iter(sampler))[0] == 1


def test_a_clock_tells_the_epoch_but_never_one_before_the_start():
    now = [3]
    sampler = KeyedSampler(9, 0, shuffle=True, clock=lambda: now[0], start=(4, 0))
    served = []
    for now[0] in (3, 4, 4, 6):
        served.append(next(iter(sampler))[0])
    assert served == [4, 4, 4, 6]


def test_start_leaves_out_the_beginning_of_its_epoch_only():
    whole = KeyedSampler(10, 3, shuffle=True, start=(2, 0))
    resumed = KeyedSampler(10, 3, shuffle=True, start=(2, 4))
    assert len(resumed) == 10
    assert list(resumed) == list(whole)[4:]
    assert list(resumed) == list(whole)


def test_ranks_together_serve_the_batches_of_one_process():
    whole = [index for _, index in KeyedSampler(23, 0, shuffle=True)]
    ranks = [[index for _, index in KeyedSampler(23, 0, shuffle=True, rank=rank, ranks=2)] for rank in (0, 1)]
    assert len(ranks[0]) == len(ranks[1]) == 11
    # Two processes x 4 see at every step what one process x 8 sees.
    assert [sorted(ranks[0][:4] + ranks[1][:4]), sorted(ranks[0][4:8] + ranks[1][4:8])] == [
        sorted(whole[:8]),
        sorted(whole[8:16]),
    ]


@pytest.mark.parametrize("ranks", [1, 2, 3, 8])
def test_every_judged_picture_is_served_once(ranks):
    samplers = [KeyedSampler(5, 0, shuffle=False, rank=rank, ranks=ranks) for rank in range(ranks)]
    served = [key for sampler in samplers for key in sampler]
    assert sorted(served) == [(0, index) for index in range(5)]
    assert sum(len(sampler) for sampler in samplers) == 5
