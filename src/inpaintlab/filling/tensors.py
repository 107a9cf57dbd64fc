"""A model and a picture with a hole, whatever channels either has."""

import torch
from kornia.color import rgb_to_grayscale
from torch import Tensor

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, composite
from inpaintlab.models.base import InpaintingModule
from inpaintlab.models.padding import inpaint_any_size


@torch.no_grad()
def complete_tensor(model: InpaintingModule, image: Tensor, hole: Tensor) -> Tensor:
    """Fill pictures of any size: image (B, C, H, W) float in [0, 1], hole (B, 1, H, W) bool -> (B, C, H, W).

    Known pixels are put back bit by bit, unless the model is blind. A colour model sees grey as colour, and its answer
    is turned to grey (BT.601); a grey model fills each channel by itself. ``UserError`` if a prediction is not finite.
    """
    channels = image.shape[1]
    wanted = model.channels or channels
    batch = Batch(image, (~hole).to(image.dtype))
    seen = batch
    if wanted > channels:
        seen = Batch(image.expand(-1, wanted, -1, -1), batch.known)
    elif wanted < channels:
        seen = Batch(image.flatten(0, 1)[:, None], batch.known.repeat_interleave(channels, 0))
    prediction = inpaint_any_size(model, seen.corrupted, seen.known).float()
    if not prediction.isfinite().all():
        raise UserError("the model's prediction is not finite; use another checkpoint")
    if wanted > channels:
        prediction = rgb_to_grayscale(prediction)
    elif wanted < channels:
        prediction = prediction.reshape(image.shape)
    return prediction if model.blind else composite(prediction, batch)
