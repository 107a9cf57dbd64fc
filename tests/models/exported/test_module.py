import pytest
import torch

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation.rivals import size_of_training
from inpaintlab.exporting.export import export
from inpaintlab.models.exported import Exported
from inpaintlab.models.loading import check_given, load_given
from inpaintlab.verbs.export import export as export_verb
from tests.evaluation.evaluating import judged
from tests.exporting.networks import trained
from tests.helpers.composing import composed


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "mine.onnx"
    export(trained("pconv"), "onnx", path, {"size": 32, "channels": 3})
    return path


def test_fills_as_the_model_does(file):
    picture = torch.randint(0, 256, (3, 45, 39), dtype=torch.uint8)
    hole = torch.zeros(45, 39, dtype=torch.bool)
    hole[10:30, 5:20] = True
    model = inpaintlab.load(file)
    ours, theirs = (inpaintlab.fill(one, picture, hole, "whole") for one in (trained("pconv"), model))
    assert (ours.int() - theirs.int()).abs().max() <= 1
    assert torch.equal(theirs[:, ~hole], picture[:, ~hole])
    assert (model.trained_size, model.channels, model.blind) == (32, 3, False)


@pytest.mark.slow
def test_a_blind_one_stays_blind(tmp_path):
    export(trained("blind"), "onnx", tmp_path / "b.onnx", {})
    assert inpaintlab.load(tmp_path / "b.onnx").blind


def test_the_words_of_evaluate(file):
    node = {"_target_": "inpaintlab.models.exported.Exported", "path": str(file)}
    check_given(str(file), node)
    check_given(str(file), None)
    model, trained_on = load_given(str(file), node, torch.device("cpu"))
    assert isinstance(model, Exported)
    assert trained_on == size_of_training(str(file)) == {"size": 32, "channels": 3}
    for ckpt in (None, "last.ckpt"):
        with pytest.raises(UserError, match=r"expected the \.onnx file"):
            check_given(ckpt, node)


@pytest.mark.slow
def test_evaluate_judges_it_as_the_model_that_it_came_from(tmp_path):
    model = trained("pconv")
    name = f"{type(model).__module__}.{type(model).__qualname__}"
    content = {"model": name, "state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    torch.save(content | {"datamodule_hyper_parameters": {"size": 32, "channels": 3}}, tmp_path / "mine.ckpt")
    export_verb(composed("export", f"ckpt={tmp_path}/mine.ckpt", "format=onnx", f"output={tmp_path}/mine.onnx"))
    words = ("data.size=null", "data.channels=null", "limit=2", "protocol=[standard,lama]")
    ours = judged(tmp_path / "ours", *words, f"ckpt={tmp_path}/mine.ckpt", model=None)
    theirs = judged(tmp_path / "theirs", *words, f"ckpt={tmp_path}/mine.onnx", model="exported")
    assert (theirs["name"], theirs["size"]) == ("mine", 32)
    completed = [[row for row in one["rows"] if row["output"] == "completed"] for one in (ours, theirs)]
    assert {row["protocol"] for row in completed[1]} == {"standard", "lama"}
    for own, exported in zip(*completed, strict=True):
        assert (exported["protocol"], exported["region"]) == (own["protocol"], own["region"])
        assert exported["ssim"] == pytest.approx(own["ssim"], abs=1e-3)


def test_what_it_refuses(file, tmp_path):
    with pytest.raises(UserError, match="give its file"):
        Exported()
    with pytest.raises(UserError, match="cannot be trained"):
        Exported(str(file)).losses(None)
    (tmp_path / "torn.onnx").write_bytes(file.read_bytes()[:999])
    with pytest.raises(UserError, match="no model that onnxruntime takes"):
        inpaintlab.load(tmp_path / "torn.onnx")
    export(trained("dcgan"), "onnx", tmp_path / "z.onnx", {})
    with pytest.raises(UserError, match="fills no pictures of any size, it gives a generated picture of 32 px"):
        inpaintlab.load(tmp_path / "z.onnx")
