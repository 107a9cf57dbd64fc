import json

import pytest
import torch

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.exporting.export import export
from tests.exporting.networks import MODELS, trained


@pytest.fixture
def folder(tmp_path):
    export(trained("pconv"), "safetensors", tmp_path / "mine", {"size": 64, "channels": 3})
    return tmp_path / "mine"


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_comes_back_as_it_was(name, tmp_path):
    model = trained(name)
    assert export(model, "safetensors", tmp_path / "mine", {}) is None
    again = inpaintlab.load(tmp_path / "mine")
    assert type(again) is type(model)
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in model.state_dict().items())


def test_three_files_and_what_they_say(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert inpaintlab.load(folder).trained_size == 64
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: inpaintlab\n")
    assert "Image Inpainting for Irregular Holes Using Partial Convolutions" in card
    assert "pictures of 64 px, colour" in card


def test_what_else_lies_in_the_folder_stays(folder):
    (folder / "LICENSE").write_text("mine")
    export(trained("madf"), "safetensors", folder, {})
    assert (folder / "LICENSE").read_text() == "mine"
    assert type(inpaintlab.load(folder)).__name__ == "MADF"


CONFIGS = {
    "a function": ({"model": "os.system", "hyper_parameters": {"command": "touch planted"}}, "nothing was run"),
    "no model": ({"model": "inpaintlab.models.base.InpaintingModule", "hyper_parameters": {}}, "none that learns"),
    "a file of its own": ({"model": "inpaintlab.models.exported.Exported"}, "none that learns"),
    "arguments that are none": ({"hyper_parameters": [1]}, "should be"),
    "a strange argument": ({"hyper_parameters": {"gadget": 1}}, "has no hyper-parameter"),
    "a network of a million levels": ({"hyper_parameters": {"levels": 10**6}}, "levels"),
    "a network that asks for all memory": ({"hyper_parameters": {"width": 10**6}}, "do not fit|ask for"),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_hostile_config_runs_nothing(case, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    change, message = CONFIGS[case]
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(UserError, match=message):
        inpaintlab.load(folder)
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000, '{"model": 1}', '{"a": "' + "x" * 2**20 + '"}'])
def test_a_config_that_is_none(content, folder):
    (folder / "config.json").write_text(content)
    with pytest.raises(UserError, match="config"):
        inpaintlab.load(folder)


@pytest.mark.parametrize("damage", ["cut", "header", "empty", "pickle"])
def test_weights_that_are_none(damage, folder):
    path = folder / "model.safetensors"
    content = path.read_bytes()
    if damage == "pickle":
        torch.save({"a": torch.ones(1)}, path)
    else:
        path.write_bytes({"cut": content[:-9], "header": b"\xff" * 8 + content[8:], "empty": b""}[damage])
    with pytest.raises(UserError, match="torn, or not a file of safetensors"):
        inpaintlab.load(folder)


def test_a_file_is_not_overwritten_by_a_folder(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(UserError, match="this form is a folder"):
        export(trained("pconv"), "safetensors", tmp_path / "a", {})
