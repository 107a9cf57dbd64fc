from pathlib import Path

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.tracking import runs


@pytest.fixture
def nobody(monkeypatch, tmp_path):
    """A home without credentials."""
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))


def test_a_run_that_must_reach_the_server_is_refused_without_credentials(nobody):
    with pytest.raises(UserError, match=r"not logged in; run `wandb login`.*logger\.offline=true"):
        runs.check(offline=False)
    runs.check(offline=True)


def test_a_key_that_can_be_none_is_refused_in_one_line(nobody, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "short")
    with pytest.raises(UserError, match=r"^W&B: WANDB_API_KEY invalid"):
        runs.check(offline=False)


def test_the_id_is_the_folders_then_the_sweeps_then_new(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_RUN_ID", raising=False)
    assert runs.find_id(tmp_path) != runs.find_id(tmp_path)
    monkeypatch.setenv("WANDB_RUN_ID", "agents")
    assert runs.find_id(tmp_path) == "agents"
    (tmp_path / runs.ID).write_text("known\n")
    assert runs.find_id(tmp_path) == "known"


@pytest.mark.parametrize(
    ("folder", "sweep"),
    [
        ("runs/multirun/20260101-000000/3", "20260101-000000"),
        ("runs/sweeps/widths/model.width=4", "widths"),
        ("runs/pconv-photos-irregular/20260101-000000", None),
    ],
)
def test_a_sweep_is_read_off_the_folder(folder, sweep):
    assert runs.sweep_of(Path(folder)) == sweep


def test_tables_wait_in_the_folder_unless_the_user_has_said_where(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_DATA_DIR", raising=False)
    first, second = tmp_path / "0", tmp_path / "1"
    for folder in (first, second):
        folder.mkdir()
        (folder / runs.ID).write_text("x")
        runs._stage_in(folder)
        assert runs.os.environ["WANDB_DATA_DIR"] == str(folder / "wandb")
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "chosen"))
    runs._stage_in(first)
    assert runs.os.environ["WANDB_DATA_DIR"] == str(tmp_path / "chosen")
