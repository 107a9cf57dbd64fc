import numpy as np
import pytest
import torch
from PIL import Image

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256
from inpaintlab.filling.pictures import predict
from inpaintlab.models.checkpoints import read_checkpoint
from inpaintlab.models.families import families, pictures_of
from inpaintlab.models.madf import MADF
from inpaintlab.models.madf.network import MADFNet
from inpaintlab.models.madf.official import load
from inpaintlab.verbs.convert import convert
from tests.helpers.composing import composed
from tests.models.madf.official_names import official_shapes, official_state


@pytest.fixture
def released(tmp_path):
    torch.save(official_state(width=2), tmp_path / "été (1).pth")
    return tmp_path / "été (1).pth"


def run(*words, **fields):
    cfg = composed("convert", *words)
    for name, value in fields.items():
        cfg[name] = value
    return convert(cfg)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "size"),
    [(("model=madf",), 256), ((), 256), (("model=madf", "paper.size=512"), 512), (("paper.size=64",), 64)],
)
def test_a_checkpoint_as_any_other(words, size, released, tmp_path, capsys):
    path = run(*words, f"output={tmp_path}/b.ckpt", official=str(released))
    model = inpaintlab.load(path)
    assert isinstance(model, MADF)
    assert (model.hparams.width, model.hparams.refinements) == (2, 2)
    content = read_checkpoint(path)
    assert content["official"] == {released.name: file_sha256(released)}
    assert content["datamodule_hyper_parameters"] == {"size": size, "channels": 3}
    told = capsys.readouterr().out
    assert "MADF: " in told
    assert f"for pictures of {size} px, channels: 3; the size is the paper's unless paper.size=" in told


def test_every_family_says_the_size_of_its_pictures():
    found = {family.__name__: pictures_of(family) for family in families()}
    assert {name: each["size"] for name, each in found.items()} == {
        "DeepFill": 256, "EdgeConnect": 256, "GLCIC": 256, "LaMa": 256, "MADF": 256, "PathakContextEncoder": 128,
    }  # fmt: skip
    assert {each["channels"] for each in found.values()} == {3}


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


def by_formula(shapes):
    """Values under which a deep network's activations stay in range: N(0, 1/fan), deviations about 1, small shifts."""
    state = {}
    for number, (name, shape) in enumerate(shapes.items()):
        draws = torch.from_numpy(np.random.RandomState(1000 + number).standard_normal(shape)).float()
        if ".conv1.0" in name:  # the filters that the mask makes
            state[name] = 0.05 * draws
        elif len(shape) == 4:
            state[name] = draws / (shape[1] * shape[2] * shape[3]) ** 0.5
        elif name.endswith(("running_var", ".1.weight", "bn.weight")):
            state[name] = 1 + 0.1 * draws.abs()
        else:
            state[name] = 0.1 * draws if shape else torch.tensor(1)
    return state


def test_converted_weights_fill_as_the_network_itself(tmp_path):
    """Official weights -> `convert` -> `predict`, against their network called by hand, in 8-bit pixels."""
    state = by_formula(official_shapes(width=2))
    torch.save(state, tmp_path / "a.pth")
    run("model=madf", f"output={tmp_path}/a.ckpt", official=str(tmp_path / "a.pth"))
    picture = np.random.RandomState(0).randint(0, 256, (128, 128, 3)).astype(np.uint8)
    hole = np.zeros((128, 128), np.uint8)
    hole[40:90, 30:70] = 255
    for name, pixels in (("photo", picture), ("hole", hole)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    words = [f"ckpt={tmp_path}/a.ckpt", f"images={tmp_path}/photo.png", f"masks={tmp_path}/hole.png"]
    (path,) = predict(composed("predict", *words, f"output={tmp_path}/filled", "device=cpu")).written

    network = MADFNet(width=2).eval()
    load(network, state)
    known = torch.from_numpy(hole == 0).float()[None, None]
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    image = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        painted = network((image - mean) / std * known, known)[-1] * std + mean
    expected = torch.where(known > 0, image, painted.clamp(0, 1)).mul(255).round()[0].permute(1, 2, 0).numpy()
    found = np.array(Image.open(path)).astype(float)
    assert np.abs(found - expected).max() <= 1  # two orders of the same sums
    assert (found == expected).mean() > 0.999
    assert expected[hole > 0].std() > 10  # it is a picture, not one colour
