import inspect
from pathlib import Path

import yaml
from hydra.utils import get_class

from inpaintlab.basics.configs import FOLDER


def test_the_yaml_lists_every_constructor_argument():
    nodes = yaml.safe_load(Path(FOLDER, "callbacks", "default.yaml").read_text())
    names = {"checkpoint", "samples", "learning_rate", "progress", "forecast", "finite", "preemption", "alive"}
    assert set(nodes) == names
    for node in nodes.values():
        parameters = inspect.signature(get_class(node.pop("_target_"))).parameters
        assert set(node) == set(parameters)
        assert all(node[name] == p.default for name, p in parameters.items() if p.default is not p.empty)
