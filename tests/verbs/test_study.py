import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.study.store import VoteStore
from inpaintlab.study.trials import plan
from inpaintlab.verbs import study as module
from inpaintlab.verbs.study import main, read_exposures, show_result, study
from tests.helpers.composing import composed
from tests.study.factory import evaluation


@pytest.fixture
def words(tmp_path):
    """The words for two evaluations and an output in tmp_path."""
    folders = [evaluation(tmp_path / name, name, brightness=90 + 20 * i) for i, name in enumerate(("pconv", "telea"))]
    return [f"evaluations=[{folders[0]},{folders[1]}]", f"output={tmp_path / 'study'}", "serve=false"]


def begin(*words):
    return study(composed("study", *words))


def test_the_page_is_written(words, tmp_path, capsys):
    made = begin(*words, "exposure=[0.25,null]", "truth=true", "trials=9")
    assert made.exposures == [0.25, None]
    assert made.question == "Which image looks more realistic?"
    assert {p.name for p in (tmp_path / "study/page").iterdir()} == {"index.html", "study.css", "study.js", "pictures"}
    assert capsys.readouterr().out == (
        "methods        pconv, telea, truth\npictures       6\nshown          0.25 s, unlimited time\n"
        "questions      9 for each participant, of 36\n"
    )


def test_the_result_is_printed_and_written(words, tmp_path, capsys, monkeypatch):
    made = begin(*words, "trials=4")
    folder = tmp_path / "study"
    store = VoteStore(folder / "votes.sqlite")
    for number, trial in enumerate(plan(made, "p")):
        store.add("p", number, trial, "left" if trial.left == "pconv" else "right")
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["study", f"result={folder}"])
    main()  # while the server holds the file
    store.close()
    text = (folder / "result.md").read_text()
    assert capsys.readouterr().out == f"{text}\nwritten: {folder / 'result.md'}, {folder / 'result.json'}\n"
    assert "| pconv | - | 100.0 % (51.0 to 100.0) |" in text
    record = json.loads((folder / "result.json").read_text())
    assert (record["schema"], record["votes"], record["finished"]) == (1, 4, 1)
    assert record["rows"][0]["preferred"] == 4


@pytest.mark.slow
def test_a_served_study_answers_until_interrupted(words, tmp_path):
    command = [sys.executable, "-m", "inpaintlab.verbs.study", *words[:2], "port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        guard = threading.Timer(60, server.kill)
        guard.start()
        address = next(line.split()[1] for line in server.stdout if line.startswith("address"))
        for _ in range(100):
            try:
                page = urllib.request.urlopen(address).read()
                break
            except OSError:
                time.sleep(0.05)
        assert b"Which image looks more realistic?" in page
        vote = json.dumps({"participant": "p", "number": 0, "choice": "left"}).encode()
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{address}api/vote", vote, kind)
        assert json.load(urllib.request.urlopen(request))["answered"] == 1
        server.send_signal(2)
        assert server.wait(20) == 0
        assert "Traceback" not in server.stderr.read()
        guard.cancel()
    assert show_result(tmp_path / "study").record["votes"] == 1
    assert not (tmp_path / "study/votes.sqlite-wal").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("evaluations=[one]", "expected a list of two folders or more"),
        ("evaluations=one", "expected a list of two folders or more"),
        ("evaluations=[no,where]", r"no: no evaluation\.json in it"),
        ("trials=0", "trials=0: expected at least 1, or null"),
        ("trials=1.5", r"trials=1\.5: expected at least 1, or null"),
        ("question=' '", "expected a sentence"),
        ("exposure=0.04", r"exposure=0\.04: expected seconds, 0\.05 to 60, or null"),
        ("exposure=[1,61]", "exposure=61: expected seconds"),
        ("exposure=nan", "exposure=nan: expected seconds"),
        ("exposure=true", "exposure=True: expected seconds"),
        ("exposure=short", "exposure=short: expected seconds"),
        ("exposure=[]", "expected at least one, each once"),
        ("exposure=[1,1.0]", "expected at least one, each once"),
    ],
)
def test_bad_words_are_refused(words, given, message):
    with pytest.raises(UserError, match=message):
        begin(*words, given)


def test_going_on_without_a_study_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no study in it \(study\.json\); begin one with evaluations="):
        begin(f"output={tmp_path}", "serve=false")
    with pytest.raises(UserError, match="no study in it"):
        show_result(tmp_path)


def test_a_result_without_votes_is_refused(words, tmp_path):
    begin(*words)
    with pytest.raises(UserError, match="no votes yet; serve the study first"):
        show_result(tmp_path / "study")


def test_a_port_in_use_is_said_before_anything_is_written(words, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match=r"cannot listen on 127\.0\.0\.1"):
            begin(*words, "serve=true", f"port={taken.getsockname()[1]}")
    assert not (tmp_path / "study").exists()


def test_exposures_are_numbers_of_seconds():
    assert read_exposures(None) == [None]
    assert read_exposures(2) == [2.0]
    assert read_exposures(composed("study", "exposure=[0.25,0.5,1,2,4]").exposure) == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_the_verb_needs_no_torch():
    code = f"import sys, {module.__name__}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
