import logging

import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models import torch7
from inpaintlab.models.glcic import official
from inpaintlab.models.glcic.network import CompletionNetwork, Discriminator
from tests.models.glcic import official_names

WIDTH = 4
"""Their networks with a sixteenth of the channels, to be quick."""
SIZES = {"local": (32, 3), "whole": (64, 4)}
SWITCHES = {
    "numbered": {},
    "otenim": {"norm_order": "act_bn", "input_norm": "fill_mean"},
    "mmagic": {"input_norm": "symmetric", "out_act": "clamp"},
}


def networks(family, width=WIDTH, sizes=SIZES):
    torch.manual_seed(0)
    (patch, local_layers), (size, global_layers) = sizes["local"], sizes["whole"]
    norm_order = SWITCHES[family].get("norm_order", "bn_act")
    return (
        CompletionNetwork(width=width, **SWITCHES[family]).eval(),
        Discriminator(size, patch, global_layers, local_layers, width=width, norm_order=norm_order).eval(),
    )


def shapes(family, width=WIDTH, sizes=SIZES):
    if family == "numbered":
        return official_names.numbered(width)
    if family == "mmagic":
        return official_names.mmagic(width, **sizes)
    return official_names.otenim_generator(width) | official_names.otenim_discriminator(width, **sizes)


def exported(family, generator, discriminator):
    """Our tensors under their names, in their order."""
    layout = {"numbered": official.AUTHORS, "otenim": official.OTENIM, "mmagic": official.MMAGIC}[family]
    parts = [*layout.generator(generator), *(layout.discriminator(discriminator) if layout.discriminator else ())]
    state = {part.name: part.ours.detach().reshape(part.shape) for part in parts}
    if family == "mmagic":  # their score joins global, local; ours local, global
        state["disc.fc.weight"] = torch.cat(state["disc.fc.weight"].chunk(2, 1)[::-1], 1)
    return state


@pytest.mark.parametrize("family", SWITCHES)
def test_round_trip(family):
    """Theirs, ours, theirs again: equal; and every tensor of ours has been filled."""
    theirs = official_names.values(shapes(family))
    pair = networks(family)
    assert official.load(*pair, theirs) == []
    again = exported(family, *pair)
    absent = set(again) - set(theirs)
    assert all(torch.equal(again[name], theirs[name]) for name in theirs)
    if family != "mmagic":
        assert not absent
    else:
        assert len(absent) == 16 + 3 + 4
        assert not any(again[name].any() for name in absent), "biases that they do without are 0"


@pytest.mark.parametrize("family", SWITCHES)
def test_every_name_and_shape_of_the_released_networks_has_its_place(family):
    """At full width, with nothing in memory; `copy_` between meta tensors checks the shapes alone."""
    sizes = {"local": (128, 5), "whole": (256, 6)}
    with torch.device("meta"):
        full = {name: torch.empty(shape) for name, shape in shapes(family, 64, sizes).items()}
        pair = networks(family, 64, sizes)
        assert official.load(*pair, full) == []


def test_celeba_of_otenim():
    sizes = {"local": (96, 5), "whole": (160, 5)}
    with torch.device("meta"):
        full = {name: torch.empty(shape) for name, shape in shapes("otenim", 64, sizes).items()}
        assert official.load(*networks("otenim", 64, sizes), full) == []
    assert "model_gd.linear6.weight" in full


def test_layers_have_their_places():
    theirs = official_names.values(official_names.numbered(WIDTH))
    generator, discriminator = networks("numbered")
    official.load(generator, discriminator, theirs)
    for name, ours in {
        "0.weight": generator.blocks[0].conv.weight,
        "19.running_mean": generator.blocks[6].norm.running_mean,
        "27.weight": generator.blocks[9].conv.weight,
        "36.weight": generator.blocks[12].conv.weight,
        "46.bias": generator.blocks[15].norm.bias,
        "48.bias": generator.paint.bias,
    }.items():
        assert torch.equal(ours, theirs[name]), name


def test_the_joint_score_of_mmagic_sees_the_same_halves():
    """Their score of (global, local) features is ours of (local, global)."""
    theirs = official_names.values(shapes("mmagic"))
    generator, discriminator = networks("mmagic")
    official.load(generator, discriminator, theirs)
    views = {"local": torch.rand(2, 3, 32, 32), "global": torch.rand(2, 3, 64, 64)}
    features = torch.cat([discriminator.towers[name](views[name]) for name in ("global", "local")], 1)
    expected = features @ theirs["disc.fc.weight"][0] + theirs["disc.fc.bias"]
    torch.testing.assert_close(discriminator(views), expected)


@pytest.mark.parametrize("prefix", ["", "module.", "model."])
def test_prefixes_and_wrappings_of_savers(prefix):
    theirs = official_names.values(official_names.numbered(WIDTH))
    pair = networks("numbered")
    wrapped = {"state_dict": {f"{prefix}{name}": value for name, value in theirs.items()}}
    assert official.load(*pair, wrapped) == []
    assert torch.equal(pair[0].paint.bias, theirs["48.bias"])


def test_files_without_counters_and_with_the_mean():
    theirs = official_names.values(official_names.numbered(WIDTH, counter=False))
    generator, discriminator = networks("numbered")
    assert official.load(generator, discriminator, theirs | {"mean": torch.tensor([0.1, 0.2, 0.3])}) == []
    assert generator.mean.flatten().tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert "mean" in generator.state_dict(), "so that a checkpoint keeps it"


def test_a_network_of_torch7_with_its_mean():
    """{model: nn.Sequential, mean}: layers count from 1 there, kernels of old layers are matrices."""
    theirs = official_names.values(official_names.numbered(WIDTH, counter=False))
    layers = {}
    for number in range(49):
        fields = {key.split(".")[-1]: value for key, value in theirs.items() if key.split(".")[0] == str(number)}
        layers[number + 1.0] = torch7.Object("nn.Layer", fields | {"gradWeight": torch.zeros(3)})
    kernel = layers[1.0].fields["weight"]
    old = {"weight": kernel.reshape(len(kernel), -1), "nInputPlane": 4.0, "kH": 5.0, "kW": 5.0}
    layers[1.0] = torch7.Object("nn.SpatialConvolutionMM", layers[1.0].fields | old)
    table = {"model": torch7.Object("nn.Sequential", {"modules": layers}), "mean": torch.tensor([0.1, 0.2, 0.3])}
    generator, discriminator = networks("numbered")
    assert official.load(generator, discriminator, table) == []
    assert torch.equal(generator.blocks[0].conv.weight, theirs["0.weight"])
    assert torch.equal(generator.paint.weight, theirs["48.weight"])
    assert generator.mean.flatten().tolist() == pytest.approx([0.1, 0.2, 0.3])


@pytest.mark.parametrize("half", ["generator", "discriminator"])
def test_a_file_of_one_network_leaves_the_other_alone(half):
    """otenim saves ``model_cn`` and ``model_cd`` apart."""
    make = getattr(official_names, f"otenim_{half}")
    theirs = official_names.values(make(WIDTH) if half == "generator" else make(WIDTH, **SIZES))
    pair = networks("otenim")
    before = [{name: value.clone() for name, value in network.state_dict().items()} for network in pair]
    assert official.load(*pair, theirs) == []
    moved = [
        any(not torch.equal(value, old[name]) for name, value in network.state_dict().items())
        for network, old in zip(pair, before, strict=True)
    ]
    assert moved == [half == "generator", half == "discriminator"]


@pytest.mark.parametrize(
    ("theirs", "ours", "message"),
    [
        ("otenim", "numbered", "those of otenim/GLCIC-PyTorch, which want model.norm_order=act_bn model.input_norm=fi"),
        ("mmagic", "numbered", "those of open-mmlab/mmagic, which want .*model.input_norm=symmetric model.out_act=cl"),
        ("numbered", "otenim", "those of satoshiiizuka/siggraph2017_inpainting, which want model.norm_order=bn_act"),
    ],
)
def test_another_family_is_told_by_name(theirs, ours, message):
    with pytest.raises(UserError, match=message):
        official.load(*networks(ours), official_names.values(shapes(theirs)))


def test_no_family_of_glcic_is_told():
    with pytest.raises(UserError, match=r"none of the layouts of GLCIC \(satoshi.*mmagic\); the first .* 0.0.weight"):
        official.load(*networks("numbered"), {"0.0.weight": torch.zeros(1), "0.2.weight": torch.zeros(1)})


def test_a_missing_entry_is_named_and_nothing_is_copied():
    theirs = official_names.values(shapes("otenim"))
    del theirs["model_gd.linear5.bias"]
    pair = networks("otenim")
    before = pair[0].paint.weight.clone()
    with pytest.raises(UserError, match=r"1 of \d+ entries are missing, the first model_gd.linear5.bias; .*otenim"):
        official.load(*pair, theirs)
    assert torch.equal(pair[0].paint.weight, before)


def test_another_width_is_told():
    with pytest.raises(UserError, match=r"0.weight should have the shape \(4, 4, 5, 5\), got \(8, 4, 5, 5\); .*width"):
        official.load(*networks("numbered"), official_names.values(official_names.numbered(8)))


def test_the_licence_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        official.load(*networks("numbered"), official_names.values(official_names.numbered(WIDTH)))
    assert "CC BY-NC-SA 4.0" in caplog.text
