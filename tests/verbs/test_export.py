import pytest
import torch

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.verbs.export import export
from tests.helpers.composing import composed
from tests.models.hostile import honest


@pytest.fixture
def ckpt(tmp_path):
    torch.save(honest() | {"datamodule_hyper_parameters": {"size": 64, "channels": 3}}, tmp_path / "mine.ckpt")
    return tmp_path / "mine.ckpt"


def run(*words):
    return export(composed("export", *words))


@pytest.mark.parametrize(("form", "name"), [("onnx", "a.onnx"), ("torchscript", "a.pt"), ("safetensors", "a")])
def test_every_format(form, name, ckpt, tmp_path, capsys):
    path = run(f"ckpt={ckpt}", f"format={form}", f"output={tmp_path}/{name}")
    assert path.exists()
    assert "written: " in capsys.readouterr().out
    if form != "torchscript":
        assert inpaintlab.load(path).trained_size == 64


def test_the_name_is_the_files(ckpt, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(f"ckpt={ckpt}", "format=torchscript").name == "mine.pt"


def test_an_untrained_paper_is_called_so(tmp_path, capsys):
    run("model=pconv", "model.width=2", "model.levels=2", "format=torchscript", f"output={tmp_path}/a.pt")
    assert "notice: pconv is untrained" in capsys.readouterr().out


def test_what_cannot_be_exported_is_told(ckpt):
    with pytest.raises(UserError, match="format=gguf: expected one of onnx, torchscript, safetensors"):
        run(f"ckpt={ckpt}", "format=gguf")
    with pytest.raises(UserError, match="Telea has no network to export"):
        run("model=telea")
    with pytest.raises(UserError, match="give either ckpt="):
        run()
