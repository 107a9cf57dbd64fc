import pytest
import torch

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256
from inpaintlab.models.checkpoints import read_checkpoint
from inpaintlab.models.madf import MADF
from inpaintlab.verbs.convert import convert
from tests.helpers.composing import composed
from tests.models.madf.official_names import official_state


@pytest.fixture
def released(tmp_path):
    torch.save(official_state(width=2), tmp_path / "été (1).pth")
    return tmp_path / "été (1).pth"


def run(*words, **fields):
    cfg = composed("convert", *words)
    for name, value in fields.items():
        cfg[name] = value
    return convert(cfg)


@pytest.mark.parametrize("words", [("model=madf",), ()])
def test_a_checkpoint_as_any_other(words, released, tmp_path, capsys):
    path = run(*words, f"output={tmp_path}/b.ckpt", official=str(released))
    model = inpaintlab.load(path)
    assert isinstance(model, MADF)
    assert (model.hparams.width, model.hparams.refinements) == (2, 2)
    content = read_checkpoint(path)
    assert content["official"] == {released.name: file_sha256(released)}
    assert content["datamodule_hyper_parameters"] == ({"size": 256, "channels": 3} if words else {})
    assert "MADF: " in capsys.readouterr().out


def test_what_cannot_be_converted_is_told(released, tmp_path):
    with pytest.raises(UserError, match=r"official=.* is needed"):
        run("model=madf")
    with pytest.raises(UserError, match=r"official=no\.pth: no such file"):
        run("model=madf", "official=no.pth")
    with pytest.raises(UserError, match=r"PConv knows no weights that its authors released; these do: .*MADF"):
        run("model=pconv", official=str(released))
    with pytest.raises(UserError, match="several files need model="):
        run(official=[str(released), str(released)])
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="not MADF's"):
        run("model=madf", f"output={tmp_path}/c.ckpt", official=str(tmp_path / "other.pth"))
    assert not (tmp_path / "c.ckpt").exists()
