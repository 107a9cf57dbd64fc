"""Choices of data that no YAML lists: ``data=a+b``, several sets as one, and ``val_data=``, any set once more."""

from typing import Any

from hydra.core.object_type import ObjectType
from hydra.errors import HydraException
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

SCHEME = "inpaintlab-sets"
SHARED = ("seed", "size", "channels", "batch_size", "num_workers", "edges")
"""Keys of ``conf/data/_joined.yaml`` that hold for every part; all others are the part's own."""


def describe(path: str) -> dict[str, Any] | None:
    """Return what a YAML of that path would hold, None where there is none such."""
    group, _, name = path.partition("/")
    if group == "val_data" and name:
        followed = {key: f"${{data.{key}}}" for key in ("size", "channels", "batch_size")}
        return {"defaults": [{"/data@_here_": name}, "_self_"], **followed}
    if group != "data" or "+" not in name:
        return None
    # From data.parts.<name>.<key> three levels up.
    shared = {"mask": None} | {key: f"${{...{key}}}" for key in SHARED}
    parts = {part.replace(".", "_"): part for part in name.split("+")}
    if len(parts) < len(name.split("+")) or not all(parts):
        raise HydraException(f"data={name}: expected the names of several sets, each once, such as photos+facades")
    chosen = [{f"/data@parts.{key}": part} for key, part in parts.items()]
    return {"defaults": ["_joined", *chosen, "_self_"], "parts": dict.fromkeys(parts, shared)}


class Sets(ConfigSource):
    """Where Hydra looks for them, behind all folders."""

    @staticmethod
    def scheme() -> str:
        """Return the scheme of its place in the search path."""
        return SCHEME

    def available(self) -> bool:
        """It always is."""
        return True

    def is_group(self, config_path: str) -> bool:
        """Tell whether that is a group of choices."""
        return config_path in ("data", "val_data")

    def is_config(self, config_path: str) -> bool:
        """Tell whether that is a choice."""
        return describe(config_path) is not None

    def load_config(self, config_path: str) -> ConfigResult:
        """Return the choice."""
        return ConfigResult(
            provider=self.provider,
            path=f"{SCHEME}://{config_path}",
            config=OmegaConf.create(describe(config_path)),
            header={"package": None},
        )

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:  # noqa: ARG002
        """List none of them: there is no end of sums."""
        return []


class SetsPath(SearchPathPlugin):
    """Puts them into the search path."""

    def manipulate_search_path(self, search_path: Any) -> None:
        """Append them, once."""
        if not any(entry.provider == SCHEME for entry in search_path.get_path()):
            search_path.append(SCHEME, f"{SCHEME}://")
