"""Frozen networks that judge: where the files of their weights lie, what is in them, and how precisely they compute."""

import hashlib
import pickle
import re
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from zipfile import BadZipFile

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError

UNREADABLE = (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError, BadZipFile)


def find_weights(given: str | None, url: str, key: str) -> Path:
    """Return the given file, or with None the one at ``url``, fetched into torch's cache unless it is there.

    ``key`` is the word of the configuration that names such a file; a ``UserError`` points to it.
    """
    if given is not None:
        if not Path(given).is_file():
            raise UserError(f"{key}={given}: no such file; it is to be had from {url}")
        return Path(given)
    cached = Path(torch.hub.get_dir(), "checkpoints", Path(url).name)
    if not cached.is_file():
        digits = re.search(r"-([0-9a-f]{8,})\.", cached.name)
        try:
            cached.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(cached), digits.group(1) if digits else None, progress=False)
        except (OSError, RuntimeError) as error:  # RuntimeError: the hash in the name is not that of the bytes
            raise UserError(
                f"{key}: the weights {url} cannot be fetched ({error}); "
                f"put the file at {cached} or name it by {key}=<file>"
            ) from error
    return cached


def read_weights(path: Path, key: str, expected: str) -> dict[str, Tensor]:
    """Read a state dict as tensors by name; anything else raises ``UserError``.

    ``expected`` says in the error what the file should have been. No code in the file is run.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise UserError(f"{key}={path}: cannot be read ({_first_line(error)}); expected {expected}") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"{key}={path}: not a dictionary of tensors; expected {expected}")
    return state


def fill(module: nn.Module, state: dict[str, Tensor], path: Path, key: str, expected: str) -> None:
    """Copy the weights into the module; a name missing or left over and another shape raise ``UserError``."""
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        lines = str(error).splitlines()
        detail = (lines[1] if len(lines) > 1 else lines[0]).strip()
        raise UserError(f"{key}={path}: not {expected} ({detail[:120].rstrip(' .,')})") from error


def hash_state(module: nn.Module) -> str:
    """Return the SHA-256 of a module's parameters and buffers: names, types, shapes and bytes, in order of names."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        array = value.detach().cpu().contiguous()
        digest.update(f"{name} {array.dtype} {tuple(array.shape)}\n".encode())
        digest.update(array.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def full_precision(device: torch.device) -> AbstractContextManager:
    """No 16 bits, and on a GPU no TF32 in convolutions, so that a number does not depend on where it is computed."""
    stack = ExitStack()
    stack.enter_context(torch.autocast(device.type, enabled=False))
    if device.type == "cuda":
        cudnn = torch.backends.cudnn
        kept = {"enabled": cudnn.enabled, "benchmark": cudnn.benchmark, "deterministic": cudnn.deterministic}
        stack.enter_context(cudnn.flags(**kept, allow_tf32=False))
    return stack


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
