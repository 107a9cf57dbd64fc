"""ONNX: the whole contract in one file, bytes in and bytes out."""

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from inpaintlab.basics.errors import UserError
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

    torch.onnx.register_custom_op_symbolic("aten::col2im", _col2im, OPSET)
    graph, inputs = InBytes(portable), tuple(draw_bytes(portable, TRACED_ON, 2))
    axes = {name: _free(slot) for name, slot in portable.slots.items()}
    axes["result"] = FREE["picture"] if portable.fills else {0: "batch"}
    with warnings.catch_warnings(), torch.no_grad(), silence():
        warnings.simplefilter("ignore")  # each check of a size that is followed once; the sizes of parity find faults
        # The exporter by tracing: the newer one turns sizes into symbols, and refuses the checks of them in networks.
        try:
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
        except Exception as error:  # the exporter has a class for each complaint, and raises plain ones too
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise UserError(
                f"format=onnx: the exporter does not know all of this model ({reason}); use format=torchscript"
            ) from error
    model = onnx.load(str(path))
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA, json.dumps(about)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep libraries from writing to the standard output: the exporter's lists the whole graph before it gives up."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _free(slot: Slot) -> dict[int, str]:
    return {0: "batch"} if slot.size is not None else FREE[slot.kind]


def _col2im(g: Any, x: Any, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    """Lay patches out in a picture of a size that is free; the exporter's own way knows but fixed sizes."""
    from torch.onnx import symbolic_helper as helper

    def tensor(values: Any) -> Any:
        if values.node().kind() != "prim::ListConstruct":
            return values
        parts = [helper._unsqueeze_helper(g, value, [0]) for value in helper._unpack_list(values)]
        return g.op("Concat", *parts, axis_i=0)

    dilations, pads, strides = (helper._get_const(value, "is", "col2im") for value in (dilation, padding, stride))
    return g.op(
        "Col2Im", x, tensor(size), tensor(kernel), dilations_i=dilations, pads_i=[*pads, *pads], strides_i=strides
    )
