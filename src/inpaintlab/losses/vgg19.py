"""VGG-19 features, frozen: the rectified maps that EdgeConnect compares."""

from collections.abc import Collection

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.losses.features import CONVENTIONS, download, read_weights, take_weight

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 2))
"""(channels, convolutions) between two pools, up to relu5_2; nobody looks further."""
DOWNLOAD = "IMAGENET1K_V1"
ALTERNATIVES = (
    "give model.vgg_weights=<.pth or .npz file with torchvision's keys>, or switch the terms off: "
    "model.perceptual=0 model.style=0"
)


def check_vgg19(weights: str | None) -> None:
    """Check that weights are named; opens nothing."""
    if weights is None:
        raise UserError(
            f"vgg_weights: the perceptual and style losses need VGG-19 weights: give model.vgg_weights={DOWNLOAD} "
            f"(torchvision downloads 548 MB), {ALTERNATIVES}"
        )


class Vgg19Features:
    """Maps out of ``relu1_1`` ... ``relu5_2``; in float32 under any autocast, on the device of the input.

    Not an ``nn.Module``, so that its weights enter neither the checkpoint nor the parameter count of a model.

    Args:
        weights: ``IMAGENET1K_V1``, downloaded by torchvision, or the path of a ``.pth`` or ``.npz`` file with
            torchvision's keys ``features.N.weight`` and ``features.N.bias``.
        normalise: subtract ImageNet's mean and divide by its deviation, as these weights were trained.
    """

    def __init__(self, weights: str | None, *, normalise: bool) -> None:
        check_vgg19(weights)
        if weights == DOWNLOAD:
            state = download(weights, "VGG19", ALTERNATIVES)
        else:
            state = read_weights(weights, DOWNLOAD, ALTERNATIVES)
        self.normalise = normalise
        self.steps = nn.ModuleDict()
        index, inputs = 0, 3
        for block, (outputs, count) in enumerate(BLOCKS, start=1):
            for number in range(1, count + 1):
                conv = nn.utils.skip_init(nn.Conv2d, inputs, outputs, 3, padding=1)
                for name, parameter in conv.named_parameters():
                    key = f"features.{index}.{name}"
                    parameter.data = take_weight(state, key, parameter.shape, weights, "VGG-19")
                self.steps[f"relu{block}_{number}"] = conv
                index, inputs = index + 2, outputs  # in torchvision's count a ReLU stands between two
            index += 1  # and a pool here
        self.steps.requires_grad_(False)

    def __call__(self, pictures: Tensor, layers: Collection[str]) -> list[Tensor]:
        """Map pictures (B, 3 or 1, H, W) in [0, 1], sides of 16 or more, to these layers' maps, from the first on."""
        height, width = pictures.shape[-2:]
        if min(height, width) < 16:
            raise UserError(f"size {height}x{width}: VGG-19 halves pictures four times; give sides of 16 or more")
        if self.steps["relu1_1"].weight.device != pictures.device:
            self.steps.to(pictures.device)
        with torch.autocast(pictures.device.type, enabled=False):
            maps = pictures.float().expand(-1, 3, -1, -1)  # grey: three equal channels
            if self.normalise:
                mean, std = (maps.new_tensor(values)[:, None, None] for values in CONVENTIONS[DOWNLOAD][:2])
                maps = (maps - mean) / std
            tapped = []
            for name, conv in self.steps.items():
                if name.endswith("_1") and name != "relu1_1":
                    maps = nn.functional.max_pool2d(maps, 2)
                maps = conv(maps).relu()
                if name in layers:
                    tapped.append(maps)
                if len(tapped) == len(layers):
                    break
        return tapped
