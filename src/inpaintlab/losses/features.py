"""VGG-16 features up to pool3, frozen: what the perceptual and the style loss compare."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError

LAYERS = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256)}
"""Index in torchvision's ``vgg16().features`` -> (in, out) channels of the 3 x 3 convolutions before pool3."""
POOLS = (4, 9, 16)
"""Indices of pool1, pool2 and pool3."""


class Convention(NamedTuple):
    """What a set of weights wants to see: ``(picture - mean) / std`` for a picture in [0, 1] RGB."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    divide: float
    """The features are divided by this."""


CONVENTIONS = {
    # torchvision's own training.
    "IMAGENET1K_V1": Convention((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 1.0),
    # The original training: 0..255 minus the mean (torchvision rounds it to 123, 117, 104), not divided by a deviation.
    # So these features are larger by about one deviation of pixels, 255 * 0.226, and Gram matrices by its square;
    # dividing it out (ours) brings both near the scale for which the papers' loss weights were found.
    "IMAGENET1K_FEATURES": Convention(
        (123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255, 1 / 255, 1 / 255), 255 * 0.226
    ),
}

NAMED = ", ".join(CONVENTIONS)
ALTERNATIVES = (
    "give model.vgg_weights=<.pth or .npz file> with model.vgg_convention=IMAGENET1K_V1|IMAGENET1K_FEATURES, "
    "or switch the terms off: model.perceptual=0 model.style=0"
)


def check_choice(weights: str | None, convention: str | None) -> None:
    """Check that weights are named, and that those in a file say which convention they follow; opens nothing."""
    if weights is None:
        raise UserError(
            f"vgg_weights: the perceptual and style losses need VGG-16 weights: give model.vgg_weights=IMAGENET1K_V1 "
            f"(torchvision downloads 528 MB), {ALTERNATIVES}"
        )
    if weights in CONVENTIONS:
        if convention not in (None, weights):
            raise UserError(f"vgg_convention: {weights} has its own, so leave it null, got {convention!r}")
    elif convention not in CONVENTIONS:
        raise UserError(
            f"vgg_convention: say which of {' | '.join(CONVENTIONS)} the file {weights} holds, got {convention!r}"
        )


class VggFeatures:
    """pool1, pool2 and pool3 of VGG-16; in float32 under any autocast, frozen, and on the device of its input.

    Not an ``nn.Module``, so that its weights enter neither the checkpoint nor the parameter count of a model.

    Args:
        weights: ``IMAGENET1K_V1`` or ``IMAGENET1K_FEATURES``, downloaded by torchvision, or the path of a ``.pth`` or
            ``.npz`` file with torchvision's keys ``features.N.weight`` and ``features.N.bias``.
        convention: which of the two a file holds.
    """

    def __init__(self, weights: str | None, convention: str | None = None) -> None:
        check_choice(weights, convention)
        named = weights in CONVENTIONS
        state = download(weights, "VGG16", ALTERNATIVES) if named else read_weights(weights, NAMED, ALTERNATIVES)
        self.convention = CONVENTIONS[weights if named else convention]
        self.blocks = _build(state, weights)

    def __call__(self, pictures: Tensor) -> list[Tensor]:
        """Map pictures (B, 3 or 1, H, W) in [0, 1] to three maps of 64, 128, 256 channels at H/2, H/4, H/8."""
        if min(pictures.shape[-2:]) < 8:
            height, width = pictures.shape[-2:]
            raise UserError(f"size {height}x{width}: VGG-16 halves pictures three times; give sides of 8 or more")
        if self.blocks[0][0].weight.device != pictures.device:
            self.blocks.to(pictures.device)
        with torch.autocast(pictures.device.type, enabled=False):
            pictures = pictures.float().expand(-1, 3, -1, -1)  # grey: three equal channels
            mean, std = (pictures.new_tensor(values)[:, None, None] for values in self.convention[:2])
            maps = (pictures - mean) / std
            features = []
            for block in self.blocks:
                maps = block(maps)
                features.append(maps / self.convention.divide if self.convention.divide != 1 else maps)
        return features


def _build(state: Mapping[str, Tensor], source: str) -> nn.ModuleList:
    """Check the weights and put them into three blocks, each ending with its pool."""
    layers: list[nn.Module] = []
    for index in range(POOLS[-1] + 1):
        if index in POOLS:
            layers.append(nn.MaxPool2d(2))
        elif index not in LAYERS:
            layers.append(nn.ReLU(inplace=True))
        else:
            inputs, outputs = LAYERS[index]
            conv = nn.utils.skip_init(nn.Conv2d, inputs, outputs, 3, padding=1)
            for name, parameter in conv.named_parameters():
                parameter.data = take_weight(state, f"features.{index}.{name}", parameter.shape, source, "VGG-16")
            layers.append(conv)
    blocks = [nn.Sequential(*layers[start:end]) for start, end in ((0, 5), (5, 10), (10, 17))]
    return nn.ModuleList(blocks).requires_grad_(False).eval()


def take_weight(state: Mapping[str, Tensor], key: str, shape: torch.Size, source: str, network: str) -> Tensor:
    """Return one entry in float32, or say what is wrong with it; ``network`` is VGG-16 or VGG-19."""
    if key not in state:
        raise UserError(f"{source}: expected {network} weights with torchvision's keys, {key} is missing")
    value = torch.as_tensor(state[key]).float()
    if value.shape != shape:
        raise UserError(f"{source}: {key} should have the shape {tuple(shape)}, got {tuple(value.shape)}")
    if not value.isfinite().all():
        raise UserError(f"{source}: {key} holds NaN or infinity; fetch the file again")
    return value.contiguous()


def read_weights(weights: str, named: str, alternatives: str) -> Mapping[str, Tensor]:
    """Read a state dict from a .pth/.pt or a .npz file; runs no code from it.

    If there is no such file, the error says which names (``named``) are no files, and what else could be done.
    """
    path = Path(weights)
    if not path.is_file():
        raise UserError(f"vgg_weights: no file {path}, and not one of {named}; {alternatives}")
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {key: torch.from_numpy(arrays[key]) for key in arrays.files if key.startswith("features.")}
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the readers raise half a dozen kinds for a broken file
        raise UserError(f"vgg_weights: cannot read {path} ({type(error).__name__}); expected .pth or .npz") from error
    if not isinstance(state, Mapping):
        raise UserError(f"vgg_weights: {path} holds a {type(state).__name__}, expected a state dict")
    return state


def download(name: str, network: str, alternatives: str) -> Mapping[str, Tensor]:
    """Fetch torchvision's weights into torch.hub's folder, or take them from there; ``network`` is VGG16 or VGG19."""
    from torchvision import models  # seconds to import, and only needed here

    weights = getattr(models, f"{network}_Weights")[name]
    target = os.path.join(torch.hub.get_dir(), "checkpoints", os.path.basename(weights.url))
    try:
        return weights.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:  # no network, no space, another file's hash
        raise UserError(
            f"vgg_weights: cannot fetch {weights.url} ({type(error).__name__}): put the file at {target} yourself, "
            f"{alternatives}"
        ) from error
