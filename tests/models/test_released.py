"""Files laid out as the authors' are recognised, whoever they are of, and loaded; each also says whose it is not."""

import logging

import pytest
import torch

import inpaintlab
from inpaintlab.basics.errors import UserError
from inpaintlab.models.edge_connect import EdgeConnect
from inpaintlab.models.edge_connect import official as edges
from inpaintlab.models.families import families
from inpaintlab.models.lama import LaMa
from inpaintlab.models.lama import official as lama
from tests.models.madf.official_names import official_state

EDGE = {"width": 4, "residual_blocks": 2}


def of_lama():
    model = LaMa(width=4, blocks=2, d_width=4, perceptual=0)
    return {"state_dict": lama.to_official(model.generator, model.discriminator)}


def of_edge_connect():
    return edges.save(EdgeConnect(**EDGE), "EdgeModel_gen.pth")


RELEASED = {"LaMa": of_lama, "EdgeConnect": of_edge_connect, "MADF": lambda: official_state(width=2)}


@pytest.mark.slow
@pytest.mark.parametrize("name", RELEASED)
def test_one_family_takes_it_and_the_others_say_no(name, tmp_path):
    contents = RELEASED[name]()
    for family in families():
        if family.__name__ == name:
            assert family.official_arguments(contents)
        else:
            with pytest.raises(UserError, match=r"^official weights.*"):
                family.official_arguments(contents)
    torch.save(contents, tmp_path / "released.pth")
    assert type(inpaintlab.load(tmp_path / "released.pth")).__name__ == name


def test_all_papers_with_released_weights_are_asked():
    assert {family.__name__ for family in families()} >= {"DeepFill", "EdgeConnect", "GLCIC", "LaMa", "MADF"}


def test_lama_s_arguments():
    expected = {"channels": 3, "width": 4, "downs": 3, "blocks": 2, "global_share": 0.75, "d_width": 4, "d_layers": 4}
    assert LaMa.official_arguments(of_lama()) == expected


@pytest.mark.slow
def test_several_files_make_one_model(tmp_path, caplog):
    """Both generators, as a folder: the phase is the one that uses both."""
    caplog.set_level(logging.ERROR)
    model = EdgeConnect(**EDGE)
    for name in ("EdgeModel_gen", "InpaintingModel_gen"):
        torch.save(edges.save(model, f"{name}.pth"), tmp_path / f"{name}.pth")
    found = inpaintlab.load(tmp_path)
    assert found.hparams.phase == "edge_inpaint"
    for name, weight in model.generator.state_dict().items():
        assert torch.equal(found.generator.state_dict()[name], weight), name


def test_a_critic_alone_fills_nothing():
    with pytest.raises(UserError, match="critics of EdgeConnect without a generator"):
        EdgeConnect.official_arguments(edges.save(EdgeConnect(**EDGE), "EdgeModel_dis.pth"))
