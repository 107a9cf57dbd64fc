import json

import pytest
from scipy.optimize import brentq
from scipy.stats import binomtest, norm

from inpaintlab.records.cells import Bucket, Cell
from inpaintlab.study.result import binomial_p, summarise, wilson
from inpaintlab.study.store import Vote
from tests.study.factory import made_up


def vote(participant, number, left, right, choice, bucket=(0.1, 0.2), exposure=None, shown=None):
    return Vote(participant, number, Cell(Bucket(*bucket)), 0, left, right, exposure, choice, shown, 1.0, "2026")


def row(result, **where):
    (found,) = (r for r in result.record["rows"] if all(r[key] == value for key, value in where.items()))
    return found


@pytest.mark.parametrize(("preferred", "votes"), [(0, 1), (1, 1), (0, 20), (13, 20), (10, 20), (577, 1000), (3, 4001)])
def test_statistics_equal_scipys(preferred, votes):
    reference = binomtest(preferred, votes, 0.5)
    assert binomial_p(preferred, votes) == pytest.approx(reference.pvalue, rel=1e-9)
    interval = reference.proportion_ci(0.95, method="wilson")
    assert wilson(preferred, votes) == pytest.approx((interval.low, interval.high), abs=1e-9)


@pytest.mark.parametrize(("preferred", "votes"), [(13, 20), (2, 9), (577, 1000)])
def test_the_interval_holds_the_shares_that_a_score_test_accepts(preferred, votes):
    def score(share):
        return abs(preferred / votes - share) / (share * (1 - share) / votes) ** 0.5 - norm.ppf(0.975)

    share = preferred / votes
    low, high = wilson(preferred, votes)
    assert low == pytest.approx(brentq(score, 1e-9, share), abs=1e-9)
    assert high == pytest.approx(brentq(score, share, 1 - 1e-9), abs=1e-9)


def test_no_votes_have_no_statistics():
    assert wilson(0, 0) == (None, None)
    assert binomial_p(0, 0) is None


def test_votes_are_counted_by_pair_exposure_and_cell():
    study = made_up(methods=("pconv", "telea", "truth"), exposures=(None, 0.25), trials=4)
    votes = [
        vote("p", 0, "pconv", "telea", "left"),
        vote("p", 1, "telea", "pconv", "right"),  # pconv
        vote("p", 2, "telea", "pconv", "left", bucket=(0.2, 0.3)),  # telea
        vote("q", 0, "telea", "pconv", "right"),  # pconv
        vote("q", 1, "pconv", "telea", "right", exposure=0.25, shown=0.3),  # telea
        vote("q", 2, "truth", "pconv", "left", exposure=0.25, shown=0.2),  # truth
        vote("p", 3, "truth", "pconv", "left", exposure=0.25, shown=0.25),
    ]
    result = summarise(study, votes)
    assert (result.record["votes"], result.record["participants"], result.record["finished"]) == (7, 2, 1)
    pair = {"first": "pconv", "second": "telea", "exposure": None}
    pooled = row(result, **pair, bucket="all")
    assert (pooled["votes"], pooled["participants"], pooled["preferred"], pooled["share"]) == (4, 2, 3, 0.75)
    assert (pooled["low"], pooled["high"]) == wilson(3, 4)
    assert pooled["p"] == pytest.approx(0.625)
    assert row(result, **pair, bucket=[0.1, 0.2])["preferred"] == 3
    assert row(result, **pair, bucket=[0.2, 0.3])["share"] == 0.0
    truth = row(result, first="pconv", second="truth", exposure=0.25, bucket="all")
    assert (truth["votes"], truth["preferred"], truth["participants"]) == (2, 0, 2)
    assert row(result, first="telea", second="truth", exposure=0.25, bucket="all")["share"] is None
    assert result.record["exposures"] == [
        {"exposure": None, "votes": 4, "shown": None},
        {"exposure": 0.25, "votes": 3, "shown": 0.25},
    ]
    assert len(result.record["rows"]) == 2 * 3 * 3
    json.dumps(result.record, allow_nan=False)


def test_the_table_reads_row_against_column():
    study = made_up(methods=("pconv", "telea"), cells=[([0.1, 0.2], "any")])
    votes = [vote(f"p{n}", 0, "pconv", "telea", "left" if n < 15 else "right") for n in range(20)]
    result = summarise(study, votes)
    assert [r["bucket"] for r in result.record["rows"]] == [[0.1, 0.2]]  # no pool of one cell
    text = result.markdown()
    assert "# Which?\n\n20 votes by 20 participants (0 answered all)" in text
    assert "## Unlimited time: 20 votes" in text
    assert "| pconv | - | **75.0 %** (53.1 to 88.8) |" in text
    assert "| telea | **25.0 %** (11.2 to 46.9) | - |" in text
    assert "| pconv to telea | (0.1, 0.2] | any | 75.0 % (53.1 to 88.8) | 0.041 | 15 of 20 | 20 |" in text


def test_measured_times_stand_beside_the_asked_ones():
    study = made_up(cells=[([0.1, 0.2], "any")], exposures=(0.25,))
    result = summarise(study, [vote("p", 0, "a", "b", "left", bucket=(0.1, 0.2), exposure=0.25, shown=0.2667)])
    assert "## Shown for 0.25 s (median measured: 0.267 s): 1 votes" in result.markdown()
