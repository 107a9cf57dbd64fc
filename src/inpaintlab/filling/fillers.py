"""Who fills pictures: a model, or a method of another library in its place, for which torch need not be imported."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union

from inpaintlab.filling.settings import Strategy
from inpaintlab.methods import Method
from inpaintlab.models.loading import choose_device, find_model, load_given, method_of

if TYPE_CHECKING:
    from inpaintlab.models.base import InpaintingModule

Filler = Union[Method, "InpaintingModule"]
BY_METHOD: tuple[Strategy, ...] = ("auto", "whole", "crop")
"""The strategies that change no pixels but by the method; the others mix several answers."""


def load_filler(
    ckpt: str | None, model: Mapping[str, Any] | None, device: str, strategy: Strategy, trust: str | None = None
) -> Filler:
    """Return what fills by ``strategy`` as the given model does, see ``loading.load_given``; the same bits either way.

    It is the method alone where that suffices: no device is asked for, and no strategy that mixes several answers.
    """
    if model is not None and device in ("auto", "cpu") and strategy in BY_METHOD:
        method = method_of(model)
        if method is not None:
            return method
    return load_given(ckpt, model, choose_device(device), trust)[0]


def find_filler(name: str, device: str, strategy: Strategy, trust: str | None = None) -> Filler:
    """Return the same of a file, or of a method by its name; ``UserError`` for what is neither."""
    ckpt, model = find_model(name)
    return load_filler(ckpt, model, device, strategy, trust)
