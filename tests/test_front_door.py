"""What ``import inpaintlab`` gives, and what it costs."""

import subprocess
import sys

import pytest
import torch

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.models.classical import Telea
from tests.models.hostile import changed, honest


def test_every_name_is_there():
    for name in inpaintlab.__all__:
        assert getattr(inpaintlab, name).__name__ == name
        assert name in dir(inpaintlab)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        inpaintlab.nothing  # noqa: B018


def test_nothing_heavy_is_imported():
    """In a process of its own, since this one has everything; torch alone takes seconds."""
    code = "import sys, inpaintlab; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "lightning", "hydra", "omegaconf", "numpy", "PIL"} & set(eval(modules))


def test_load_a_checkpoint(tmp_path):
    torch.save(honest(), tmp_path / "a.ckpt")
    model = inpaintlab.load(tmp_path / "a.ckpt")
    assert not model.training
    assert model.hparams.width == 4


def test_load_a_method_by_its_name():
    assert isinstance(inpaintlab.load("telea"), Telea)


def test_load_a_class_of_one_s_own(tmp_path):
    from tests.training.callbacks.toy import Toy

    name = "tests.training.callbacks.toy.Toy"
    torch.save(changed(model=name, state_dict=Toy().state_dict(), hyper_parameters={}), tmp_path / "a.ckpt")
    assert isinstance(inpaintlab.load(tmp_path / "a.ckpt", trust="tests"), Toy)
    with pytest.raises(UserError, match=f"'{name}' is neither below"):
        inpaintlab.load(str(tmp_path / "a.ckpt"))


def test_what_cannot_be_loaded_is_told(tmp_path):
    with pytest.raises(UserError, match=r"nothing: no such file \(.*\), nor the name of a method: biharmonic, "):
        inpaintlab.load("nothing")
    with pytest.raises(UserError, match="PConv needs training"):
        inpaintlab.load("pconv")
    with pytest.raises(UserError, match="device=toaster"):
        inpaintlab.load("telea", device="toaster")
    (tmp_path / "a.ckpt").write_text("hello")
    with pytest.raises(UserError, match="torn, or not a checkpoint"):
        inpaintlab.load(tmp_path / "a.ckpt")
