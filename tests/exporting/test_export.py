import json

import pytest
import torch
from torch import nn

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.exporting import onnx_file, torchscript
from inpaintlab.exporting.contract import draw_floats
from inpaintlab.exporting.export import export
from inpaintlab.models.edge_connect import EdgeConnect
from inpaintlab.models.exported.session import open_session
from inpaintlab.models.glcic import GLCIC
from inpaintlab.models.harmonic_residual import HarmonicResidual
from inpaintlab.models.pconv import PConv
from tests.exporting.networks import EASY, FILLERS, GENERATORS, MODELS, trained


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_onnx_answers_as_the_model_does(name, tmp_path):
    report = export(trained(name), "onnx", tmp_path / "a.onnx", {"size": 32})
    assert len(report.cases) == (8 if name in FILLERS else 2)
    assert report.largest <= 4
    assert report.share <= 0.002
    stored = json.loads((tmp_path / "a.onnx.parity.json").read_text())
    assert (stored["share"], stored["format"], len(stored["cases"])) == (report.share, "onnx", len(report.cases))
    assert f"{report.share:.4%}" in report.text()


@pytest.mark.slow
def test_a_flat_answer_between_two_grey_levels_is_no_difference(tmp_path):
    report = export(FILLERS["deepfill_v2"]().eval(), "onnx", tmp_path / "a.onnx", {})
    assert report.share == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_torchscript_gives_the_bits_of_eager(name, tmp_path):
    model = trained(name)
    report = export(model, "torchscript", tmp_path / "a.pt", {})
    assert (report.largest, report.share) == (0, 0)
    file = torch.jit.load(tmp_path / "a.pt")
    portable = model.portable(onnx=False)
    inputs = draw_floats(portable, (100, 90), 1, 7)
    assert torch.equal(file(*inputs), portable(*inputs))
    weights = sum(weight.numel() for weight in portable.parameters())
    assert sum(weight.numel() for weight in file.parameters()) == weights  # not constants, which no .to() moves


@torch.no_grad()
def test_two_arguments_as_iopaint_and_simple_lama_call_it(tmp_path):
    model = trained("pconv")
    export(model, "torchscript", tmp_path / "a.pt", {})
    image, mask = torch.rand(1, 3, 77, 50), (torch.rand(1, 1, 77, 50) > 0.7).float()
    answer = torch.jit.load(tmp_path / "a.pt")(image, mask)
    assert torch.equal(answer, inpaintlab.fill(model, image, mask.bool(), "whole"))


@pytest.mark.parametrize("name", ["context_encoder", "pathak, random, noise", "dcgan"])
def test_generators_say_what_they_take(name, tmp_path):
    export(trained(name), "onnx", tmp_path / "a.onnx", {})
    session = open_session(tmp_path / "a.onnx")
    expected = {
        "context_encoder": [("window", ["batch", 32, 32, 3])],
        "pathak, random, noise": [
            ("window", ["batch", 32, 32, 3]),
            ("hole", ["batch", 32, 32]),
            ("noise", ["batch", 4]),
        ],
        "dcgan": [("z", ["batch", 8])],
    }
    assert [(one.name, one.shape) for one in session.get_inputs()] == expected[name]
    assert name in GENERATORS


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GLCIC(width=4, size=32, patch=16, global_layers=3, local_layers=2, blend="poisson"), "sparse system"),
        (lambda: GLCIC(width=4, size=32, patch=16, global_layers=3, local_layers=2, fit="scale"), "fit=scale chooses"),
        (HarmonicResidual, "as many levels as the picture's size asks for"),
        (lambda: EdgeConnect(width=4, residual_blocks=1, phase="inpaint", **EASY), "follows edges from pixel to pixel"),
    ],
)
def test_what_has_no_file_says_why(make, message, tmp_path):
    for form in ("onnx", "torchscript"):
        with pytest.raises(UserError, match=message):
            export(make().eval(), form, tmp_path / "a", {})
    assert not list(tmp_path.iterdir())


class Turns(PConv):
    """Something that the exporter has no operator for."""

    def inpaint(self, corrupted, known):
        return super().inpaint(corrupted, known).rot90(2, (2, 3))


def test_what_the_exporter_does_not_know_is_one_line(tmp_path, capfd):
    with pytest.raises(UserError, match=r"the exporter does not know all of this model \(.*rot90"):
        export(Turns(levels=2, width=2, **EASY).eval(), "onnx", tmp_path / "a.onnx", {})
    assert capfd.readouterr().out == ""  # no listing of the whole graph


@pytest.mark.parametrize(("form", "writer"), [("onnx", onnx_file), ("torchscript", torchscript)])
def test_a_file_that_answers_otherwise_is_not_written(form, writer, tmp_path, monkeypatch):
    write = writer.write

    def spoil(portable, path, about):
        with torch.no_grad():
            next(layer for layer in portable.modules() if isinstance(layer, nn.Conv2d)).weight.mul_(1.5)
        write(portable, path, about)

    monkeypatch.setattr(writer, "write", spoil)
    with pytest.raises(UserError, match=f"{form}: the file does not compute what PConv does"):
        export(trained("pconv"), form, tmp_path / "a", {})
    assert not list(tmp_path.iterdir())
