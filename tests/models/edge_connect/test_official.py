import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.edge_connect import EdgeConnect, official
from tests.models.edge_connect.formula import official_discriminator, official_generator
from tests.models.hashed_weights import picture, summary

NARROW = {"width": 4, "residual_blocks": 2, "perceptual": 0, "style": 0}


def small(**arguments):
    torch.manual_seed(0)
    return EdgeConnect(**(NARROW | arguments))


def contents(width=4, blocks=2):
    """The authors' four files: {name: content}."""
    return {
        "EdgeModel_gen.pth": {"iteration": 7, "generator": official_generator("edge", width, blocks)},
        "InpaintingModel_gen.pth": {"iteration": 9, "generator": official_generator("image", width, blocks)},
        "EdgeModel_dis.pth": {"discriminator": official_discriminator(2, width)},
        "InpaintingModel_dis.pth": {"discriminator": official_discriminator(3, width)},
    }


@pytest.fixture(scope="module")
def files():
    return contents()


@pytest.mark.slow
def test_golden_outputs():
    """The authors' classes in float64 at full width, filled by the same formula; 64 px."""
    model = EdgeConnect(phase="joint", perceptual=0, style=0).double().eval()
    for content in contents(64, 8).values():
        assert model.load_official(content) == []
    pixels, hole = picture(5, 64)
    grey, edge, rgb = pixels[:, :1], (pixels[:, 1:2] > 0.9).double(), pixels[:, 2:]
    with torch.no_grad():
        drawn = model.generator.edge(torch.cat([grey * (1 - hole) + hole, edge * (1 - hole), hole], 1))
        guide = drawn * hole + edge * (1 - hole)
        painted = model.generator.image(torch.cat([rgb * (1 - hole) + hole, guide], 1))
        logits = model.image_discriminator(rgb)[-1]
        edge_logits = model.edge_discriminator(pixels[:, :2])[-1]
    expected = {
        "edges": (drawn, [0.704149, 0.151469, 0.484638, 0.468702, 0.436800]),
        "picture": (painted, [0.672869, 0.289307, 0.667673, 0.842140, 0.922109]),
        "critic": (logits.sigmoid(), [0.496146, 0.002884, 0.500614, 0.496485, 0.496779]),
        "critic's logits": (logits, [-0.015418, 0.011536, 0.002455, -0.014061, -0.012884]),
        "edges' critic": (edge_logits.sigmoid(), [0.493172, 0.003097, 0.498412, 0.492946, 0.496176]),
    }
    for name, (values, numbers) in expected.items():
        assert summary(values) == pytest.approx(numbers, abs=1e-6), name


@pytest.mark.parametrize("name", contents())
def test_theirs_to_ours_to_theirs(name, files):
    model = small()
    assert model.load_official(files[name]) == []
    back = official.save(model, name)
    (entry,) = set(files[name]) - {"iteration"}
    assert back[entry].keys() == files[name][entry].keys()
    for key, value in files[name][entry].items():
        assert torch.equal(back[entry][key], value.float()), key


def test_each_file_goes_to_its_place_and_leaves_the_others(files):
    model = small()
    places = {
        "EdgeModel_gen.pth": model.generator.edge,
        "InpaintingModel_gen.pth": model.generator.image,
        "EdgeModel_dis.pth": model.edge_discriminator,
        "InpaintingModel_dis.pth": model.image_discriminator,
    }
    for name, content in files.items():
        before = {key: value.clone() for key, value in model.state_dict().items()}
        model.load_official(content)
        own = {key for key in before if any(key.startswith(p) for p in _paths(model, places[name]))}
        changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
        assert changed - own == ({"edge_iterations"} if name == "EdgeModel_gen.pth" else set())
        assert {key for key in own if key.endswith(("original", ".weight", ".bias"))} <= changed


def _paths(model, network):
    return [f"{path}." for path, module in model.named_modules() if module is network]


def test_the_edge_generator_counts_as_trained(files):
    model = small()
    model.load_official(files["EdgeModel_gen.pth"])
    assert int(model.edge_iterations) == 7
    again = small()
    again.load_official(files["EdgeModel_gen.pth"]["generator"])
    assert int(again.edge_iterations) == 1


def test_bare_states_of_several_gpus(files):
    state = {f"module.{key}": value for key, value in files["InpaintingModel_gen.pth"]["generator"].items()}
    model = small()
    assert model.load_official(state) == []
    assert torch.equal(model.generator.image.out.bias, state["module.decoder.7.bias"].float())


def test_files_older_than_the_second_vector(files):
    state = dict(files["EdgeModel_gen.pth"]["generator"])
    for key in [key for key in state if key.endswith("weight_v")]:
        del state[key]
        state[key.replace("weight_v", "weight")] = torch.zeros(1)
    whole, model = small(), small()
    whole.load_official(files["EdgeModel_gen.pth"])
    assert model.load_official(state) == []
    for key, value in whole.generator.edge.state_dict().items():
        torch.testing.assert_close(model.generator.edge.state_dict()[key], value, rtol=1e-4, atol=1e-5)


def test_unknown_entries_are_reported(files):
    state = files["EdgeModel_dis.pth"]["discriminator"] | {"conv6.0.weight": torch.zeros(1)}
    assert small().load_official(state) == ["conv6.0.weight"]


def test_says_the_licence(files, caplog):
    small().load_official(files["EdgeModel_dis.pth"])
    assert "EdgeModel_dis.pth" in caplog.text
    assert "CC BY-NC 4.0: not for commercial use" in caplog.text


def refused(model, content, message):
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(UserError, match=message):
        model.load_official(content)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items()), "something was copied"


def test_a_missing_entry_is_named(files):
    state = {k: v for k, v in files["EdgeModel_gen.pth"]["generator"].items() if k != "middle.1.conv_block.5.weight_u"}
    refused(
        small(),
        state,
        r"1 of 34 entries of the edge generator are missing, the first middle\.1\.conv_block\.5\.weight_u",
    )


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("EdgeModel_gen.pth", {"width": 8}, r"encoder\.1\.bias should have the shape \(8,\), got \(4,\); .*width=64"),
        ("InpaintingModel_gen.pth", {"residual_blocks": 3}, r"4 of 24 .* the first middle\.2\.conv_block\.1\.weight; "),
        ("EdgeModel_gen.pth", {"spectral_norm": False}, "EdgeModel_gen.pth and this model differ in spectral norm"),
        ("InpaintingModel_gen.pth", {"channels": 1}, r"InpaintingModel_gen.pth wants width=64, channels=3"),
    ],
)
def test_another_model_is_refused(name, arguments, message, files):
    refused(small(**arguments), files[name], message)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"deconv_7.0.weight": torch.zeros(1), "enc_up_1.0.bias": torch.zeros(1)}, "they begin with deconv_7.0.weight"),
        ({}, "they begin with nothing"),
        ({"decoder.7.weight": torch.zeros(5, 4, 7, 7)}, "not EdgeConnect's"),
    ],
)
def test_another_family_is_told(state, message):
    refused(small(), state, rf"official weights: .*{message}.*wants one of EdgeModel_gen.pth, InpaintingModel_gen.pth")


def test_an_alias_that_differs(files):
    state = files["EdgeModel_dis.pth"]["discriminator"]
    state = state | {"features.0.weight_orig": state["features.0.weight_orig"] + 1}
    refused(small(), state, r"features\.0\.weight_orig and conv1\.0\.weight_orig should be one, and differ")


def test_save_knows_four_files():
    with pytest.raises(UserError, match=r"'gen\.pth' is none of EdgeModel_gen\.pth, InpaintingModel_gen\.pth"):
        official.save(small(), "gen.pth")
