"""An ONNX file as onnxruntime runs it: operators of the standard alone, on the processor."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inpaintlab.basics.errors import UserError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

METADATA = "inpaintlab"
"""Key of what an exported file says of itself."""


def open_session(path: str | Path) -> "InferenceSession":
    """Open a file, with as many threads as torch has; ``UserError`` for what is no model, or without onnxruntime."""
    try:
        import onnxruntime
    except ImportError as error:
        raise UserError(f"{path}: onnxruntime is needed to run it: pip install 'inpaintlab[export]'") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each complaint, none in common
        raise UserError(f"{path}: no model that onnxruntime takes ({_first_line(error)})") from error


def run_session(session: "InferenceSession", inputs: Sequence[np.ndarray]) -> np.ndarray:
    """Run a file on its inputs in order, and return its only output."""
    names = [one.name for one in session.get_inputs()]
    try:
        (result,) = session.run(None, dict(zip(names, inputs, strict=True)))
    except Exception as error:
        raise UserError(f"onnxruntime failed ({_first_line(error)})") from error
    return result


def read_about(session: "InferenceSession") -> dict[str, Any]:
    """Return what the file says of itself, {} if it does not."""
    try:
        about = json.loads(session.get_modelmeta().custom_metadata_map.get(METADATA, "{}"))
    except (ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) else {}


def check_completion(session: "InferenceSession", path: str | Path) -> int | None:
    """Return the channels of the pictures that the file fills; ``UserError`` unless it takes a picture and a hole."""
    slots = [(slot.name, slot.type, len(slot.shape)) for slot in session.get_inputs()]
    if slots != [("picture", "tensor(uint8)", 4), ("hole", "tensor(uint8)", 3)]:
        promise = read_about(session).get("promise")
        offer = f"it gives {promise!s:.200}" if promise else f"it takes {', '.join(name for name, *_ in slots)!s:.200}"
        raise UserError(
            f"{path}: fills no pictures of any size, {offer}; expected a file of `inpaintlab export` that takes "
            "picture and hole in bytes"
        )
    channels = session.get_inputs()[0].shape[3]
    return channels if channels in (1, 3) else None


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
