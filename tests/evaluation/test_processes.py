import os

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.processes import ProcessGroup, is_launched, run
from tests.evaluation.tasks import fail, sign
from tests.helpers.process import start_warm


def test_one_process_needs_no_group(tmp_path):
    assert run(sign, {"folder": str(tmp_path)}, 1) is True
    assert (tmp_path / "0").read_text() == f"1 from 0 {os.environ.get('RANK')}"
    assert ProcessGroup().first(lambda: 3) == 3


@pytest.mark.slow
def test_several_processes_agree_and_the_first_one_goes_on_when_all_are_done(tmp_path, monkeypatch):
    start_warm(monkeypatch)
    assert run(sign, {"folder": str(tmp_path)}, 2) is True
    assert (tmp_path / "0").read_text() == "2 from 0 0"
    assert (tmp_path / "1").read_text() == "2 from 0 1"
    assert (tmp_path / "done").read_text() == "['0', '1']"


@pytest.mark.slow
def test_the_message_of_the_process_that_failed_arrives_as_one_line(monkeypatch):
    start_warm(monkeypatch)
    with pytest.raises(UserError) as caught:
        run(fail, {}, 2)
    assert str(caught.value) == "cat.png: unreadable picture"


def test_torchrun_is_recognised(monkeypatch):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert not is_launched()
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert is_launched()
