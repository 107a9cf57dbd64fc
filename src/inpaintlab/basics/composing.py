"""The configuration that a command line would give, for callers in Python."""

import threading
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.paths import expand_paths, quote, quote_words
from inpaintlab.basics.plugins import folders, join_search_path, with_outside
from inpaintlab.basics.words import training

COMPOSING = threading.Lock()
"""Hydra keeps what it composes in globals: threads take turns."""


def compose(*words: str, verb: str = "train", folder: str | Path = ".") -> DictConfig:
    """Compose what ``inpaintlab <verb> <words>`` runs with: every value resolved, without Hydra's own node.

    Args:
        words: ``key=value`` as on the command line, ``compose("model=madf", "data=folder", "data.root=pictures")``;
            ``train`` without ``model=`` is the quickstart.
        verb: which configuration: ``train``, ``evaluate``, ``predict``, ``report``, ...
        folder: of a training's files, where the command line would make ``runs/<name>/<date>``; nothing is made here.

    Raises:
        UserError: for a word that the configuration does not know, in one line.
    """
    given = with_outside(list(words))
    name, given = training(given) if verb == "train" else (verb, given)
    with COMPOSING:
        return _compose(name, given, folder)


def _compose(name: str, given: list[str], folder: str | Path) -> DictConfig:
    from hydra.core.hydra_config import HydraConfig

    before = HydraConfig.instance().cfg
    join_search_path()
    cfg = compose_with_hydra(name, quote_words(given))
    try:
        cfg.hydra.runtime.output_dir = str(folder)
        HydraConfig.instance().set_config(cfg)  # the choices of groups are read from there
        own = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
        expand_paths(own)
        resolved = OmegaConf.create(OmegaConf.to_container(own, resolve=True))
    finally:
        HydraConfig.instance().cfg = before
    assert isinstance(resolved, DictConfig)
    return resolved


def compose_with_hydra(name: str, words: list[str], folder: str = FOLDER) -> DictConfig:
    """Compose a configuration of ``folder``, besides which ``conf/`` is there, from words as Hydra takes them.

    Hydra's own node is in it. ``UserError``, in one line, for the first word that it does not know, or that takes away
    a key of the first level, which the verb will read.
    """
    import hydra
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException

    from inpaintlab.basics.mistakes import explain

    if taken := next((word for word in words if word.startswith("~") and "." not in word), None):
        raise UserError(
            f"{taken}: {name} reads that key; leave the word out, or say {taken[1:].partition('=')[0]}=null"
        )
    outer = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()  # a verb that composes has Hydra at work already

    def compose_some(some: list[str]) -> DictConfig:
        beside = [] if folder == FOLDER else [f"hydra.searchpath=[{quote(f'file://{FOLDER}')}]"]
        return hydra.compose(name, [*some, *beside], return_hydra_config=True)

    try:
        with hydra.initialize_config_dir(folder, version_base="1.3"):
            try:
                return compose_some(words)
            except HydraException as error:
                raise UserError(explain(error, words, compose_some, list_choices)) from error
    finally:
        GlobalHydra.instance().hydra = outer


def list_files(group: str) -> list[Path]:
    """Return the YAML files of a group of choices, the plugins' too."""
    return sorted(path for folder in (FOLDER, *folders()) for path in Path(folder, group).glob("[!_]*.yaml"))


def find_choice(group: str, choice: str) -> Path:
    """Return the YAML of a choice of ``list_choices``."""
    return next(path for path in list_files(group) if path.stem == choice)


def list_choices(group: str) -> list[str]:
    """Return what can be said after ``<group>=``."""
    return [path.stem for path in list_files(group)]
