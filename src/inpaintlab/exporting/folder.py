"""The folder form: what ``inpaintlab.load`` takes, and what can be published as it is."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_json, write_text
from inpaintlab.exporting import card
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.folder_form import CARD, CONFIG, WEIGHTS
from inpaintlab.models.loading import open_model


def write(model: InpaintingModule, output: Path, about: dict[str, Any], trust: str | None = None) -> None:
    """Write the three files, after a look at what comes back of them; other files in the folder stay."""
    from safetensors.torch import save_file

    if output.exists() and not output.is_dir():
        raise UserError(f"output={output}: a file; this form is a folder")
    output.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=output) as temporary:
        folder = Path(temporary)
        save_file(
            {name: value.detach().cpu().clone().contiguous() for name, value in model.state_dict().items()},
            folder / WEIGHTS,
        )
        config = {**about, "hyper_parameters": dict(model.hparams)}
        write_json(folder / CONFIG, config)
        _check_same(model, folder, trust)
        write_text(folder / CARD, card.write(model, config, output.name))
        for name in (WEIGHTS, CONFIG, CARD):
            os.replace(folder / name, output / name)


def _check_same(model: InpaintingModule, folder: Path, trust: str | None) -> None:
    """Every weight must come back bit by bit, in a model of the same class."""
    again = open_model(folder, "cpu", trust)[0]
    ours, theirs = model.state_dict(), again.state_dict()
    same = type(again) is type(model) and ours.keys() == theirs.keys()
    if not same or not all(torch.equal(ours[name].cpu(), theirs[name]) for name in ours):
        raise UserError(f"safetensors: {type(model).__name__} does not come back as it was; nothing was written")
