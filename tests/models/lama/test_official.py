import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models import weight_files
from inpaintlab.models.lama import official
from inpaintlab.models.lama.discriminator import Discriminator
from inpaintlab.models.lama.network import Generator
from tests.models.lama.official_names import discriminator_shapes, generator_shapes

WIDTH, BLOCKS = 4, 2


def drawn(shapes):
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.rand(shape, generator=generator) if shape else torch.tensor(1_000_000)
        for name, shape in shapes.items()
    }


def networks(blocks=BLOCKS, width=WIDTH, **arguments):
    return Generator(width=width, blocks=blocks, **arguments), Discriminator(width=width)


@pytest.fixture
def state():
    """As ``best.ckpt`` of a training has it: with the discriminator, the loss's network and those of the metrics."""
    generator, discriminator = drawn(generator_shapes(BLOCKS, WIDTH)), drawn(discriminator_shapes(WIDTH))
    return (
        {f"generator.{name}": value for name, value in generator.items()}
        | {f"discriminator.{name}": value for name, value in discriminator.items()}
        | {"loss_resnet_pl.impl.conv1.weight": torch.zeros(1), "val_evaluator.scores.fid.weight": torch.zeros(1)}
    )


LEFT_OVER = ["loss_resnet_pl.impl.conv1.weight", "val_evaluator.scores.fid.weight"]


@pytest.mark.parametrize("blocks", [9, 18])
def test_every_name_and_shape_of_the_released_networks_has_its_place(blocks):
    """At full width, with nothing in memory."""
    with torch.device("meta"):
        shapes = generator_shapes(blocks)
        full = {f"generator.{name}": torch.empty(shape) for name, shape in shapes.items()}
        assert official.load(*networks(blocks, 64), full) == []
    assert len(shapes) == {9: 521, 18: 989}[blocks]
    ours = official.to_official(*_on_paper(blocks))
    assert {name: tuple(value.shape) for name, value in ours.items() if name.startswith("generator.")} == {
        f"generator.{name}": shape for name, shape in shapes.items()
    }


def _on_paper(blocks):
    with torch.device("meta"):
        return networks(blocks, 64)


def test_there_and_back(state):
    generator, discriminator = networks()
    assert official.load(generator, discriminator, state) == LEFT_OVER
    back = official.to_official(generator, discriminator)
    assert set(back) == set(state) - set(LEFT_OVER)
    assert all(torch.equal(back[name], state[name]) for name in back)


def test_every_tensor_is_filled(state):
    generator, discriminator = networks()
    official.load(generator, discriminator, state)
    ours = [value for net in (generator, discriminator) for value in net.state_dict().values()]
    theirs = [value for name, value in state.items() if name not in LEFT_OVER]
    flat = (torch.cat([v.flatten() for v in values if v.ndim]).sort().values for values in (ours, theirs))
    assert torch.equal(*flat)
    assert generator.body[1].second.norm_far.num_batches_tracked == 1_000_000


def test_places(state):
    generator, discriminator = networks()
    official.load(generator, discriminator, state)
    block = generator.body[1]
    places = {
        "generator.model.1.ffc.convl2l.weight": generator.encoder[0].near_to_near.weight,
        "generator.model.4.ffc.convl2g.weight": generator.encoder[3].near_to_far.weight,
        "generator.model.6.conv2.ffc.convg2l.weight": block.second.far_to_near.weight,
        "generator.model.6.conv1.ffc.convg2g.conv1.1.running_var": block.first.far_to_far.norm.running_var,
        "generator.model.6.conv1.ffc.convg2g.fu.conv_layer.weight": block.first.far_to_far.fourier.conv.weight,
        "generator.model.6.conv2.bn_g.bias": block.second.norm_far.bias,
        "generator.model.8.weight": generator.decoder[0][0].weight,
        "generator.model.15.running_mean": generator.decoder[2][1].running_mean,
        "generator.model.18.bias": generator.paint.bias,
        "discriminator.model4.0.weight": discriminator.layers[4][0].weight,
        "discriminator.model5.0.bias": discriminator.score.bias,
    }
    for name, ours in places.items():
        assert torch.equal(ours, state[name]), name


class Wrapper(nn.Module):
    """Gives a state dict the modules that its names speak of, as the authors' TorchScript has them."""

    def __init__(self, state):
        super().__init__()
        for name, value in state.items():
            *path, leaf = name.split(".")
            module = self
            for part in path:
                if not hasattr(module, part):
                    module.add_module(part, nn.Module())
                module = getattr(module, part)
            module.register_buffer(leaf, value)

    def forward(self, image, mask):
        return image * (1 - mask)


@pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated")
def test_reads_the_torch_script(state, tmp_path):
    """``big-lama.pt``: the generator below ``model``, no discriminator; untouched here."""
    script = {f"model.{name}": value for name, value in state.items() if name.startswith("generator.")}
    pictures = torch.rand(1, 3, 8, 8), torch.rand(1, 1, 8, 8)
    torch.jit.trace(Wrapper(script), pictures).save(str(tmp_path / "big-lama.pt"))
    read = weight_files.read(tmp_path / "big-lama.pt")
    assert set(script) <= set(read)
    generator, discriminator = networks()
    before = discriminator.score.weight.clone()
    assert official.load(generator, discriminator, read) == []
    assert torch.equal(generator.paint.weight, state["generator.model.18.weight"])
    assert torch.equal(discriminator.score.weight, before)


class Callback:
    """Stands for the classes of old libraries that the released checkpoint names."""


def test_reads_the_checkpoint(state, tmp_path):
    """``best.ckpt``: a state dict beside objects of classes that are not installed."""
    torch.save({"state_dict": state, "callbacks": {Callback: Callback()}, "epoch": 39}, tmp_path / "best.ckpt")
    read = weight_files.read(tmp_path / "best.ckpt")
    assert official.load(*networks(), read) == LEFT_OVER


def test_reads_a_bare_state_dict(state, tmp_path):
    bare = {name.removeprefix("generator."): value for name, value in state.items() if name.startswith("generator.")}
    torch.save(bare, tmp_path / "bare.pth")
    assert official.load(*networks(), weight_files.read(tmp_path / "bare.pth")) == []


def test_arguments_are_read_off_the_weights(state):
    found = {"channels": 3, "width": WIDTH, "downs": 3, "blocks": BLOCKS, "global_share": 0.75}
    assert official.arguments({"state_dict": state}) == found | {"d_width": WIDTH, "d_layers": 4}
    script = {f"model.{name}": value for name, value in state.items() if name.startswith("generator.")}
    assert official.arguments(script) == found
    with pytest.raises(UserError, match=r"LaMa.s entry generator.model.1.ffc.convl2l.weight is missing, or is no w"):
        official.arguments(state | {"generator.model.1.ffc.convl2l.weight": torch.zeros(1)})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"blocks": 9}, "they are of a network of 2 blocks, this one has 9: give model.blocks=2"),
        ({"convolution": "regular"}, "this network has convolution=regular; expected convolution=fourier"),
        ({"width": 8}, r"model.1.ffc.convl2l.weight has the shape \(4, 4, 7, 7\), this network expects \(8, 4, 7, 7\)"),
        ({"global_share": 0.5}, "model.4.ffc.convl2l.weight has the shape .*; see model.width, model.global_share"),
    ],
)
def test_refuses_another_network(arguments, message, state):
    with pytest.raises(UserError, match=message):
        official.load(*networks(**arguments), state)


def test_tells_a_released_network_by_name():
    with torch.device("meta"):
        full = {name: torch.empty(shape) for name, shape in generator_shapes(9).items()}
    with pytest.raises(UserError, match=r"9 blocks \(LaMa-Fourier, model=lama_fourier\), this one has 18"):
        official.load(*_on_paper(18), full)


def test_refuses_another_family():
    message = "no generator of LaMa among them: expected an entry .*, the first of 1 is filter_gen_1.conv.0.weight"
    with pytest.raises(UserError, match=message):
        official.load(*networks(), {"filter_gen_1.conv.0.weight": torch.zeros(1)})


def test_a_missing_entry_is_named_and_nothing_is_copied(state):
    generator, discriminator = networks()
    before = generator.encoder[0].near_to_near.weight.clone()
    del state["generator.model.5.conv1.bn_g.running_mean"]
    with pytest.raises(UserError, match=r"1 of \d+ entries are missing, the first generator.model.5.conv1.bn_g.run"):
        official.load(generator, discriminator, state)
    assert torch.equal(generator.encoder[0].near_to_near.weight, before)
