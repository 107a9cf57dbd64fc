"""Encoder, decoder and discriminators (Figs. 4 to 7), built for any square picture and hole that they can halve.

The paper's Tables II to V are lost; what its text leaves open has the widths, kernels and strides of DCGAN.
"""

from typing import Literal, get_args

from torch import Tensor, nn

from inpaintlab.basics.errors import UserError

Activation = Literal["relu", "leaky_relu"]

SLOPE = 0.2
"""Of every LeakyReLU (DCGAN)."""


class Encoder(nn.Sequential):
    """Picture (B, channels, size, size) -> features (B, bottleneck, 1, 1); five convolutions, two max-poolings.

    Args:
        size: side of the picture, a multiple of 32; the last convolution covers the ``size / 32`` that are left.
        channels: 3 (colour) or 1 (grey).
        width: channels of the first layer; doubled by each of the next three.
        bottleneck: channels of the last.
        conv3_kernel: 1, the paper's, or 3 for the ablation.
    """

    def __init__(
        self, size: int = 128, channels: int = 3, width: int = 64, bottleneck: int = 4000, conv3_kernel: int = 1
    ) -> None:
        if size < 32 or size % 32:
            raise UserError(f"model.size={size}: the encoder needs a multiple of 32 (the paper: 128)")
        if conv3_kernel not in (1, 3):
            raise UserError(f"model.conv3_kernel={conv3_kernel}: expected 1 (the paper) or 3")
        halve = {"kernel_size": 4, "stride": 2, "padding": 1}
        super().__init__(
            *_convolution(channels, width, **halve),
            nn.MaxPool2d(2),
            *_convolution(width, 2 * width, **halve),
            nn.MaxPool2d(2),
            *_convolution(2 * width, 4 * width, kernel_size=conv3_kernel, padding=conv3_kernel // 2),
            *_convolution(4 * width, 8 * width, **halve),
            *_convolution(8 * width, bottleneck, kernel_size=size // 32),
        )


def _convolution(before: int, after: int, **shape: int) -> tuple[nn.Module, ...]:
    """Every convolution of the encoder is followed by BatchNorm and LeakyReLU."""
    return nn.Conv2d(before, after, **shape), nn.BatchNorm2d(after), nn.LeakyReLU(SLOPE, inplace=True)


class Decoder(nn.Sequential):
    """Features (B, bottleneck, 1, 1) -> patch (B, channels, side, side) in [-1, 1]; five transposed convolutions.

    ``side`` is a multiple of 16: the first layer makes ``side / 16``, each of the others doubles. ``norm`` puts
    BatchNorm before the four ReLUs, as DCGAN does; the paper's text speaks of ReLU alone.
    """

    def __init__(
        self, side: int = 64, channels: int = 3, width: int = 64, bottleneck: int = 4000, norm: bool = True
    ) -> None:
        if side < 16 or side % 16:
            raise UserError(f"model.hole={side}: the decoder paints multiples of 16 px (the paper: 64)")
        counts = [8 * width, 4 * width, 2 * width, width]
        layers: list[nn.Module] = []
        shape = {"kernel_size": side // 16}
        for before, after in zip([bottleneck, *counts], counts, strict=False):
            layers.append(nn.ConvTranspose2d(before, after, **shape))
            layers += [nn.BatchNorm2d(after)] if norm else []
            layers.append(nn.ReLU(inplace=True))
            shape = {"kernel_size": 4, "stride": 2, "padding": 1}
        super().__init__(*layers, nn.ConvTranspose2d(width, channels, **shape), nn.Tanh())


class Discriminator(nn.Module):
    """Picture (B, channels, side, side) in [-1, 1] -> logits (B,) of being real; convolutions, then one linear layer.

    Args:
        side: side of the picture, a multiple of ``2**layers``.
        layers: convolutions: 4 for the local discriminator, 5 for the global one.
        channels: 3 (colour) or 1 (grey).
        width: channels of the first layer; doubled by each, up to eight times as many.
        first_norm: BatchNorm after the first convolution too (the paper), or not (DCGAN).
        activation: ``relu`` (the paper) or ``leaky_relu`` (DCGAN).
    """

    def __init__(
        self,
        side: int,
        layers: int,
        channels: int = 3,
        width: int = 64,
        first_norm: bool = True,
        activation: Activation = "relu",
    ) -> None:
        super().__init__()
        if activation not in get_args(Activation):
            raise UserError(f"model.d_act={activation}: expected {' | '.join(get_args(Activation))}")
        counts = [width * min(2**layer, 8) for layer in range(layers)]
        modules: list[nn.Module] = []
        for layer, (before, after) in enumerate(zip([channels, *counts], counts, strict=False)):
            modules.append(nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1))
            if layer or first_norm:
                modules.append(nn.BatchNorm2d(after))
            modules.append(nn.ReLU(inplace=True) if activation == "relu" else nn.LeakyReLU(SLOPE, inplace=True))
        self.features = nn.Sequential(*modules)
        self.head = nn.Linear(counts[-1] * (side >> layers) ** 2, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits; ``D = sigmoid(logit)``."""
        return self.head(self.features(pictures).flatten(1)).squeeze(1)


def initialise(network: nn.Module) -> None:
    """Draw the weights as DCGAN does: N(0, 0.02), BatchNorm's scale from N(1, 0.02), every shift 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
