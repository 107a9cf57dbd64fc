"""A convolution that keeps the size, or divides it by its stride, padded by the rule of the framework it comes from."""

from typing import Literal, get_args

import torch.nn.functional as F
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError

Padding = Literal["tf_same", "torch", "reflect"]


class PaddedConv2d(nn.Conv2d):
    """(B, C, H, W) -> (B, C', ceil(H / stride), ceil(W / stride)).

    The rules agree at stride 1 but for what ``reflect`` pads with. At stride 2 TensorFlow pads less before than behind:
    PyTorch's habit shifts the windows by one pixel, and weights made for one rule lie beside the picture in the other.

    Args:
        in_channels, out_channels: of the features.
        kernel_size: odd side of the window, pixels.
        stride: step of the window, pixels.
        dilation: distance of the window's places, pixels.
        rule: ``tf_same``, zeros, as few as possible and the smaller half before; ``torch``, zeros, as many before as
            behind; ``reflect``, as many, mirrored.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        dilation: int = 1,
        rule: Padding = "tf_same",
    ) -> None:
        if rule not in get_args(Padding):
            raise UserError(f"padding={rule}: expected {' | '.join(get_args(Padding))}")
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation=dilation)
        self.rule = rule

    def forward(self, features: Tensor) -> Tensor:
        """Pad and convolve; ``UserError`` where the features are too small to be mirrored so far."""
        sides = [self._around(length) for length in features.shape[-2:]]
        # One pixel has one window, so there a stride says nothing. oneDNN's AMX kernel for the gradient of bfloat16
        # weights takes it at its word and reads memory that nobody wrote, now and then a NaN.
        stride = [1 if int(length) == 1 else self.stride[0] for length in features.shape[-2:]]
        rows, columns = sides
        if self.rule == "reflect":
            if any(max(around) >= length for around, length in zip(sides, features.shape[-2:], strict=True)):
                raise UserError(
                    f"padding=reflect: features of {features.shape[-2]}x{features.shape[-1]} px cannot be mirrored by "
                    f"{max(max(rows), max(columns))} px; give larger pictures, or padding=tf_same"
                )
            features, rows, columns = F.pad(features, (*columns, *rows), mode="reflect"), (0, 0), (0, 0)
        elif rows[0] != rows[1] or columns[0] != columns[1]:
            features, rows, columns = F.pad(features, (*columns, *rows)), (0, 0), (0, 0)
        return F.conv2d(features, self.weight, self.bias, stride, (rows[0], columns[0]), self.dilation)

    def _around(self, length: int) -> tuple[int, int]:
        """Return how many pixels go before and behind a row of ``length`` pixels."""
        kernel, stride, dilation = self.kernel_size[0], self.stride[0], self.dilation[0]
        if self.rule != "tf_same":
            return (dilation * (kernel // 2),) * 2
        # The length counts by its remainder alone; an exporter's size becomes a plain number, as convolutions need it.
        total = max(0, (kernel - 1) * dilation + 1 - stride + -int(length) % stride)
        return total // 2, total - total // 2
