import builtins
import importlib
import json
import re
import socket
import sys

import pytest
from starlette.testclient import TestClient

from inpaintlab.basics.errors import UserError
from inpaintlab.study import server
from inpaintlab.study.store import VoteStore
from inpaintlab.study.trials import plan
from tests.study.factory import study

ADDRESS = "http://127.0.0.1:8765"
JSON = {"Content-Type": "application/json"}


class Visitor:
    """A study of two methods, its store, and a browser without a page."""

    def __init__(self, folder, **settings):
        self.study = study(folder, **settings)
        self.store = VoteStore(folder / "votes.sqlite")
        self.client = TestClient(server.make_app(self.study, self.store, folder / "study/page"), base_url=ADDRESS)

    def state(self, participant="p"):
        return self.client.get("api/state", params={"participant": participant})

    def vote(self, number, choice="left", participant="p", **more):
        vote = {"participant": participant, "number": number, "choice": choice, **more}
        return self.client.post("api/vote", content=json.dumps(vote), headers=JSON)


@pytest.fixture
def visit(tmp_path):
    visitors = []

    def start(**settings):
        visitors.append(Visitor(tmp_path, **settings))
        return visitors[-1]

    yield start
    for visitor in visitors:
        visitor.store.close()


def test_a_participant_goes_through_the_plan_to_the_end(visit):
    visitor = visit(exposures=[0.25, None], trials=5)
    state = visitor.state().json()
    for number, trial in enumerate(plan(visitor.study, "p")):
        assert (state["total"], state["answered"], state["limited"]) == (5, number, True)
        shown = state["trial"]
        assert (shown["number"], shown["exposure"]) == (number, trial.exposure)
        for side in ("left", "right"):
            assert shown[side] == f"pictures/{trial.item['pictures'][getattr(trial, side)]}"
            assert visitor.client.get(shown[side]).headers["content-type"] == "image/png"
        state = visitor.vote(number, "right", shown=0.25, seconds=2).json()
    assert state == {"total": 5, "answered": 5, "limited": True, "trial": None}
    votes = list(visitor.store.votes())
    assert [vote.chosen for vote in votes] == [trial.right for trial in plan(visitor.study, "p")]
    assert {(vote.shown, vote.seconds) for vote in votes} == {(0.25, 2.0)}


def test_nothing_that_is_sent_names_a_method(visit):
    visitor = visit(truth=True)
    sent = visitor.client.get("/").text + visitor.client.get("study.js").text + visitor.client.get("study.css").text
    for number in range(3):
        sent += visitor.state().text + visitor.vote(number).text
    assert not re.search("pconv|telea|truth|0000|bucket", sent)
    assert visitor.client.get("study.json").status_code == 404
    assert visitor.client.get("../study.json").status_code == 404
    assert visitor.client.get("%2e%2e/study.json").status_code == 404


def test_the_same_vote_twice_counts_once_and_the_first_stays(visit):
    visitor = visit()
    first = visitor.vote(0, "left").json()
    assert visitor.vote(0, "left").json() == first
    assert visitor.vote(0, "right").json() == first
    assert [vote.choice for vote in visitor.store.votes()] == ["left"]


def test_a_reload_resumes_at_the_next_trial_of_the_same_participant(visit):
    visitor = visit()
    fresh = visitor.state("q").json()
    after = visitor.vote(0).json()
    assert visitor.state().json() == after
    assert after["trial"]["number"] == 1
    assert visitor.state("q").json() == fresh


def test_a_trial_cannot_be_skipped_or_made_up(visit):
    visitor = visit(trials=2)
    for number in (1, -1, 7):
        assert visitor.vote(number).status_code == 409
    visitor.vote(0)
    visitor.vote(1)
    assert visitor.vote(2).status_code == 409
    assert visitor.store.answered("p") == 2


@pytest.mark.parametrize("participant", ["", "a" * 65, "a b", "ä", "../x", None, 3])
def test_a_participant_is_a_short_word(visit, participant):
    visitor = visit()
    assert visitor.vote(0, participant=participant).status_code == 400
    assert visitor.client.get("api/state").status_code == 400
    assert list(visitor.store.votes()) == []


def test_what_is_no_vote_is_refused(visit):
    visitor = visit()
    for body, status in [("", 400), ("{", 400), ("[]", 400), ("\xff", 400), ("[" * 1000, 400), (" " * 1001, 413)]:
        assert visitor.client.post("api/vote", content=body, headers=JSON).status_code == status
    for number, choice in [(True, "left"), ("0", "left"), (0, "both"), (None, None), (0.0, "left")]:
        assert visitor.vote(number, choice).status_code == 400
    assert list(visitor.store.votes()) == []


def test_no_other_page_votes(visit):
    visitor = visit()
    vote = json.dumps({"participant": "p", "number": 0, "choice": "left"})
    for headers, status in [
        ({**JSON, "Origin": "http://evil.example"}, 403),
        ({**JSON, "Host": "evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),  # what a form or a page without asking can send
    ]:
        assert visitor.client.post("api/vote", content=vote, headers=headers).status_code == status
    assert list(visitor.store.votes()) == []
    assert visitor.client.post("api/vote", content=vote, headers={**JSON, "Origin": ADDRESS}).status_code == 200
    assert len(list(visitor.store.votes())) == 1


@pytest.mark.parametrize("odd", [-1, "1", None, True, [1]])
def test_odd_times_are_left_out_but_the_vote_counts(visit, odd):
    visitor = visit()
    assert visitor.vote(0, shown=odd, seconds=odd).status_code == 200
    (vote,) = visitor.store.votes()
    assert vote.shown is vote.seconds is None


def test_infinite_times_are_left_out(visit):
    visitor = visit()
    assert visitor.vote(0, shown=float("inf"), seconds=float("nan")).status_code == 200
    (vote,) = visitor.store.votes()
    assert vote.shown is vote.seconds is None


def test_a_port_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            UserError, match=rf"^port={port}: cannot listen on 127.0.0.1 \(.*in use.*\); choose another"
        ):
            server.listen("127.0.0.1", port)
    with pytest.raises(UserError, match="port=70000: cannot listen"):
        server.listen("127.0.0.1", 70000)


def test_without_the_extra_the_message_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **words):
        if name.split(".")[0] in ("starlette", "uvicorn"):
            raise ImportError(name)
        return real(name, *rest, **words)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, server.__name__)
    with pytest.raises(UserError, match=r"pip install 'inpaintlab\[study\]'"):
        importlib.import_module(server.__name__)
