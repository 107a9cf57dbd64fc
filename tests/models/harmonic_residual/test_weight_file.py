import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.harmonic_residual import HarmonicResidual
from inpaintlab.models.harmonic_residual.weight_file import save_weights

SMALL = {"widths": [4, 6], "blocks": [1, 1]}


def test_weights_travel_in_16_bits(tmp_path):
    torch.manual_seed(0)
    model = HarmonicResidual(**SMALL)
    model.trained_size = 256
    save_weights(model, tmp_path / "w.safetensors")
    again = HarmonicResidual(**SMALL, weights=str(tmp_path / "w.safetensors"))
    for name, value in model.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], value.half().float()), name
    assert again.trained
    assert again.trained_size == 256
    assert not model.trained
    assert again.hparams.weights is None  # a checkpoint of it needs the file no more


def test_weights_of_another_network_say_so(tmp_path):
    save_weights(HarmonicResidual(**SMALL), tmp_path / "w.safetensors")
    with pytest.raises(UserError, match=r"network of other sizes.*model\.widths"):
        HarmonicResidual(widths=[4, 8], blocks=[1, 1], weights=str(tmp_path / "w.safetensors"))


def test_a_missing_or_foreign_file_is_told(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        HarmonicResidual(**SMALL, weights=str(tmp_path / "none.safetensors"))
    (tmp_path / "w.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(UserError, match="not a safetensors file"):
        HarmonicResidual(**SMALL, weights=str(tmp_path / "w.safetensors"))
