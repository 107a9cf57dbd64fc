import pytest
import torch
import torch.nn.functional as F

from inpaintlab.basics.errors import UserError
from inpaintlab.models.madf import official
from inpaintlab.models.madf.network import MADFNet
from tests.models.hashed_weights import filled, picture, summary
from tests.models.madf.official_names import official_shapes, official_state
from tests.models.madf.unfold import unfold_filter

DEAD = {name for name in official_shapes() if name.startswith("enc_conv_")}


WIDTH = 2
"""Their network with an eighth of its channels, to be quick."""


@pytest.fixture(scope="module")
def state():
    return official_state(width=WIDTH)


@pytest.fixture(scope="module")
def loaded(state):
    network = MADFNet(width=WIDTH).eval()
    return network, official.load(network, state)


def on_paper(**arguments):
    with torch.device("meta"):
        return MADFNet(**arguments)


def test_every_name_and_shape_of_the_released_network_has_its_place():
    """At full width, with nothing in memory; `copy_` between meta tensors checks the shapes alone."""
    with torch.device("meta"):
        full = {name: torch.empty(shape) for name, shape in official_shapes().items()}
    assert set(official.load(on_paper(), full)) == DEAD


def test_the_list_of_names_has_the_released_size():
    """85,141,214 parameters: ours, and 1,248 of BatchNorm that is never applied."""
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    sizes = {name: torch.Size(shape).numel() for name, shape in official_shapes().items() if not name.endswith(buffers)}
    assert sum(sizes.values()) == 85_141_214
    assert sum(size for name, size in sizes.items() if name in DEAD) == 1_248


def test_everything_is_used_but_the_dead_batch_norms(loaded):
    _, unused = loaded
    assert len(unused) == 35
    assert set(unused) == DEAD


def test_every_parameter_and_buffer_is_filled(loaded, state):
    """The same values on both sides, each once."""
    network, unused = loaded
    ours = torch.cat([value.flatten() for value in network.state_dict().values() if value.is_floating_point()])
    theirs = torch.cat([state[name].flatten() for name in state if name not in unused and state[name].ndim])
    assert torch.equal(ours.sort().values, theirs.sort().values)


def test_filters_of_every_level_act_as_theirs(loaded, state):
    """Their definition with their tensors in their order, against our level."""
    network, _ = loaded
    for i, level in enumerate(network.encoder.levels, start=1):
        channels, inputs, size, _ = level.filter.weight.shape[1:]
        features, mask = torch.rand(1, inputs, 4, 4), torch.rand(1, level.mask.in_channels, 4, 4)
        gen = f"filter_gen_{i}"
        mask_features = F.conv2d(mask, state[f"{gen}.conv.0.weight"], state[f"{gen}.conv.0.bias"], 2, size // 2).relu()
        weight, bias = state[f"{gen}.conv1.0.weight"], state[f"{gen}.conv1.0.bias"]
        expected = unfold_filter(features, mask_features, weight, bias, channels, size, 2).relu()
        torch.testing.assert_close(level(features, mask), (expected, mask_features), rtol=1e-5, atol=1e-5)


def test_the_rest_has_its_place(loaded, state):
    network, _ = loaded
    places = {
        "enc_up_4.0.weight": network.encoder.up[3].weight,
        "deconv_7.0.bias": network.recovery[0].upsample.bias,
        "deconv_2.1.running_var": network.recovery[5].norm.running_var,
        "att_conv_1.conv.0.weight": network.recovery[6].blend.weight,
        "dec_ref0_7.deconv.weight": network.refinement[0].blocks[0].upsample.weight,
        "dec_ref1_2.bn.batch_norm.running_mean": network.refinement[1].blocks[5].norm.norm.running_mean,
        "dec_ref1_3.bn.mlp_shared.0.weight": network.refinement[1].blocks[4].norm.hidden.weight,
        "dec_ref1_3.bn.mlp_scale.weight": network.refinement[1].blocks[4].norm.affine.weight[: 8 * WIDTH],
        "dec_ref1_3.bn.mlp_bias.bias": network.refinement[1].blocks[4].norm.affine.bias[8 * WIDTH :],
        "dec_ref0_1.weight": network.refinement[0].paint.weight,
        "dec_ref1_1.bias": network.refinement[1].paint.bias,
    }
    for name, ours in places.items():
        assert torch.equal(ours, state[name]), name
    assert network.recovery[0].norm.num_batches_tracked == 1_000_000


def test_takes_a_checkpoint_of_their_training_script(loaded, state):
    """Fewer refinements: the rest is reported; so is the frozen VGG-16 that their loss saves."""
    wrapped = {f"module.model.{name}": value for name, value in state.items()}
    wrapped["module.loss.extractor.enc_1.0.weight"] = torch.zeros(1)
    network = MADFNet(width=WIDTH, refinements=1)
    unused = official.load(network, {"n_iter": 1_000_000, "model": wrapped})
    assert set(unused) == DEAD | {n for n in state if "ref1" in n} | {"loss.extractor.enc_1.0.weight"}
    assert torch.equal(network.refinement[0].paint.weight, loaded[0].refinement[0].paint.weight)


def hashed():
    """Their state by a hash of its names; quieter where features are multiplied, so that all that is joined counts."""
    quieter = {".conv1.0.": 1 / 16, ".mlp_scale.": 1 / 4}
    return {
        name: filled(name, shape) * next((q for part, q in quieter.items() if part in name), 1)
        if shape
        else torch.tensor(0)
        for name, shape in official_shapes(width=WIDTH).items()
    }


def test_golden_outputs():
    """Of the authors' class in float64 with an eighth of its channels, at 128 px; another order of joining fails."""
    network = MADFNet(width=WIDTH).double().eval()
    official.load(network, hashed())
    pixels, hole = picture(3, 128)
    with torch.no_grad():
        painted = network((2 * pixels - 1) * (1 - hole), 1 - hole)
    expected = [
        [0.034291, 0.606656, -0.693831, 0.003327, -0.253218],
        [0.415716, 1.596661, 1.335189, 0.001957, 1.134461],
        [-0.505171, 0.922720, -0.921295, -0.256617, 0.013708],
    ]
    for values, numbers in zip(painted, expected, strict=True):
        assert summary(values) == pytest.approx(numbers, abs=1e-6)


def test_a_missing_entry_is_named_and_nothing_is_copied(state):
    network = MADFNet(width=WIDTH, refinements=0)
    before = network.encoder.up[0].weight.clone()
    partial = {name: value for name, value in state.items() if name != "deconv_3.1.running_mean"}
    with pytest.raises(UserError, match=r"official weights: 1 of 100 entries are missing.*deconv_3.1.running_mean"):
        official.load(network, partial)
    assert torch.equal(network.encoder.up[0].weight, before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"refinements": 3}, r"68 of 304 entries are missing, the first dec_ref2_7.deconv.weight; .*K at most 2"),
        ({"width": 4}, r"filter_gen_1.conv1.0.weight should have the shape \(1176, 16, 1, 1\), got \(588, 16, 1, 1\)"),
        ({"enc_channels": "formula"}, r"filter_gen_1.conv1.0.weight should .*enc_channels=code"),
        ({"encoder": "gconv"}, "this network has encoder=gconv; .*encoder=madf"),
        ({"norm": "bn"}, "this network has norm=bn; .*norm=pn"),
    ],
)
def test_refuses_another_network(state, arguments, message):
    with pytest.raises(UserError, match=message):
        official.load(on_paper(**({"width": WIDTH} | arguments)), state)
