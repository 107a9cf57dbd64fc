"""The Inception network of 2015 by which FID was defined (Heusel et al. 2017), in torch-fidelity's blocks.

And how pictures reach the 299 pixels of the Inception networks: ways that change FID, each by its name.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.metrics.weights import fill, read_weights

URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
"""The weights of 2015, as torch-fidelity carries them over from TensorFlow."""
TAPS = {64: "MaxPool_1", 192: "MaxPool_2", 768: "Mixed_6e", 2048: "Mixed_7c"}
"""Number of features: the layer whose output, averaged over the picture, they are."""
EXPECTED = f"torch-fidelity's Inception weights of 2015, {URL}"


class Inception(nn.Module):
    """Pictures float32 (B, 3, 299, 299) of 0 to 255 -> {"features": (B, width)} and, of 2048, "logits" (B, 1008)."""

    def __init__(self, width: int = 2048) -> None:
        """Build the layers up to those ``width`` features; weights are random until ``load`` fills them."""
        super().__init__()
        if width not in TAPS:
            raise UserError(f"features={width}: expected one of {', '.join(map(str, TAPS))}")
        self.width = width
        for name, layer in _layers(width).items():
            self.add_module(name, layer)
        self.requires_grad_(False).eval()

    def load(self, path: Path, key: str) -> None:
        """Fill in a file of torch-fidelity's weights."""
        state = read_weights(path, key, EXPECTED)
        # The file is of the whole network; what lies beyond the chosen features is not needed.
        own = self.state_dict()
        kept = {name: value for name, value in state.items() if name in own}
        fill(self, kept, path, key, EXPECTED)

    def train(self, mode: bool = True) -> "Inception":  # noqa: ARG002
        """Stay in evaluation mode whatever is asked."""
        return super().train(False)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Look at pictures of 0 to 255."""
        x = (x - 128) / 128
        for name, layer in self.named_children():
            if name != "fc":
                x = layer(x)
        features = x.mean((2, 3))
        if self.width < 2048:
            return {"features": features}
        # Without the bias of the classes, as TensorFlow's and torch-fidelity's Inception scores have it.
        return {"features": features, "logits": features @ self.fc.weight.T}


def _layers(width: int) -> dict[str, nn.Module]:
    """Return torch-fidelity's layers by name, in order, up to those that give so many features."""
    try:
        from torch_fidelity import feature_extractor_inceptionv3 as parts
    except ModuleNotFoundError as error:
        raise UserError("the Inception of 2015 needs torch-fidelity; pip install 'inpaintlab[metrics]'") from error
    conv, pool = parts.BasicConv2d, nn.MaxPool2d
    makers = {
        "Conv2d_1a_3x3": lambda: conv(3, 32, kernel_size=3, stride=2),
        "Conv2d_2a_3x3": lambda: conv(32, 32, kernel_size=3),
        "Conv2d_2b_3x3": lambda: conv(32, 64, kernel_size=3, padding=1),
        "MaxPool_1": lambda: pool(3, 2),
        "Conv2d_3b_1x1": lambda: conv(64, 80, kernel_size=1),
        "Conv2d_4a_3x3": lambda: conv(80, 192, kernel_size=3),
        "MaxPool_2": lambda: pool(3, 2),
        "Mixed_5b": lambda: parts.InceptionA(192, pool_features=32),
        "Mixed_5c": lambda: parts.InceptionA(256, pool_features=64),
        "Mixed_5d": lambda: parts.InceptionA(288, pool_features=64),
        "Mixed_6a": lambda: parts.InceptionB(288),
        "Mixed_6b": lambda: parts.InceptionC(768, channels_7x7=128),
        "Mixed_6c": lambda: parts.InceptionC(768, channels_7x7=160),
        "Mixed_6d": lambda: parts.InceptionC(768, channels_7x7=160),
        "Mixed_6e": lambda: parts.InceptionC(768, channels_7x7=192),
        "Mixed_7a": lambda: parts.InceptionD(768),
        "Mixed_7b": lambda: parts.InceptionE_1(1280),
        "Mixed_7c": lambda: parts.InceptionE_2(2048),
    }
    names = list(makers)
    layers = {name: makers[name]() for name in names[: names.index(TAPS[width]) + 1]}
    return {**layers, "fc": nn.Linear(2048, 1008)} if width == 2048 else layers


SIDE = 299
"""Side in pixels of what the Inception networks look at."""


def _tensorflow(pictures: Tensor) -> Tensor:
    """Bilinear as in TensorFlow 1: corner-anchored, no smoothing; torch-fidelity's, so that FID equals the original."""
    try:
        from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x
    except ModuleNotFoundError as error:
        raise UserError("resize=tensorflow: needs torch-fidelity; pip install 'inpaintlab[metrics]'") from error
    return interpolate_bilinear_2d_like_tensorflow1x(pictures.float(), (SIDE, SIDE), align_corners=False)


def _bilinear(pictures: Tensor) -> Tensor:
    """PyTorch's bilinear, no smoothing: edge-connect, pytorch-fid."""
    return F.interpolate(pictures.float(), (SIDE, SIDE), mode="bilinear", align_corners=False)


def _bilinear_corners(pictures: Tensor) -> Tensor:
    """PyTorch's bilinear with the corner pixels kept in the corners: AOT-GAN."""
    return F.interpolate(pictures.float(), (SIDE, SIDE), mode="bilinear", align_corners=True)


def _antialiased(pictures: Tensor) -> Tensor:
    """Bilinear, smoothed before shrinking: torchmetrics."""
    return F.interpolate(pictures.float(), (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)


def _pil_bicubic(pictures: Tensor) -> Tensor:
    """PIL's bicubic, smoothed, each channel in float32 without rounding: clean-fid. Runs on the CPU."""
    flat = pictures.flatten(0, 1).cpu().numpy().astype(np.float32)
    resized = [np.asarray(Image.fromarray(plane).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for plane in flat]
    planes = torch.from_numpy(np.stack(resized)).clamp(0, 255).to(pictures.device)
    return planes.unflatten(0, pictures.shape[:2])


RESIZES: dict[str, Callable[[Tensor], Tensor]] = {
    "tensorflow": _tensorflow,
    "bilinear": _bilinear,
    "bilinear_corners": _bilinear_corners,
    "antialiased": _antialiased,
    "pil_bicubic": _pil_bicubic,
}
"""uint8 (B, C, H, W) -> float32 (B, C, 299, 299) of 0 to 255."""
