import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.checkpoints import load_model, read_checkpoint


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_checkpoint(tmp_path / "a.ckpt")


def test_torn_file(tmp_path):
    whole = tmp_path / "whole.ckpt"
    torch.save({"model": "x", "state_dict": {"w": torch.rand(1000)}, "hyper_parameters": {}}, whole)
    torn = tmp_path / "torn.ckpt"
    torn.write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(UserError, match=r"torn\.ckpt: torn, or not a checkpoint"):
        read_checkpoint(torn)


def test_empty_file_and_text(tmp_path):
    for content in (b"", b"hello"):
        (tmp_path / "bad.ckpt").write_bytes(content)
        with pytest.raises(UserError, match="torn, or not a checkpoint"):
            read_checkpoint(tmp_path / "bad.ckpt")


def test_a_foreign_checkpoint(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(UserError, match="not written by inpaintlab train"):
        load_model(tmp_path / "other.ckpt")


def test_a_checkpoint_that_holds_code_is_refused(tmp_path):
    torch.save({"model": torch.nn.Linear(1, 1)}, tmp_path / "code.ckpt")
    with pytest.raises(UserError, match="not a checkpoint"):
        read_checkpoint(tmp_path / "code.ckpt")


def test_settings_of_another_version(tmp_path):
    """The context encoder once had Pathak's overlap."""
    path, name = tmp_path / "old.ckpt", "inpaintlab.models.context_encoder.module.ContextEncoder"
    torch.save({"model": name, "state_dict": {}, "hyper_parameters": {"size": 32, "overlap": 4}}, path)
    with pytest.raises(UserError, match=r"ContextEncoder of inpaintlab .* has no hyper-parameter 'overlap'"):
        load_model(path)


def test_an_unknown_model_class(tmp_path):
    path = tmp_path / "gone.ckpt"
    torch.save({"model": "inpaintlab.models.gone.Gone", "state_dict": {}, "hyper_parameters": {}}, path)
    with pytest.raises(UserError, match=r"inpaintlab\.models\.gone\.Gone' cannot be imported"):
        load_model(path)
