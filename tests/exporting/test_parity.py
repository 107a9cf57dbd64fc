import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.exporting.contract import InBytes, draw_bytes, draw_floats
from inpaintlab.exporting.parity import Case, Parity, find_gap
from tests.exporting.networks import trained


def parity(**case):
    values = {"size": (64, 64), "batch": 1, "largest": 1, "mean": 0.001, "share": 0.001, "known_kept": True} | case
    fair = Case((64, 64), 1, 0, 0, 0, True)
    return Parity("Toy", "onnx", "a picture", 1.0, 0.5, (fair, Case(**values)))


def test_rounding_is_let_through():
    parity().check()


@pytest.mark.parametrize(
    "case",
    [{"largest": 40}, {"mean": 0.02}, {"share": 0.01}, {"largest": float("nan")}, {"known_kept": False}],
    ids=str,
)
def test_anything_else_is_not(case):
    with pytest.raises(UserError, match="does not compute what Toy does"):
        parity(**case).check()


def test_a_byte_may_be_rounded_either_way_where_the_model_lies_between_two():
    exact = torch.tensor([127.49999, 127.5, 127.50001, 127.49, 127.51, 3.0, float("nan")], dtype=torch.float64)
    down, up = torch.full((7,), 127, dtype=torch.uint8), torch.full((7,), 128, dtype=torch.uint8)
    assert find_gap(exact, down)[:6].tolist() == [0, 0, 0, 0, 1, 124]
    assert find_gap(exact, up)[:6].tolist() == [0, 0, 0, 1, 0, 125]
    assert find_gap(exact, up)[6].isnan()
    assert find_gap(torch.zeros(1).double(), torch.full((1,), 1e-7)).item() > 0  # floats, to the bit


def test_the_worst_case_is_told():
    assert (parity(largest=3).largest, parity(share=0.4).share) == (3, 0.4)


@torch.no_grad()
def test_bytes_are_the_floats_rounded_and_known_ones_stay():
    portable = trained("pconv").portable(onnx=False)
    picture, hole = draw_bytes(portable, (33, 21), 3)
    result = InBytes(portable)(picture, hole)
    floats = portable(*draw_floats(portable, (33, 21), 3))
    assert torch.equal(result.permute(0, 3, 1, 2), floats.mul(255).round().byte())
    assert torch.equal(result[hole == 0], picture[hole == 0])
    assert hole.flatten(1).float().mean(1).tolist()[2] == pytest.approx(255 * 10 / 21)
