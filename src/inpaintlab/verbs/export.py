"""``inpaintlab export``: take a model elsewhere, as ONNX, TorchScript or a folder, compared with the model first.

A file whose answers are not those of the model is not written. The comparison is printed, and stored beside the file
as ``<file>.parity.json``.

    inpaintlab export ckpt=runs/mine/checkpoints/best.ckpt format=onnx output=mine.onnx
    inpaintlab export model=bundled format=torchscript
    inpaintlab export ckpt=best.ckpt format=safetensors output=mine
"""

import importlib.util
from pathlib import Path
from typing import Any, get_args

from omegaconf import DictConfig

from inpaintlab.basics.errors import UserError, check_one_of
from inpaintlab.basics.running import verb
from inpaintlab.models.loading import check_given, folder_of

NEEDS = {"onnx": ("onnx", "onnxruntime"), "torchscript": (), "safetensors": ("safetensors",)}
"""Libraries of each format."""


def export(cfg: DictConfig) -> Path:
    """Export, and say what was written; return its path."""
    check_one_of("format", cfg.format, NEEDS)
    check_given(cfg.ckpt, cfg.model)
    for library in NEEDS[cfg.format]:
        if importlib.util.find_spec(library) is None:
            raise UserError(f"format={cfg.format}: {library} is needed: pip install 'inpaintlab[export]'")

    from inpaintlab.exporting import export as exporting

    assert tuple(NEEDS) == get_args(exporting.Format)
    name = folder_of(cfg.ckpt, cfg.choices.model).replace("/", "-")
    output = Path(cfg.output or f"{name}{exporting.ENDINGS[cfg.format]}").expanduser()
    model, trained_on = load(cfg)
    report = exporting.export(model, cfg.format, output, trained_on, cfg.trust)
    if cfg.ckpt is None:
        print(f"notice: {cfg.choices.model} is untrained, its weights are random; give ckpt= for a trained one")
    if report is None:
        print(f"{type(model).__name__}: every weight comes back bit by bit from {output}")
        print(f"written: {output}; publish it with: huggingface-cli upload <you>/{output.name} {output}")
    else:
        print(f"{report.text()}\nwritten: {output}, {output.name}.parity.json")
    return output


def load(cfg: DictConfig) -> tuple[Any, dict[str, Any]]:
    """Return the model, and {size, channels} of its training: the checkpoint's, or an untrained paper's."""
    import torch
    from hydra.utils import instantiate

    from inpaintlab.models.loading import open_model

    if cfg.ckpt is not None:
        model, trained_on = open_model(cfg.ckpt, "cpu", cfg.trust)
    else:
        torch.manual_seed(0)
        model, trained_on = instantiate(cfg.model, _convert_="all").eval(), {}
    if model.iterations == 0:
        raise UserError(
            f"{type(model).__name__} has no network to export: it is a method without training, or exported already"
        )
    return model, trained_on


@verb("export")
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    export(cfg)


if __name__ == "__main__":
    main()
