"""From ``evaluation.json`` of schema 2 to 3, so that older evaluations are read, and compared with new ones."""

from typing import Any

from inpaintlab.records.cells import output_of

FORMER_TARGETS = {
    "inpaintlab.metrics.psnr.PSNR": "inpaintlab.metrics.pixelwise.PSNR",
    "inpaintlab.metrics.similarity.SSIM": "inpaintlab.metrics.ssim.SSIM",
    "inpaintlab.metrics.l1.L1": "inpaintlab.metrics.pixelwise.L1",
    "inpaintlab.metrics.perceptual.Perceptual": "inpaintlab.metrics.lpips.LPIPS",
}
FORMER_MEASURES = ("psnr", "ssim", "l1", "lpips")


def lift_evaluation(plain: dict[str, Any]) -> dict[str, Any]:
    """Bring the whole file: outputs were composited and raw, and ``judged`` stood where ``blind`` does."""
    protocols = {name: lift_protocol(settings or {}) for name, settings in plain["protocols"].items()}
    return {**plain, "blind": plain["judged"] == "raw", "protocols": protocols}


def lift_protocol(settings: dict[str, Any]) -> dict[str, Any]:
    """Bring a protocol's settings of schema 2 to those of 3: measures in a mapping, an absent one left out."""
    kept = {name: value for name, value in settings.items() if name not in FORMER_MEASURES}
    if "outputs" in kept:
        kept["outputs"] = [output_of(output) for output in kept["outputs"]]
    measures = {name: dict(settings[name]) for name in FORMER_MEASURES if settings.get(name)}
    for measure in measures.values():
        if "_target_" in measure:
            measure["_target_"] = FORMER_TARGETS.get(measure["_target_"], measure["_target_"])
    return {**kept, "measures": measures} if measures else kept
