import os
import signal
import time

import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from inpaintlab.basics.configs import take_folder
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_json
from inpaintlab.basics.locks import work_alone
from inpaintlab.masks.drawings import drawings
from inpaintlab.training.run_folder import check_same_run, in_its_folder
from tests.helpers.process import run, start
from tests.helpers.tiny import COMMON, PAPERS

CFG = OmegaConf.create(
    {"name": "new", "ckpt": "x.ckpt", "overrides": ["model=pconv", "ckpt=x.ckpt"],
     "choices": {"model": "pconv", "data": "photos", "mask": "text", "hardware": "cpu", "optimizer": "adam",
                 "lr_schedule": "paper"},
     "mask": {"_target_": "inpaintlab.masks.text.Text"}}
)  # fmt: skip


def test_two_runs_of_one_second_have_two_folders(tmp_path):
    names = [take_folder(tmp_path / "run" / "20260101-000000").name for _ in range(3)]
    assert names == ["20260101-000000", "20260101-000000-2", "20260101-000000-3"]


def test_a_second_process_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("inpaintlab.basics.locks.PATIENCE", 0)
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)  # Hydra's words of an earlier test are not this run's
    with work_alone(tmp_path, "training"), pytest.raises(UserError, match="another process is training in it"):
        in_its_folder(lambda cfg, folder: None)(CFG, tmp_path)
    assert in_its_folder(lambda cfg, folder: 7)(CFG, tmp_path) == 7
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("changed", ["name", "model", "data", "mask", "optimizer", "lr_schedule"])
def test_another_runs_record_is_not_written_over(changed, tmp_path):
    record = {"name": "new", "choices": {"model": "pconv", "data": "photos", "mask": "text", "hardware": "gpu"}}
    record["drawings"] = drawings(CFG.mask)
    write_json(tmp_path / "results.json", record)
    check_same_run(CFG, tmp_path)
    (record if changed == "name" else record["choices"])[changed] = "old"
    write_json(tmp_path / "results.json", record)
    with pytest.raises(UserError, match=f"was begun with {changed}=old, not .*init_from"):
        check_same_run(CFG, tmp_path)


@pytest.mark.slow
def test_a_refused_call_changes_nothing_in_the_run(tmp_path):
    words = ["model=pconv", *COMMON, *PAPERS["pconv"], "trainer.max_steps=1", "trainer.val_check_interval=99"]
    assert run("inpaintlab.verbs.cli", "train", *words, "name=old", cwd=tmp_path).returncode == 0
    (folder,) = (tmp_path / "runs" / "old").iterdir()
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".log"}
    assert "- name=old" in kept[folder / ".hydra" / "overrides.yaml"].decode()
    answer = run(
        "inpaintlab.verbs.cli", "train", *words, "name=new", f"ckpt={folder}/checkpoints/last.ckpt", cwd=tmp_path
    )
    assert answer.returncode == 2
    assert "was begun with name=old, not new" in answer.stderr
    assert {path: path.read_bytes() for path in kept} == kept


def test_ctrl_c_before_the_first_checkpoint_tells_how_to_begin_again(tmp_path, capsys):
    def task(cfg, folder):
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        in_its_folder(task)(CFG, tmp_path)
    assert end.value.code == 130
    assert capsys.readouterr().err == (
        "interrupted before the first checkpoint; begin again: inpaintlab train model=pconv\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 0.8, 2.0])
def test_ctrl_c_at_any_moment_is_one_line_and_no_stray_file(seconds, tmp_path):
    """A whole process: the moment may lie before Hydra, before Lightning, in the sanity check, in the training."""
    out, err = tmp_path / "out", tmp_path / "err"
    work = tmp_path / "work"
    work.mkdir()
    words = [
        "model=pconv",
        *COMMON,
        *PAPERS["pconv"],
        "model.stages=[{iterations: 9999, lr: 1e-3, freeze_encoder_bn: false}]",
    ]
    process = start("inpaintlab.verbs.cli", "train", *words, cwd=work, stdout=out, stderr=err)
    try:
        while not err.exists():  # before that it is still the server, which takes no Ctrl-C
            assert process.is_alive()
            time.sleep(0.01)
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGINT)
        process.join(60)
        assert process.exitcode == 130, err.read_text()
    finally:
        process.kill()
    assert "Traceback" not in err.read_text()
    assert not [path.name for path in work.rglob(".*") if path.is_file() and path.parent.name != ".hydra"]


def test_a_run_whose_masks_another_version_drew_does_not_go_on(tmp_path):
    record = {"name": "new", "choices": {"model": "pconv", "data": "photos", "mask": "text", "hardware": "gpu"}}
    write_json(tmp_path / "results.json", record)  # before drawings were numbered
    with pytest.raises(
        UserError, match=r"was begun with mask=text as another version of inpaintlab draws it; .*init_f"
    ):
        check_same_run(CFG, tmp_path)
