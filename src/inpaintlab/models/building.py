"""A model from the words of a file: which classes may be built, and with which arguments and weights."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)

from inpaintlab import __version__
from inpaintlab.basics import plugins
from inpaintlab.basics.errors import UserError
from inpaintlab.models.base import InpaintingModule

HOME = "inpaintlab.models"
PLAIN = (str, int, float, bool, type(None))


def find_class(name: Any, trust: str | None = None) -> type[InpaintingModule]:
    """Return the model class of that dotted name; ``UserError`` unless it may be built.

    It must be a subclass of ``InpaintingModule`` that learns, below ``inpaintlab.models``, below a package that an
    installed plugin names, or below ``trust``, packages that the user names, with commas between them. Nothing is
    imported for any other name.
    """
    if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
        raise UserError(f"its model {_short(name)} is no name of a class")
    package, _, last = name.rpartition(".")
    homes = [HOME, *plugins.packages(), *(part.strip() for part in (trust or "").split(",") if part.strip())]
    if not _below(package, homes):
        raise UserError(
            f"its model {_short(name)} is neither below {HOME} nor below a package that you trust; nothing was run. If "
            "you know whose it is: trust=<its package>"
        )
    try:
        model_class = getattr(importlib.import_module(package), last)
    except (ImportError, AttributeError) as error:
        raise UserError(f"its model {_short(name)} cannot be imported here") from error
    is_model = inspect.isclass(model_class) and issubclass(model_class, InpaintingModule)
    if not (is_model and _below(model_class.__module__, homes)):
        raise UserError(
            f"its model {_short(name)} is no model: expected a subclass of InpaintingModule; nothing was run"
        )
    if model_class.iterations == 0 or model_class.inpaint is InpaintingModule.inpaint:
        raise UserError(f"its model {_short(name)} is none that learns; give the method's name instead: model=telea")
    return model_class


def build(model_class: type[InpaintingModule], hyper_parameters: Any, state_dict: Any) -> InpaintingModule:
    """Build the model of a file with its weights; whatever does not fit is told before memory is taken for it."""
    check_arguments(model_class, hyper_parameters)
    check_state(state_dict)
    check_sizes(model_class, hyper_parameters, state_dict)
    model = construct(model_class, hyper_parameters)
    try:
        model.load_state_dict(state_dict)
    except (RuntimeError, TypeError) as error:
        raise UserError(f"its weights do not fit {model_class.__name__} of this version ({__version__})") from error
    return model


def construct(model_class: type[InpaintingModule], arguments: Mapping[str, Any]) -> InpaintingModule:
    """Call the constructor; what it complains of is told in one line, since a file said it."""
    try:
        return model_class(**arguments)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"its hyper_parameters make no {model_class.__name__} ({type(error).__name__}: {_short(str(error))})"
        ) from error


def check_arguments(model_class: type[InpaintingModule], given: Any) -> None:
    """Refuse hyper-parameters that are not plain data, or that the constructor does not take."""
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise UserError(f"its hyper_parameters should be {{name: value}}, got {type(given).__name__}")
    if strange := [value for value in leaves(given) if not isinstance(value, PLAIN)]:
        raise UserError(f"its hyper_parameters should hold plain values, got {type(strange[0]).__name__}")
    parameters = inspect.signature(model_class).parameters.values()
    taken = {parameter.name for parameter in parameters}
    unknown = sorted(set(given) - taken)
    if unknown and not any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters):
        raise UserError(
            f"{model_class.__name__} of inpaintlab {__version__} has no hyper-parameter {_short(unknown[0])}; the file "
            "is of another version: use that one"
        )


def check_state(state_dict: Any) -> None:
    """Refuse weights that are not {name: tensor}."""
    if not isinstance(state_dict, Mapping) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in state_dict.items()
    ):
        raise UserError("its state_dict should be {name: tensor}; the file is damaged, or not a checkpoint")


def check_sizes(
    model_class: type[InpaintingModule], arguments: Mapping[str, Any], state_dict: Mapping[str, Tensor]
) -> None:
    """Compare the names and shapes that the arguments give with those of the file, without memory for a single weight.

    A model from outside whose constructor looks at values cannot be built like this, and is not checked.
    """
    try:
        with torch.device("meta"), at_most(8 * len(state_dict) + 256):
            model = model_class(**arguments)
    except UserError:
        raise
    except Exception as error:
        if "meta" in str(error) and not _below(model_class.__module__, [HOME]):
            return
        raise UserError(
            f"its hyper_parameters make no {model_class.__name__} ({type(error).__name__}: {_short(str(error))})"
        ) from error
    compare_states(model, state_dict, "its hyper_parameters")
    needed = sum(part.numel() for part in (*model.parameters(), *model.buffers()))
    storages = {tensor.untyped_storage().data_ptr(): tensor for tensor in state_dict.values()}.values()
    stored = sum(tensor.untyped_storage().nbytes() // tensor.element_size() for tensor in storages)
    if needed > 2 * stored + 2**20:
        raise UserError(
            f"its hyper_parameters ask for {needed:,} numbers, the file holds {stored:,}; it is damaged or forged"
        )


def compare_states(model: InpaintingModule, state_dict: Mapping[str, Tensor], asked: str) -> None:
    """Refuse weights whose names or shapes are not those of the model, which ``asked`` for them."""
    expected = model.state_dict()
    for name, value in expected.items():
        if name not in state_dict:
            raise UserError(f"its weights lack {name}, for which {asked} ask in {type(model).__name__}")
        if value.shape != state_dict[name].shape:
            raise UserError(
                f"its weights do not fit {asked}: {name} should have the shape {tuple(value.shape)}, got "
                f"{tuple(state_dict[name].shape)}"
            )
    if unknown := sorted(set(state_dict) - set(expected)):
        raise UserError(f"its weights hold {_short(unknown[0])}, which {type(model).__name__} does not have")


class _TooMany(Exception):
    """A network has more parts than the file has weights for."""


@contextmanager
def at_most(parts: int) -> Iterator[None]:
    """Stop the making of networks of more than so many layers or parameters, such as one of a billion levels."""
    left = [parts]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise _TooMany(f"more than {parts} layers and parameters, far more than it holds weights for")

    def count_layer(module: nn.Module, name: str, layer: nn.Module | None) -> None:  # noqa: ARG001
        count()

    hooks = [register_module_module_registration_hook(count_layer), register_module_parameter_registration_hook(count)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def leaves(value: Any) -> Iterator[Any]:
    """Walk through keys and values of nested mappings and lists, each of these once: they may hold one another."""
    open_ends, seen = [value], set()
    while open_ends:
        end = open_ends.pop()
        if not isinstance(end, (Mapping, list, tuple)):
            yield end
        elif id(end) not in seen:
            seen.add(id(end))
            open_ends += [*end.keys(), *end.values()] if isinstance(end, Mapping) else list(end)


def _below(name: str, packages: list[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _short(value: Any) -> str:
    """Quote what a file says; it may be anything and of any length."""
    text = repr(value) if isinstance(value, PLAIN) else f"({type(value).__name__})"
    return text if len(text) <= 100 else f"{text[:97]}..."
