"""Encoder, decoder and discriminators; every convolution has a kernel of 4 x 4 and a bias, unless said otherwise."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.pathak.channel_fc import ChannelFC

Join = Literal["conv", "channel_fc"]

SLOPE = 0.2
"""Of every LeakyReLU."""
HALVE = {"kernel_size": 4, "stride": 2, "padding": 1}
COARSEST = 4
"""Side of the features that the bottleneck sees, pixels."""


def channels_by_level(side: int, width: int) -> list[int]:
    """Return the channels after each halving of ``side`` down to 4 pixels: 64, 64, 128, 256, 512 of 128 pixels."""
    halvings = (side // COARSEST).bit_length() - 1
    if halvings < 2 or side != COARSEST << halvings:
        raise UserError(
            f"a picture or painted square of {side} px: expected a power of 2, at least 16; change model.size, "
            "of which model.region=center paints half"
        )
    return [width << max(0, level - halvings + 4) for level in range(halvings)]


class Generator(nn.Module):
    """Squeeze the picture to a vector, and paint from it.

    Args:
        size: side of the picture, a power of 2.
        side: side of what is painted, a power of 2.
        channels: 3 (colour) or 1 (grey).
        width: channels of the first layer.
        bottleneck: length of the vector.
        noise: length of the noise that joins it; 0 = none.
        join: ``conv``, a convolution over all that is left; or ``channel_fc``, a fully connected layer for each
            channel and a 1 x 1 convolution (the paper's variant for learning features), which has no vector.
    """

    def __init__(
        self,
        size: int = 128,
        side: int = 64,
        channels: int = 3,
        width: int = 64,
        bottleneck: int = 4000,
        noise: int = 0,
        join: Join = "conv",
    ) -> None:
        super().__init__()
        if join not in get_args(Join):
            raise UserError(f"model.join={join}: expected {' | '.join(get_args(Join))}")
        if noise and join != "conv":
            raise UserError(f"model.noise={noise}: it joins the bottleneck, which model.join={join} does not have")
        self.encoder = nn.Sequential(*_halvings(channels, channels_by_level(size, width)))
        before, levels = 8 * width, channels_by_level(side, width)[::-1]
        if join == "conv":
            self.encoder.append(nn.Conv2d(before, bottleneck, COARSEST))
            self.prepare = nn.Conv2d(noise, noise, 1) if noise else None
            first = _step(nn.ConvTranspose2d(bottleneck + noise, before, COARSEST))
        else:
            self.encoder.extend([ChannelFC(before, COARSEST), nn.Conv2d(before, before, 1)])
            self.prepare, first = None, []
        reach = bottleneck + noise if join == "conv" else before
        layers: list[nn.Module] = [nn.BatchNorm2d(reach), nn.LeakyReLU(SLOPE, inplace=True), *first]
        for after in levels[1:]:
            layers += _step(nn.ConvTranspose2d(before, after, **HALVE))
            before = after
        self.decoder = nn.Sequential(*layers, nn.ConvTranspose2d(before, channels, **HALVE), nn.Tanh())

    def forward(self, pictures: Tensor, noise: Tensor | None = None) -> Tensor:
        """Pictures (B, C, size, size) in [-1, 1], and noise (B, length) if it has any -> (B, C, side, side)."""
        features = self.encoder(pictures)
        if self.prepare is not None:
            features = torch.cat([features, self.prepare(noise[:, :, None, None])], 1)
        return self.decoder(features)


class Discriminator(nn.Module):
    """Picture (B, C, side, side) in [-1, 1] -> logits (B,) of being real; the last convolution covers all."""

    def __init__(self, side: int, channels: int = 3, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_halvings(channels, channels_by_level(side, width)), _score(width))

    def forward(self, painted: Tensor, context: Tensor) -> Tensor:  # noqa: ARG002 - the conditional one looks at it
        """Return the logits; ``D = sigmoid(logit)``."""
        return self.layers(painted).flatten()


class ConditionalDiscriminator(nn.Module):
    """The same, which also sees the corrupted picture (B, C, 2 side, 2 side) that the square was painted into."""

    def __init__(self, side: int, channels: int = 3, width: int = 64) -> None:
        super().__init__()
        self.context = nn.Conv2d(channels, width, 5, stride=2, padding=2)
        # Padded to the size of the whole picture, so that both have features of the same scale and place.
        self.painted = nn.Conv2d(channels, width, 5, stride=2, padding=2 + side // 2)
        first, *others = channels_by_level(side, width)
        self.layers = nn.Sequential(
            nn.LeakyReLU(SLOPE, inplace=True),
            *_leaky(nn.Conv2d(2 * width, first, **HALVE)),
            *_tail(first, others),
            _score(width),
        )

    def forward(self, painted: Tensor, context: Tensor) -> Tensor:
        """Return the logits; ``D = sigmoid(logit)``."""
        return self.layers(torch.cat([self.context(context), self.painted(painted)], 1)).flatten()


def _halvings(before: int, levels: list[int]) -> list[nn.Module]:
    """The first convolution has no BatchNorm."""
    first = [nn.Conv2d(before, levels[0], **HALVE), nn.LeakyReLU(SLOPE, inplace=True)]
    return first + _tail(levels[0], levels[1:])


def _tail(before: int, levels: list[int]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for after in levels:
        layers += _leaky(nn.Conv2d(before, after, **HALVE))
        before = after
    return layers


def _leaky(convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.LeakyReLU(SLOPE, inplace=True)]


def _step(convolution: nn.ConvTranspose2d) -> list[nn.Module]:
    """One layer of the decoder."""
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU(inplace=True)]


def _score(width: int) -> nn.Conv2d:
    return nn.Conv2d(8 * width, 1, COARSEST)


def initialise(network: nn.Module) -> None:
    """Draw the weights as the authors do: N(0, 0.02), BatchNorm's scale from N(1, 0.02), every shift 0.

    Their code sets the biases of convolutions back to 0 before every step, so they are not trained.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | ChannelFC):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
            layer.bias.requires_grad_(isinstance(layer, ChannelFC))
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
