"""What LaMa's perceptual loss compares: maps of a dilated ResNet-50 that learnt to segment ADE20K."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError

BLOCKS = (3, 4, 6, 3)
"""Bottlenecks of layer1 to layer4."""
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NEEDED = (
    "the perceptual loss compares features of a network that segments ADE20K: give "
    "model.perceptual_weights=<encoder_epoch_20.pth of ade20k-resnet50dilated-ppm_deepsup, from the CSAIL project "
    "semantic-segmentation-pytorch>, or switch the term off: model.perceptual=0"
)


class DilatedResNet50(nn.Module):
    """CSAIL's ResNet-50: a stem of three 3 x 3 convolutions; layer3 and layer4 dilate where others halve the size."""

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models.resnet import Bottleneck  # seconds to import, and only needed here

        inputs = 3
        for number, (outputs, stride) in enumerate(((64, 2), (64, 1), (128, 1)), start=1):
            self.add_module(f"conv{number}", nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False))
            self.add_module(f"bn{number}", nn.BatchNorm2d(outputs))
            inputs = outputs
        for number, count in enumerate(BLOCKS, start=1):
            planes, stride = 64 * 2 ** (number - 1), 2 if number == 2 else 1
            inner = {3: 2, 4: 4}.get(number, 1)
            first = max(1, inner // 2)  # the first block still has the dilation of the layer before
            shortcut = nn.Sequential(nn.Conv2d(inputs, 4 * planes, 1, stride, bias=False), nn.BatchNorm2d(4 * planes))
            inputs, before = 4 * planes, inputs
            blocks = [Bottleneck(before, planes, stride, shortcut, dilation=first)]
            blocks += [Bottleneck(inputs, planes, dilation=inner) for _ in range(count - 1)]
            self.add_module(f"layer{number}", nn.Sequential(*blocks))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Map normalised pictures (B, 3, H, W) to 256 channels at H/4, then 512, 1024 and 2048 at H/8."""
        for number in (1, 2, 3):
            pictures = F.relu(self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(pictures)))
        maps = [F.max_pool2d(pictures, 3, 2, 1)]
        for number in (1, 2, 3, 4):
            maps.append(self.get_submodule(f"layer{number}")(maps[-1]))
        return maps[1:]


class SegmentationFeatures:
    """The four layers' maps of pictures in [0, 1]; in float32 under any autocast, frozen, on the device of its input.

    Not an ``nn.Module``, so that its weights enter neither the checkpoint nor the parameter count of a model.

    Args:
        weights: a ``.pth`` file with the state dict of CSAIL's encoder; ``UserError`` for None.
    """

    def __init__(self, weights: str | None) -> None:
        if weights is None:
            raise UserError(NEEDED)
        with torch.device("meta"):
            self.network = DilatedResNet50()
        state = _read(Path(weights))
        expected = self.network.state_dict()
        for name, value in expected.items():
            if name.endswith("num_batches_tracked"):
                state.setdefault(name, torch.tensor(0))
            elif name not in state or state[name].shape != value.shape:
                fault = f"has the shape {tuple(state[name].shape)}" if name in state else "is missing"
                raise UserError(f"{weights}: {name} {fault}, expected {tuple(value.shape)}; {NEEDED}")
            elif not state[name].isfinite().all():
                raise UserError(f"{weights}: {name} holds NaN or infinity; fetch the file again")
        self.network.load_state_dict({name: state[name] for name in expected}, assign=True)
        # Evaluation mode for ever. In the authors' code the trainer's train() switches it to the statistics of the
        # batch, though its constructor asks for this mode.
        self.network.float().requires_grad_(False).eval()

    def __call__(self, pictures: Tensor) -> list[Tensor]:
        """Map pictures (B, 3 or 1, H, W) in [0, 1] to the maps of layer1 to layer4."""
        if self.network.conv1.weight.device != pictures.device:
            self.network.to(pictures.device)
        with torch.autocast(pictures.device.type, enabled=False):
            pictures = pictures.float().expand(-1, 3, -1, -1)  # grey: three equal channels
            mean, std = (pictures.new_tensor(values)[:, None, None] for values in (MEAN, STD))
            return self.network((pictures - mean) / std)


def _read(path: Path) -> dict[str, Tensor]:
    """Read a state dict; runs no code from the file."""
    if not path.is_file():
        raise UserError(f"model.perceptual_weights={path}: no such file ({path.absolute()}); {NEEDED}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, ValueError, KeyError) as error:
        reason = type(error).__name__
        raise UserError(f"model.perceptual_weights={path}: cannot be read ({reason}); {NEEDED}") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"model.perceptual_weights={path}: expected a state dict of tensors; {NEEDED}")
    return dict(state)
