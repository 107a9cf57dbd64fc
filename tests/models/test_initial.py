import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.exporting.export import export
from inpaintlab.models.dcgan import DCGAN
from inpaintlab.models.edge_connect import EdgeConnect
from inpaintlab.models.initial import take_weights
from inpaintlab.models.madf import MADF
from inpaintlab.models.pconv import PConv
from tests.exporting import networks
from tests.models.edge_connect.formula import official_generator
from tests.models.hostile import SMALL, Gadget, honest
from tests.models.madf.official_names import official_state


def test_the_same_network_takes_everything_but_the_clock(tmp_path):
    content = honest()
    content["state_dict"]["iteration"] = torch.tensor(7)
    torch.save(content, tmp_path / "a.ckpt")
    model = PConv(**SMALL)
    count = len(content["state_dict"]) - 1
    assert take_weights(model, tmp_path / "a.ckpt") == f"init   {tmp_path}/a.ckpt: {count} of {count} weights taken"
    assert int(model.iteration) == 0
    for name, value in content["state_dict"].items():
        assert name == "iteration" or torch.equal(model.state_dict()[name], value), name


def test_what_does_not_fit_is_told(tmp_path):
    """A deeper network begins with the outer levels of a shallow one."""
    content = honest()
    content["state_dict"]["gone"] = torch.zeros(2)
    torch.save(content, tmp_path / "a.ckpt")
    model = PConv(**(SMALL | {"levels": 4}))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    told = take_weights(model, tmp_path / "a.ckpt")
    assert "weights taken" in told
    assert "of another shape: " in told
    assert "not in the file, as initialised: " in told
    assert "network.encoder.3.norm.running_mean" in told
    assert told.endswith("of no use here: network.decoder.2.conv.bias, gone")
    assert torch.equal(model.network.encoder[0].conv.weight, content["state_dict"]["network.encoder.0.conv.weight"])
    assert torch.equal(model.network.encoder[3].conv.weight, before["network.encoder.3.conv.weight"])


def test_weights_of_the_authors(tmp_path):
    released = official_state(width=2)
    torch.save(released, tmp_path / "a.pth")
    model = MADF(width=2, refinements=1, perceptual=0, style=0)
    told = take_weights(model, tmp_path / "a.pth")
    assert "of no use here: network.refinement.1" in told
    assert torch.equal(model.network.refinement[0].paint.weight, released["dec_ref0_1.weight"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            lambda: honest() | {"state_dict": {"other": torch.zeros(1)}},
            "none of its 1 weights fits PConv: the first is other",
        ),
        (lambda: honest() | {"state_dict": [1]}, "state_dict should be {name: tensor}"),
        (lambda: {"other": torch.zeros(1)}, "not written by inpaintlab train"),
        (lambda: honest() | {"callbacks": Gadget("false")}, "torn, or not a checkpoint"),
    ],
)
def test_what_cannot_be_taken_is_told(content, message, tmp_path):
    torch.save(content(), tmp_path / "a.ckpt")
    with pytest.raises(UserError, match=message):
        take_weights(PConv(**SMALL), tmp_path / "a.ckpt")


def test_another_width_is_told_shape_by_shape(tmp_path):
    """Only what has no channels of its own fits: the colours that are painted last."""
    content = honest()
    torch.save(content, tmp_path / "a.ckpt")
    model = PConv(**(SMALL | {"width": 2 * SMALL["width"]}))
    told = take_weights(model, tmp_path / "a.ckpt").splitlines()
    fitting = [name for name, value in content["state_dict"].items() if value.shape == model.state_dict()[name].shape]
    taken = [name for name in fitting if name != "iteration"]
    assert 0 < len(taken) < len(content["state_dict"]) // 2
    assert told[0].endswith(f": {len(taken)} of {len(content['state_dict']) - 1} weights taken")
    width, kernel = SMALL["width"], tuple(content["state_dict"]["network.encoder.0.conv.weight"].shape[1:])
    sizes = "x".join(map(str, kernel))
    assert f"of another shape: network.encoder.0.conv.weight {width}x{sizes} for {2 * width}x{sizes}, " in told[1]
    assert len(told) == 2


@pytest.mark.parametrize("form", ["safetensors", "torchscript"])
@pytest.mark.parametrize(("name", "painter"), [("pconv", "network"), ("dcgan", "generator")])
def test_an_exported_model(form, name, painter, tmp_path):
    """The folder has all of it, TorchScript what paints; both have its weights by name."""
    trained = networks.trained(name).eval()
    trained.iteration.fill_(7)
    export(trained, form, tmp_path / "model", {})
    model = networks.MODELS[name]()
    told = take_weights(model, tmp_path / "model")
    taken = {n for n in model.state_dict() if form == "safetensors" or n.startswith(painter)} - {"iteration"}
    assert f"model: {len(taken)} of {len(model.state_dict()) - 1} weights taken" in told
    assert all(torch.equal(model.state_dict()[n], trained.state_dict()[n]) for n in taken)
    assert int(model.iteration) == 0


def test_an_onnx_file_is_refused_with_what_is_taken(tmp_path):
    with pytest.raises(UserError, match=r"a.onnx: an ONNX file .* without their names; expected a checkpoint, the saf"):
        take_weights(PConv(**SMALL), tmp_path / "a.onnx")


def test_a_folder_of_the_authors(tmp_path):
    """EdgeConnect's are several files."""
    for kind, name in (("edge", "EdgeModel_gen"), ("image", "InpaintingModel_gen")):
        torch.save({"generator": official_generator(kind, 4, 1)}, tmp_path / f"{name}.pth")
    model = EdgeConnect(width=4, residual_blocks=1, perceptual=0, style=0)
    assert f"{tmp_path}: {len(model.state_dict()) - 1} of " in take_weights(model, tmp_path)


@pytest.fixture
def gan(tmp_path):
    """A checkpoint of a GAN, and another GAN of the same sizes."""
    torch.manual_seed(0)
    first, second = DCGAN(size=32, width=4, latent=8, progress=False), DCGAN(size=32, width=4, latent=8, progress=False)
    content = {"model": "x", "state_dict": first.state_dict(), "hyper_parameters": dict(first.hparams)}
    torch.save(content, tmp_path / "gan.ckpt")
    return tmp_path / "gan.ckpt", first.state_dict(), second


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_one_player_of_a_gan(player, gan):
    path, there, model = gan
    before = {name: value.clone() for name, value in model.state_dict().items()}
    told = take_weights(model, path, player)
    own = [name for name in before if name.startswith(f"{player}.")]
    assert told == f"init   {path}: {len(own)} of {len(own)} weights of {player} taken"
    assert 0 < len(own) < len(before) - 1
    for name, value in model.state_dict().items():
        assert torch.equal(value, (there if name in own else before)[name]), name


def test_a_gan_takes_all_players(gan):
    path, there, model = gan
    take_weights(model, path)
    assert all(torch.equal(value, there[name]) for name, value in model.state_dict().items())


def test_a_part_that_is_none_is_told(gan):
    path, _, model = gan
    with pytest.raises(UserError, match=r"init_part=critic: no part of DCGAN; it has generator, discriminator"):
        take_weights(model, path, "critic")
