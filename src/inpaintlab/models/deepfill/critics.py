"""Who judges: two critics of pictures (v1), or one of patches (v2). They give scores, not probabilities."""

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from inpaintlab.basics.errors import UserError
from inpaintlab.layers.padded_conv import PaddedConv2d, Padding
from inpaintlab.models.deepfill.network import initialise

SLOPE = 0.2
"""Of every LeakyReLU."""
LOCAL, GLOBAL = (1, 2, 4, 8), (1, 2, 4, 4)
"""Filters of v1's critics, as multiples of the first layer's."""
PATCH = (1, 2, 4, 4, 4, 4)
"""The same of v2's."""


class PictureCritic(nn.Module):
    """Pictures (B, channels, side, side) -> scores (B, 1): four halvings, then one linear layer (v1).

    ``side`` is a multiple of 16; ``shares`` is ``LOCAL`` or ``GLOBAL``, ``width`` the filters of the first layer.
    """

    def __init__(self, side: int, shares: tuple[int, ...], channels: int, width: int, padding: Padding) -> None:
        super().__init__()
        if side < 16 or side % 16:
            raise UserError(f"critic=wgan: expected sides of multiples of 16 px, got {side} (model.size, model.box)")
        self.convolutions = halvings(channels, [share * width for share in shares], padding)
        self.fc = nn.Linear(shares[-1] * width * (side // 16) ** 2, 1)
        initialise(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """Score each picture."""
        return self.fc(self.convolutions(pictures).flatten(1))


class PatchCritic(nn.Module):
    """Pictures and holes (B, channels + 1, H, W) -> scores (B, 4 width ceil(H / 64) ceil(W / 64)) (v2, SN-PatchGAN).

    Every entry of the last features is a score of its own, activated as all features are. Each weight is divided by its
    largest singular value, found by one step of power iteration in each forward pass.
    """

    def __init__(self, channels: int, width: int, padding: Padding) -> None:
        super().__init__()
        self.convolutions = halvings(channels + 1, [share * width for share in PATCH], padding)
        initialise(self)
        for layer in self.convolutions:
            if isinstance(layer, PaddedConv2d):
                spectral_norm(layer, n_power_iterations=1, eps=1e-12)

    def forward(self, pictures: Tensor) -> Tensor:
        """Score each patch."""
        return self.convolutions(pictures).flatten(1)


def halvings(inputs: int, widths: list[int], padding: Padding) -> nn.Sequential:
    """Stack convolutions of 5 x 5 at stride 2 with LeakyReLU, named ``conv1`` and so on."""
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for number, outputs in enumerate(widths, start=1):
        modules[f"conv{number}"] = PaddedConv2d(inputs, outputs, 5, 2, rule=padding)
        modules[f"act{number}"] = nn.LeakyReLU(SLOPE)
        inputs = outputs
    return nn.Sequential(modules)
