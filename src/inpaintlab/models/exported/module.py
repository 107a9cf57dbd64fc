"""An exported file, judged and applied like any model."""

from typing import Any

import torch
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.exported.session import check_completion, open_session, read_about, run_session


class Exported(InpaintingModule):
    """Runs an ONNX file of ``inpaintlab export`` by onnxruntime on the processor; training it is refused.

    The file takes bytes, so pictures are rounded to 255 grey levels on their way in and out.

    Args:
        path: the .onnx file.
    """

    iterations = 0

    def __init__(self, path: str | None = None) -> None:
        super().__init__()
        self.save_hyperparameters()
        if path is None:
            raise UserError("model=exported: give its file, ckpt=<.onnx file>")
        self._session = open_session(path)
        self._channels = check_completion(self._session, path)
        about = read_about(self._session)
        self.blind = about.get("blind") is True
        trained_on = about.get("trained_on")
        known = trained_on if isinstance(trained_on, dict) else {}
        self.trained_on = {name: known[name] for name in ("size", "channels") if type(known.get(name)) is int}
        self.trained_size = self.trained_on.get("size")

    @property
    def channels(self) -> int | None:
        """Channels of its pictures."""
        return self._channels

    @torch.no_grad()
    def inpaint(self, corrupted: Tensor, known: Tensor) -> Tensor:
        """Fill the hole: (B, C, H, W), (B, 1, H, W) -> (B, C, H, W) in [0, 1], of any size."""
        picture = corrupted.clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).cpu().contiguous()
        hole = (known[:, 0] < 0.5).byte().cpu().contiguous()
        result = torch.from_numpy(run_session(self._session, [picture.numpy(), hole.numpy()]))
        if result.shape != picture.shape or result.dtype != torch.uint8:
            raise UserError(f"{self.hparams.path}: gave {tuple(result.shape)} {result.dtype}, no such picture")
        return result.permute(0, 3, 1, 2).to(corrupted).div(255)

    def losses(self, batch: Batch) -> dict[str, Tensor]:  # noqa: ARG002
        """Refuse: the file holds no gradients."""
        raise UserError("an exported file cannot be trained; train the model that it came from")

    def configure_optimizers(self) -> Any:
        """No optimiser."""
