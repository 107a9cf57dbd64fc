import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.loading import check_given, choose_device, folder_of, load_given, name_of
from inpaintlab.records.run import RunRecord


def test_exactly_one_of_checkpoint_and_model(tmp_path):
    for ckpt, model in ((None, None), (str(tmp_path), {"_target_": "x"})):
        with pytest.raises(UserError, match=r"give either ckpt=.* or model="):
            check_given(ckpt, model)
    with pytest.raises(UserError, match=r"ckpt=no\.ckpt: no such file"):
        check_given("no.ckpt", None)


def test_a_model_that_needs_training_is_refused():
    with pytest.raises(UserError, match="Toy needs training; give the checkpoint"):
        load_given(None, {"_target_": "tests.training.callbacks.toy.Toy"}, torch.device("cpu"))


def test_devices():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda")
    with pytest.raises(UserError, match="device=toaster: not to be had here"):
        choose_device("toaster")


@pytest.mark.parametrize(
    ("ckpt", "name"),
    [
        (None, "telea"),
        ("/a/runs/pconv/20260101-000000/checkpoints/last.ckpt", "pconv"),
        ("/a/runs/pconv/job-4711/checkpoints/last.ckpt", "pconv"),
        ("/a/runs/sweeps/widths/model.width=4/checkpoints/last.ckpt", "widths/model.width=4"),
        ("/a/released.ckpt", "released"),
    ],
)
def test_a_model_is_named_by_its_method_or_its_run(ckpt, name):
    assert name_of(ckpt, "telea") == name


def test_a_run_is_called_what_its_record_says(tmp_path):
    run = tmp_path / "multirun" / "20260101-000000" / "3"
    RunRecord("pconv-photos", "done", {}, [], 0).write(run)
    assert name_of(str(run / "checkpoints" / "best.ckpt"), None) == "pconv-photos/3"


def test_folders_tell_two_runs_of_one_name_apart():
    assert folder_of("/a/runs/pconv/20260101-000000/checkpoints/last.ckpt", None) == "pconv/20260101-000000"
    assert folder_of("/a/runs/sweeps/widths/width=4/checkpoints/last.ckpt", None) == "widths/width=4"
    assert (folder_of(None, "telea"), folder_of("/a/released.pth", None)) == ("telea", "released")
