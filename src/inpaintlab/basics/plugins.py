"""Models that live outside this package: installed plugins, and classes that are named on the command line.

A plugin is an installed package with an entry point of the group ``inpaintlab.models`` that names it; its folder
``conf`` joins the choices, so that ``conf/model/toy.yaml`` there is ``model=toy`` here.
"""

import re
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import OmegaConf

if TYPE_CHECKING:
    from hydra.core.config_search_path import ConfigSearchPath

GROUP = "inpaintlab.models"
OUTSIDE = "model=_outside"
"""The choice for a class without a YAML."""


def packages() -> list[str]:
    """Return the packages that installed plugins name."""
    return sorted({entry.module for entry in entry_points(group=GROUP)})


def folders() -> list[str]:
    """Return their folders of configurations."""
    specs = [find_spec(package) for package in packages()]
    places = [Path(place, "conf") for spec in specs if spec for place in spec.submodule_search_locations or ()]
    return [str(place) for place in places if place.is_dir()]


@cache
def join_search_path() -> None:
    """Let Hydra look into these folders too, and know sums of data sets; called before a verb composes."""
    from hydra.core.plugins import Plugins
    from hydra.plugins.search_path_plugin import SearchPathPlugin

    from inpaintlab.basics.sets import Sets, SetsPath

    class Folders(SearchPathPlugin):
        """Appends the plugins' folders."""

        def manipulate_search_path(self, search_path: "ConfigSearchPath") -> None:
            """Append them."""
            there = {entry.path for entry in search_path.get_path()}
            for folder in folders():
                if f"file://{folder}" not in there:
                    search_path.append(GROUP, f"file://{folder}")

    for plugin in (Folders, Sets, SetsPath):
        Plugins.instance().register(plugin)


def with_outside(words: list[str]) -> list[str]:
    """Let ``model._target_=my.module.Toy`` without ``model=`` choose a class that has no YAML.

    Its further arguments, ``model.width=8``, are new keys to Hydra, which wants a ``+`` before them.
    """
    if not any(word.startswith("model._target_=") for word in words) or any(w.startswith("model=") for w in words):
        return words
    return [OUTSIDE, *(re.sub(r"^(model\.(?!_target_=)[\w.]+=)", r"+\1", word) for word in words)]


def class_name(target: str) -> str:
    """Return the last part of a dotted name."""
    return target.rpartition(".")[2]


OmegaConf.register_new_resolver("class_name", class_name, replace=True)
