import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.study.store import VoteStore
from inpaintlab.study.trials import plan
from tests.study.factory import made_up

TRIALS = plan(made_up(exposures=(0.25,)), "p")


@pytest.fixture
def store(tmp_path):
    store = VoteStore(tmp_path / "votes.sqlite")
    yield store
    store.close()


def test_a_vote_is_read_back(store):
    assert store.add("p", 0, TRIALS[0], "right", shown=0.26, seconds=1.5)
    (vote,) = store.votes()
    item = TRIALS[0].item
    assert (vote.participant, vote.number, vote.choice, vote.exposure) == ("p", 0, "right", 0.25)
    assert (vote.cell.plain, vote.picture) == ({key: item[key] for key in ("bucket", "border")}, item["index"])
    assert (vote.left, vote.right, vote.chosen) == (TRIALS[0].left, TRIALS[0].right, TRIALS[0].right)
    assert (vote.shown, vote.seconds) == (0.26, 1.5)
    assert vote.time.endswith("Z")


def test_the_first_vote_on_a_trial_stays(store):
    assert store.add("p", 0, TRIALS[0], "left")
    assert not store.add("p", 0, TRIALS[0], "left")
    assert not store.add("p", 0, TRIALS[0], "right")
    assert store.add("q", 0, TRIALS[0], "right")
    assert store.add("p", 1, TRIALS[1], "right")
    assert [(v.participant, v.number, v.choice) for v in store.votes()] == [
        ("p", 0, "left"),
        ("p", 1, "right"),
        ("q", 0, "right"),
    ]
    assert (store.answered("p"), store.answered("q"), store.answered("r")) == (2, 1, 0)


@pytest.mark.parametrize("bucket", ["[", "[" * 100_000, '"some"', "{}", "[1]"])
def test_a_strangers_votes_are_read_or_told(bucket, store, tmp_path):
    store.add("p", 0, TRIALS[0], "left")
    with sqlite3.connect(tmp_path / "votes.sqlite") as other:
        other.execute("UPDATE votes SET bucket = ?", (bucket,))
    with pytest.raises(UserError, match=r"votes\.sqlite: its votes cannot be read"):
        list(store.votes())


def test_damaged_votes_are_told(store, tmp_path):
    for number in range(200):
        store.add("p", number, TRIALS[0], "left")
    store.close()
    path = tmp_path / "votes.sqlite"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    damaged = VoteStore(path)
    with pytest.raises(UserError, match=r"votes\.sqlite: its votes cannot be read"):
        list(damaged.votes())
    damaged.close()


def test_votes_whose_table_has_no_readable_name_are_told(store, tmp_path):
    store.close()
    path = tmp_path / "votes.sqlite"
    content = path.read_bytes()
    assert b"CREATE TABLE" in content
    path.write_bytes(content.replace(b"CREATE TABLE", b"CREATE TAB\xff\xff"))
    with pytest.raises(UserError, match=r"votes\.sqlite: votes can neither be read nor stored there"):
        VoteStore(path)


def test_threads_never_double_a_vote(store):
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda n: store.add("p", n % 5, TRIALS[n % 5], "left"), range(100)))
    assert sum(stored) == store.answered("p") == 5


def test_another_connection_reads_while_the_first_is_open(store, tmp_path):
    store.add("p", 0, TRIALS[0], "left")
    other = VoteStore(tmp_path / "votes.sqlite")
    assert len(list(other.votes())) == 1
    other.close()
    assert store.add("p", 1, TRIALS[1], "left")


def test_a_killed_server_has_lost_nothing(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from inpaintlab.study.store import VoteStore; "
        "from tests.study.test_store import TRIALS; store = VoteStore(Path(sys.argv[1])); "
        "[store.add('p', n, TRIALS[n], 'left') for n in range(3)]; os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "votes.sqlite"
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == -9
    store = VoteStore(path)
    assert store.answered("p") == 3
    store.close()
    assert [p.name for p in tmp_path.iterdir()] == ["votes.sqlite"]


def test_a_choice_is_left_or_right(store):
    with pytest.raises(sqlite3.IntegrityError):
        store.add("p", 0, TRIALS[0], "both")
