import logging

import numpy as np
import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models.deepfill import DeepFill, layouts
from tests.models.deepfill import official_names
from tests.models.deepfill.presets import arguments_of, small

BGR = {"channel_order": "bgr"}
PORT = {"padding": "torch", "resize": "floor"}
KINDS = [
    ("tensorflow", "v1", BGR),
    ("tensorflow", "v2", BGR),
    ("daa233", "v1", {}),
    ("mmagic", "v1", {"padding": "reflect", "resize": "floor", "invalid": "exclude", "overlap": "count"}),
    ("nipponjo tf", "v2", {}),
    ("nipponjo pt", "v2", PORT),
]
assert len(KINDS) == len(layouts.LAYOUTS)
BUFFER = {"nipponjo pt": ["stage2.contextual_attention.fuse_weight"]}
ALL = pytest.mark.parametrize(("layout", "version", "settings"), KINDS, ids=[f"{k[0]} {k[1]}" for k in KINDS])


def released(layout, version):
    return official_names.released(layout, version, width=4)


@ALL
def test_names_cover_the_released_network(layout, version, settings):
    """84 tensors, of the published number of parameters; names that differ are 84 too."""
    state = official_names.released(layout, version)
    weights = {name: value for name, value in state.items() if "fuse_weight" not in name}
    assert len(weights) == 84
    assert sum(np.prod(value.shape) for value in weights.values()) == {"v1": 3_601_542, "v2": 4_052_478}[version]
    if layout == "nipponjo pt":
        assert list(state)[66] == "stage2.contextual_attention.fuse_weight"


@ALL
def test_arguments_are_read_off_the_file(layout, version, settings):
    """Those of the preset, with the file's width and settings; the model that they make takes the file."""
    found = DeepFill.official_arguments(released(layout, version))
    preset = arguments_of(version) | {"size": 256, "channels": 3}
    assert preset | found == preset | settings | {"width": 4}
    assert DeepFill(**found, critic_width=2).load_official(released(layout, version)) == BUFFER.get(layout, [])


@pytest.mark.parametrize("entry", ["text", torch.zeros(3), None])
def test_entries_that_are_no_convolutions(entry):
    for layout, version, settings in KINDS:
        state, model = released(layout, version), small(version, **settings)
        name = next(iter(state))
        state[name] = entry
        with pytest.raises(UserError, match=r"should be a convolution, got the shape|these are"):
            DeepFill.official_arguments(state)
        with pytest.raises(UserError, match=r"should have the shape|these are"):
            model.load_official(state)


@ALL
def test_there_and_back(layout, version, settings):
    """Every entry goes to the layer of its place; taken out of ours in their order they are the file again."""
    model = small(version, **settings)
    state = released(layout, version)
    assert model.load_official(state) == BUFFER.get(layout, [])
    names = official_names.names_of(layout, version)
    assert list(model.generator.convolutions()) == [name for name, *_ in official_names.LAYERS[version]]
    back = {}
    for name, layer in zip(names, model.generator.convolutions().values(), strict=True):
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        if layout == "tensorflow":
            back |= {f"{name}/kernel": weight.transpose(2, 3, 1, 0), f"{name}/bias": bias}
        else:
            back |= {f"{name}.weight": weight, f"{name}.bias": bias}
    assert set(state) == {*back, *BUFFER.get(layout, [])}
    assert all(np.array_equal(state[name], value) for name, value in back.items())


@ALL
def test_the_same_pictures_from_every_layout(layout, version, settings):
    """The weights of a model, written in their layout and loaded into another model."""
    first, second = small(version, **settings).eval(), small(version, **settings, width=4).eval()
    state = {}
    for name, layer in zip(
        official_names.names_of(layout, version), first.generator.convolutions().values(), strict=True
    ):
        weight, bias = layer.weight.detach(), layer.bias.detach()
        if layout == "tensorflow":
            state |= {f"{name}/kernel": weight.permute(2, 3, 1, 0).numpy(), f"{name}/bias": bias.numpy()}
        else:
            state |= {f"{name}.weight": weight, f"{name}.bias": bias}
    for layer in second.generator.convolutions().values():
        torch.nn.init.normal_(layer.weight)
    second.load_official(state)
    side = 96 if layout == "mmagic" else 32  # mirrored by 16 px at a quarter of its size
    picture, known = torch.rand(1, 3, side, side), torch.ones(1, 1, side, side)
    known[..., :12, :12] = 0
    assert torch.equal(first.inpaint(picture, known), second.inpaint(picture, known))


def test_a_kernel_of_tensorflow_is_turned():
    """One 1 in a kernel of rows, columns, inputs, outputs."""
    state = {name: np.zeros_like(value) for name, value in released("tensorflow", "v1").items()}
    state["inpaint_net/xconv4_downsample/kernel"][0, 2, 5, 3] = 1
    model = small("v1", **BGR)
    model.load_official(state)
    (place,) = model.generator.convolutions()["xconv4_downsample"].weight.nonzero().tolist()
    assert place == [3, 5, 0, 2]


@pytest.mark.parametrize("saved", ["netG.", "state_dict", "G"])
def test_what_ports_save_around_the_weights(saved):
    layout, version, settings = {"netG.": KINDS[2], "state_dict": KINDS[3], "G": KINDS[4]}[saved]
    state, model = released(layout, version), small(version, **settings)
    if saved == "netG.":
        wrapped = {f"netG.{name}": value for name, value in state.items()} | {"localD.linear.bias": torch.zeros(1)}
        unused = ["localD.linear.bias"]
    elif saved == "state_dict":
        wrapped, unused = {"state_dict": {**state, "disc.x": torch.zeros(1)}, "meta": {}}, ["disc.x"]
    else:
        wrapped, unused = {"G": state, "G_optim": {"state": {}}, "n_iter": 7}, ["G_optim", "n_iter"]
    assert model.load_official(wrapped) == unused
    expected = state[f"{official_names.names_of(layout, version)[0]}.weight"]
    assert torch.equal(model.generator.convolutions()["conv1"].weight, expected)


def test_critics_of_v1():
    """Convolutions, and the linear layer that reads rows, columns, channels in the file and channels first here."""
    model = small("v1", **BGR)
    critics = official_names.released_critics("tensorflow", "v1", width=4, side=32)
    for name, channels, side in (("local", 32, 1), ("global", 16, 2)):  # a constant for each channel
        constants = np.tile(np.arange(channels, dtype="f"), (side, side, 1))
        critics[f"discriminator/dout_{name}_fc/kernel"] = constants.reshape(-1, 1)
    assert model.load_official(released("tensorflow", "v1") | critics) == []
    for name, channels, side in (("local", 32, 1), ("global", 16, 2)):
        critic = model.get_submodule(f"{name}_critic")
        weight = critic.fc.weight.reshape(channels, side, side)
        assert torch.equal(weight, torch.arange(channels).float()[:, None, None].expand(-1, side, side))
        assert critic.fc.bias.item() == 1
        kernel = critics[f"discriminator/discriminator_{name}/conv3/kernel"]
        assert np.array_equal(critic.convolutions.conv3.weight.detach(), kernel.transpose(3, 2, 0, 1))


@pytest.mark.parametrize("layout", ["tensorflow", "nipponjo tf"])
def test_critic_of_v2(layout):
    """With its left singular vectors, from which the right ones follow; without them, those of the weights."""
    critic = official_names.released_critics(layout, "v2", width=4)
    vectors = {name: value for name, value in critic.items() if name.endswith(("/u", "weight_u"))}
    for given in (critic, {name: value for name, value in critic.items() if name not in vectors}):
        model = small("v2", **(BGR if layout == "tensorflow" else {}))
        generator = released(layout, "v2")
        state = generator | given if layout == "tensorflow" else {"G": generator, "D": given, "n_iter": 1}
        assert model.load_official(state) == ([] if layout == "tensorflow" else ["n_iter"])
        for number, name in enumerate(vectors, start=1):
            layer = model.critic.convolutions.get_submodule(f"conv{number}")
            norm = layer.parametrizations.weight
            if layout == "tensorflow":
                theirs = critic[f"discriminator/sn_patch_gan/conv{number}/kernel"].transpose(3, 2, 0, 1)
            else:
                theirs = critic[f"conv{number}.conv_sn.weight"].numpy()
            assert np.array_equal(norm.original.detach(), theirs)
            matrix = torch.from_numpy(np.ascontiguousarray(theirs)).flatten(1)
            if given is critic:
                left = torch.as_tensor(vectors[name]).flatten()
                torch.testing.assert_close(norm[0]._u, left)
                torch.testing.assert_close(norm[0]._v, torch.nn.functional.normalize(matrix.T @ left, dim=0))
            else:
                sigma = norm[0]._u @ matrix @ norm[0]._v
                torch.testing.assert_close(sigma, torch.linalg.matrix_norm(matrix, 2), rtol=1e-4, atol=1e-5)


def test_published_sizes_of_the_critics():
    for version, total in (("v1", 4_339_329 + 2_733_441), ("v2", 5_946_816)):
        state = official_names.released_critics("tensorflow", version)
        assert sum(value.size for name, value in state.items() if not name.endswith("/u")) == total


def test_moments_of_the_optimiser_have_no_use():
    state = released("tensorflow", "v2") | {"inpaint_net/conv1/kernel/Adam": np.zeros(1), "global_step": np.zeros(())}
    assert small("v2", **BGR).load_official(state) == ["global_step", "inpaint_net/conv1/kernel/Adam"]


def test_the_licence_is_told(caplog):
    with caplog.at_level(logging.INFO, "lightning.pytorch.utilities.rank_zero"):
        small("v1", **BGR).load_official(released("tensorflow", "v1"))
    assert "TensorFlow release of DeepFill v1: the authors' licence, CC BY-NC 4.0" in caplog.text


@pytest.mark.parametrize(
    ("layout", "version", "other", "message"),
    [
        ("daa233", "v1", "v2", "these are daa233's port of DeepFill v1; this model has convolution=gated"),
        ("tensorflow", "v1", "v2", "these are the authors' TensorFlow release of DeepFill v1; .*model=deepfill_v1"),
        ("tensorflow", "v2", "v1", "these are the authors' TensorFlow release of DeepFill v2; .*model=deepfill_v2"),
        ("nipponjo pt", "v2", "v1", "nipponjo's own training of DeepFill v2; .*convolution=plain"),
    ],
)
def test_weights_of_the_other_version_are_told_by_name(layout, version, other, message):
    with pytest.raises(UserError, match=message):
        small(other).load_official(released(layout, version))


@pytest.mark.parametrize(
    ("layout", "version", "settings", "words"),
    [
        ("tensorflow", "v1", {}, "add model.channel_order=bgr"),
        ("tensorflow", "v2", {**BGR, "fuse": False}, "add model.fuse=true"),
        ("mmagic", "v1", {}, "add model.padding=reflect model.resize=floor model.invalid=exclude model.overlap=count"),
        ("nipponjo tf", "v2", PORT, "add model.padding=tf_same model.resize=align_corners"),
        ("nipponjo pt", "v2", {"padding": "torch"}, "add model.resize=floor"),
    ],
)
def test_the_settings_that_weights_were_made_for(layout, version, settings, words):
    with pytest.raises(UserError, match=f"were made for other settings; {words}$"):
        small(version, **settings).load_official(released(layout, version))


def test_weights_that_may_have_been_made_for_either_are_taken():
    """daa233's may be converted or trained by the port; nipponjo runs the conversion without fusing."""
    small("v1").load_official(released("daa233", "v1"))
    small("v1", **PORT).load_official(released("daa233", "v1"))
    small("v2", fuse=False, **BGR).load_official(released("nipponjo tf", "v2"))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("coarse.0.conv2d.weight", "these are csqiangwen's network"),
        ("generator.stage1.encoder.enc1.conv.conv.weight", "these are mmagic's DeepFill v2, wider"),
        ("encoder.0.weight", r"no layout known here begins with encoder.0.weight; expected the authors' TensorFlow"),
    ],
)
def test_other_networks_are_told_by_name(entry, message):
    with pytest.raises(UserError, match=message):
        small("v2").load_official({entry: torch.zeros(1)})
    with pytest.raises(UserError, match="begins with nothing"):
        small("v2").load_official({})


def test_a_missing_entry_is_named_and_nothing_is_copied():
    state, model = released("nipponjo tf", "v2"), small("v2")
    del state["xconv3.conv.bias"]
    before = model.generator.convolutions()["conv1"].weight.clone()
    with pytest.raises(UserError, match=r"1 of 84 entries are missing, the first xconv3\.conv\.bias"):
        model.load_official(state)
    assert torch.equal(model.generator.convolutions()["conv1"].weight, before)


def test_another_width_is_told():
    with pytest.raises(
        UserError, match=r"conv1\.conv\.weight should have the shape \(16, 5, 5, 5\), got \(48, 5, 5, 5\)"
    ):
        small("v2", width=8).load_official(official_names.released("nipponjo tf", "v2"))


@pytest.mark.slow
def test_the_presets_take_the_released_sizes():
    """The widths of conf/model, critics and all."""
    for version in ("v1", "v2"):
        model = DeepFill(**(arguments_of(version) | {"size": 256, "channels": 3} | BGR))
        state = official_names.released("tensorflow", version) | official_names.released_critics("tensorflow", version)
        assert model.load_official(state) == []
