"""LaMa's discriminator: pix2pixHD's patches (Wang et al. 2018), with the maps that feature matching compares."""

from torch import Tensor, nn

from inpaintlab.basics.errors import UserError


class Discriminator(nn.Module):
    """A picture to one logit for each of its overlapping patches.

    Args:
        channels: of the picture, 3 (colour) or 1 (grey).
        width: channels of the first layer; they double up to 8 times as many.
        layers: strided 4 x 4 convolutions, BatchNorm from the second on; two more convolutions of stride 1 follow.
    """

    def __init__(self, channels: int = 3, width: int = 64, layers: int = 4) -> None:
        super().__init__()
        if min(width, layers) < 1:
            raise UserError(f"model: expected d_width and d_layers of at least 1, got {width} and {layers}")
        widths = [channels, *(width * min(2**level, 8) for level in range(layers + 1))]
        self.layers = nn.ModuleList()
        for level in range(layers + 1):
            conv = nn.Conv2d(widths[level], widths[level + 1], 4, 2 if level < layers else 1, padding=2)
            norm = [nn.BatchNorm2d(widths[level + 1])] if level else []
            self.layers.append(nn.Sequential(conv, *norm, nn.LeakyReLU(0.2)))
        self.score = nn.Conv2d(widths[-1], 1, 4, padding=2)

    def forward(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge (B, C, H, W) in [0, 1]: logits (B, 1, h, w), 19 x 19 at 256 px, and the maps of all layers before."""
        features = []
        for layer in self.layers:
            pictures = layer(pictures)
            features.append(pictures)
        return self.score(pictures), features
