import pytest
import torch

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.models import families
from inpaintlab.models.madf import MADF
from inpaintlab.models.pconv import PConv
from tests.models.hostile import Gadget
from tests.models.madf.official_names import official_state

WIDTH = 2


@pytest.fixture(scope="module")
def released():
    return official_state(width=WIDTH)


def test_the_arguments_are_read_off_the_weights(released):
    expected = {"levels": 7, "width": WIDTH, "refinements": 2, "channels": 3, "mask_channels": 16}
    assert MADF.official_arguments(released) == expected
    fewer = {name: value for name, value in released.items() if "ref1" not in name}
    assert MADF.official_arguments({"model": fewer})["refinements"] == 1


def test_the_weights_go_where_they_belong(released):
    arguments, state = MADF.read_official(released)
    model = MADF(**arguments)
    model.load_state_dict(state)
    assert torch.equal(model.network.refinement[1].paint.bias, released["dec_ref1_1.bias"])


def test_a_file_is_recognised_and_loaded(released, tmp_path):
    torch.save(
        {"n_iter": 3, "model": {f"module.model.{name}": value for name, value in released.items()}}, tmp_path / "a.pth"
    )
    model = inpaintlab.load(tmp_path / "a.pth")
    assert isinstance(model, MADF)
    assert not model.training
    assert torch.equal(model.network.encoder.up[3].weight, released["enc_up_4.0.weight"])


def test_a_gadget_beside_the_weights_does_not_run(released, tmp_path):
    torch.save({"model": released, "optimizer": Gadget(f"touch {tmp_path}/trace")}, tmp_path / "a.pth")
    assert isinstance(inpaintlab.load(tmp_path / "a.pth"), MADF)
    assert not (tmp_path / "trace").exists()


def test_another_family_s_file_is_told(released, tmp_path):
    with pytest.raises(UserError, match=r"not MADF's: expected entries .* the first of 1 is conv\.weight"):
        MADF.official_arguments({"conv.weight": torch.zeros(1)})
    with pytest.raises(UserError, match="PConv knows none that its authors released"):
        PConv.official_arguments(released)
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "a.pth")
    with pytest.raises(
        UserError, match=r"a\.pth: not written by inpaintlab train .*; and it is none that the authors of"
    ):
        inpaintlab.load(tmp_path / "a.pth")


def test_weights_that_pose_as_more_are_refused(tmp_path):
    """A width of two million from a file of a few bytes."""
    wide = torch.zeros(1).expand(8_000_000, 2_000_000, 1, 1)
    torch.save({"filter_gen_1.conv.0.weight": torch.zeros(16, 3, 7, 7), "enc_up_1.0.weight": wide}, tmp_path / "a.pth")
    with pytest.raises(UserError, match="stands for fewer numbers than that"):
        inpaintlab.load(tmp_path / "a.pth")
    empty = torch.zeros(0, 2_000_000, 1, 1)
    torch.save({"filter_gen_1.conv.0.weight": torch.zeros(16, 3, 7, 7), "enc_up_1.0.weight": empty}, tmp_path / "a.pth")
    with pytest.raises(UserError, match=r"model: expected levels|the file holds 2,352 numbers, MADF would have"):
        inpaintlab.load(tmp_path / "a.pth")


def test_two_families_that_know_one_file(released, tmp_path, monkeypatch):
    class Twin(MADF):
        pass

    monkeypatch.setattr(families, "families", lambda: iter([MADF, Twin]))
    torch.save(released, tmp_path / "a.pth")
    with pytest.raises(UserError, match="several papers know such a file, MADF, Twin; say which"):
        families.recognise(tmp_path / "a.pth")
