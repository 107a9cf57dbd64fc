"""ONNX: the whole contract in one file, bytes in and bytes out."""

import json
import warnings
from pathlib import Path
from typing import Any

import torch

from inpaintlab.exporting.contract import InBytes, draw_bytes
from inpaintlab.models.exported.session import METADATA
from inpaintlab.models.portable import Portable, Slot

OPSET = 18
"""The first with the operator that lays overlapping patches out, which contextual attention needs."""
TRACED_ON = (96, 80)
FREE = {"picture": {0: "batch", 1: "height", 2: "width"}, "hole": {0: "batch", 1: "height", 2: "width"}}


def write(portable: Portable, path: Path, about: dict[str, Any]) -> None:
    """Write the file; batch, height and width are free where the model leaves them so. ``about`` goes into it."""
    import onnx

    graph, inputs = InBytes(portable), tuple(draw_bytes(portable, TRACED_ON, 2))
    axes = {name: _free(slot) for name, slot in portable.slots.items()}
    axes["result"] = FREE["picture"] if portable.fills else {0: "batch"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # each check of a size that is followed once; the sizes of parity find faults
        # The exporter by tracing: the newer one turns sizes into symbols, and refuses the checks of them in networks.
        torch.onnx.export(
            graph,
            inputs,
            str(path),
            input_names=list(portable.slots),
            output_names=["result"],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(str(path))
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA, json.dumps(about)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _free(slot: Slot) -> dict[int, str]:
    return {0: "batch"} if slot.size is not None else FREE[slot.kind]
