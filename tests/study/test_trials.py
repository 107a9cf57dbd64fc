import subprocess
import sys
from collections import Counter

import pytest

from inpaintlab.study.trials import comparisons, count, plan
from tests.study.factory import made_up

SIX = [([low / 10, low / 10 + 0.1], "any") for low in range(6)]


def pair(trial):
    return tuple(sorted((trial.left, trial.right)))


def spread(counter):
    return max(counter.values()) - min(counter.values())


def test_without_a_limit_everybody_sees_everything_once():
    study = made_up(methods="abc", exposures=(None, 0.25))
    trials = plan(study, "p")
    seen = [(pair(t), t.exposure, str(t.item["bucket"]), t.item["index"]) for t in trials]
    assert len(seen) == len(set(seen)) == count(study) == 3 * 2 * 6


@pytest.mark.parametrize("trials", [1, 7, 20, 60, 119, 1000])
def test_comparisons_and_sides_are_balanced(trials):
    study = made_up(methods="abc", cells=SIX, pictures=4, exposures=(0.25, 1.0), trials=trials)
    for number in range(20):
        plans = plan(study, f"p{number}")
        assert len(plans) == min(trials, 3 * 2 * 24)
        seen = Counter(dict.fromkeys(comparisons(study), 0))
        seen.update((pair(t), t.exposure) for t in plans)
        assert len(seen) == 6
        assert spread(seen) <= 1
        for two, exposure in seen:
            mine = [t for t in plans if (pair(t), t.exposure) == (two, exposure)]
            assert abs(2 * sum(t.left == two[0] for t in mine) - len(mine)) <= 1
            assert len({(str(t.item["bucket"]), t.item["index"]) for t in mine}) == len(mine)


def test_pictures_come_back_only_when_all_had_their_turn_and_cells_take_turns():
    study = made_up(methods="abc", cells=SIX, pictures=4, trials=24)
    trials = plan(study, "p")
    assert len({(str(t.item["bucket"]), t.item["index"]) for t in trials}) == 24
    for two in {pair(t) for t in trials}:
        assert spread(Counter(str(t.item["bucket"]) for t in trials if pair(t) == two)) <= 1


def test_sides_are_balanced_over_participants_even_with_one_trial_of_each_pair():
    study = made_up(trials=1)
    left = sum(plan(study, f"p{number}")[0].left == "a" for number in range(400))
    assert 150 < left < 250  # 5 standard deviations


def test_the_order_is_keyed_by_seed_and_participant():
    study = made_up(methods="abc", pictures=10)
    assert plan(study, "p") == plan(study, "p")
    assert plan(study, "p") != plan(study, "q")
    assert plan(study, "p") != plan(made_up(methods="abc", pictures=10, seed=1), "p")


def test_another_process_draws_the_same_order():
    code = (
        "from tests.study.factory import made_up; from inpaintlab.study.trials import plan; "
        "print([(t.left, t.item['index']) for t in plan(made_up(), 'p')])"
    )
    here = str([(t.left, t.item["index"]) for t in plan(made_up(), "p")])
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PATH": ""}
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
        assert answer.stdout.strip() == here, answer.stderr


def test_first_places_differ_between_participants():
    study = made_up(methods="abc", cells=SIX, pictures=4, trials=12)
    firsts = Counter((pair(t), str(t.item["bucket"])) for n in range(200) for t in plan(study, f"p{n}")[:1])
    assert len(firsts) == 18
