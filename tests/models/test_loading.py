import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.loading import check_given, choose_device, load_given, name_of


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
        ("/a/runs/pconv/20260101/checkpoints/last.ckpt", "pconv/20260101"),
        ("/a/released.ckpt", "released"),
    ],
)
def test_a_model_is_named_by_its_method_or_its_run(ckpt, name):
    assert name_of(ckpt, "telea") == name
