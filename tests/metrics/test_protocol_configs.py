"""Every protocol's YAML composes, is complete, and has its paragraph in the README."""

import inspect
import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf

import inpaintlab.metrics
from inpaintlab.basics import configs
from inpaintlab.metrics.feature_networks import FAMILIES
from inpaintlab.metrics.inception import RESIZES
from tests.metrics.pictures import CONF

NAMES = sorted(path.stem for path in Path(CONF).glob("*.yaml"))


def nodes(node):
    """Walk through a node and all below it that name a class."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield node
        for value in node.values():
            yield from nodes(value)


def parameters(target):
    """The arguments of a class; one without a constructor of its own has none."""
    return inspect.signature(target).parameters if "__init__" in vars(target) else ()


def test_the_protocols_of_the_field_are_there():
    field = {"aot_gan", "edge_connect", "lama", "lbam", "mat", "mmagic", "pyiqa", "rn", "torchmetrics"}
    assert {*NAMES} == {"standard", "blind", *field}


@pytest.mark.parametrize("name", NAMES)
def test_a_yaml_lists_exactly_the_parameters_of_its_classes(name):
    text = Path(CONF, f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# @package protocols.{name}\n")
    for node in nodes(OmegaConf.to_container(OmegaConf.create(text))):
        assert set(node) - {"_target_"} == set(parameters(get_object(node["_target_"])))


def test_several_compose_side_by_side():
    with initialize_config_dir(configs.FOLDER, version_base="1.3"):
        cfg = compose("evaluate", overrides=["protocol=[standard,lama,mat]"])
    assert list(cfg.protocols) == ["standard", "lama", "mat"]
    built = {name: instantiate(node, _convert_="all") for name, node in cfg.protocols.items()}
    assert built["lama"].regions == ("full",)
    assert built["standard"].outputs == ("completed", "prediction")


@pytest.mark.parametrize("name", NAMES)
def test_distributions_name_networks_that_there_are(name):
    built = instantiate(OmegaConf.load(f"{CONF}/{name}.yaml"), _convert_="all")
    assert set(built.distributions) <= {"fid", "kid", "inception_score", "ids"}
    for settings in built.distributions.values():
        assert set(settings) == {"network", "resize"}
        assert settings["network"] in FAMILIES
        assert settings["resize"] is None or settings["resize"] in RESIZES


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_paragraph(name):
    text = Path(inpaintlab.metrics.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert len(re.findall(rf"^\*\*`{name}`\*\*", text, re.MULTILINE)) == 1
