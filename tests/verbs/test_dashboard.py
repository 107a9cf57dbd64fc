"""The verb; what it sends is tested in tests/tracking."""

import importlib.util
import json
import subprocess
import sys

import pytest
import wandb

from inpaintlab.basics.errors import UserError
from inpaintlab.verbs import dashboard as verb
from tests.helpers.composing import composed
from tests.tracking.server import stand_in


def test_a_dry_call_writes_both_specifications_without_a_key(tmp_path, monkeypatch):
    monkeypatch.setattr(wandb, "login", None)
    monkeypatch.setattr(wandb, "Api", None)
    output = tmp_path / "dashboard.json"
    assert verb.dashboard(composed("dashboard", "entity=me", "dry=true", f"output={output}")) == [str(output)]
    written = json.loads(output.read_text())
    assert written["workspace"]["entity"] == "me"
    assert written["report"]["project"]["name"] == "inpaintlab"
    text = output.read_text()
    for key in ("standard/full/10-20/psnr", "standard/hole/50-60/ssim", "standard/full/regular/fid"):
        assert f'"summary_metrics.{key}"' in text


def test_a_protocol_is_chosen_like_anywhere(tmp_path):
    output = tmp_path / "dashboard.json"
    verb.dashboard(composed("dashboard", "entity=me", "dry=true", "protocol=lama", f"output={output}"))
    assert '"summary_metrics.lama/full/10-20/ssim"' in output.read_text()


@pytest.mark.slow
def test_two_calls_leave_one_workspace_and_one_report(monkeypatch):
    server = stand_in(monkeypatch)
    monkeypatch.setattr(wandb, "login", lambda **_: True)
    first = verb.dashboard(composed("dashboard", "entity=me"))
    assert verb.dashboard(composed("dashboard", "entity=me")) == first
    assert sorted(view["type"] for view in server.views.values()) == ["project-view", "runs"]


def test_what_the_server_refuses_is_told_in_one_line(monkeypatch):
    server = stand_in(monkeypatch)
    monkeypatch.setattr(wandb, "login", lambda **_: True)

    def refuse(variables):
        raise wandb.errors.CommError("permission denied")

    monkeypatch.setattr(server, "upsert", refuse)
    with pytest.raises(UserError, match=r"^W&B: permission denied$"):
        verb.dashboard(composed("dashboard", "entity=me"))


def test_without_the_package_the_user_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'inpaintlab\[dashboard\]'"):
        verb.dashboard(composed("dashboard", "entity=me", "dry=true"))


@pytest.mark.slow
def test_without_credentials_the_answer_is_one_line_and_nothing_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    command = [sys.executable, "-m", "inpaintlab.verbs.dashboard", "entity=me"]
    # A few seconds where nothing else runs; one who waited for a server would try again for minutes.
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[-1].startswith("error: W&B: not logged in; run `wandb login`")
    assert "Traceback" not in answer.stderr
