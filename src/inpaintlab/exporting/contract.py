"""What an exported file takes and gives: bytes, as picture files hold them, and batches of pictures to try it on."""

import torch
from torch import Tensor, nn

from inpaintlab.models.portable import Portable, Slot


class InBytes(nn.Module):
    """A portable model that takes and gives 8-bit pictures.

    A picture is uint8 (B, H, W, C), a hole uint8 (B, H, W), 0 where the pixel is known and anything else in the hole, a
    vector float32 (B, length); the result is uint8 (B, H', W', C). Known pixels come back bit by bit.
    """

    def __init__(self, portable: Portable) -> None:
        super().__init__()
        self.portable = portable
        self.eval()  # an exporter puts back the mode of what it is given, a new module's being training

    def forward(self, *given: Tensor) -> Tensor:
        """Compute."""
        return self.levels(*given).round().to(torch.uint8)

    def levels(self, *given: Tensor) -> Tensor:
        """Compute the same before it is rounded: float (B, H', W', C), 0 to 255."""
        floats = [_open(x, slot) for x, slot in zip(given, self.portable.slots.values(), strict=True)]
        return self.portable(*floats).clamp(0, 1).mul(255).permute(0, 2, 3, 1)


def _open(x: Tensor, slot: Slot) -> Tensor:
    if slot.kind == "picture":
        return x.permute(0, 3, 1, 2).to(torch.float32) / 255
    if slot.kind == "hole":
        return (x.to(torch.float32) > 0).to(torch.float32).unsqueeze(1)
    return x


def draw_bytes(portable: Portable, size: tuple[int, int], batch: int, seed: int = 0) -> list[Tensor]:
    """Draw inputs of ``InBytes``: soft pictures with noise, holes of four kinds in turn; ``size`` where it is free.

    The kinds: a box, scattered pixels, the left half, none.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = []
    for slot in portable.slots.values():
        height, width = (slot.size, slot.size) if slot.size else size
        if slot.kind == "vector":
            drawn.append(torch.rand(batch, height, generator=generator) * 2 - 1)
        elif slot.kind == "picture":
            coarse = torch.rand(batch, portable.channels, 5, 5, generator=generator)
            smooth = nn.functional.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=True)
            noisy = smooth + 0.1 * torch.rand(batch, portable.channels, height, width, generator=generator)
            drawn.append(noisy.clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous())
        else:
            holes = [_hole((seed + i) % 4, height, width, generator) for i in range(batch)]
            drawn.append(torch.stack(holes).to(torch.uint8) * 255)
    return drawn


def draw_floats(portable: Portable, size: tuple[int, int], batch: int, seed: int = 0) -> list[Tensor]:
    """Draw the same as inputs of the portable model itself."""
    drawn = draw_bytes(portable, size, batch, seed)
    return [_open(x, slot) for x, slot in zip(drawn, portable.slots.values(), strict=True)]


def _hole(kind: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    hole = torch.zeros(height, width, dtype=torch.bool)
    if kind == 0:
        hole[height // 4 : height * 3 // 4, width // 3 : width * 2 // 3] = True
    elif kind == 1:
        hole = torch.rand(height, width, generator=generator) < 0.3
    elif kind == 2:
        hole[:, : width // 2] = True
    return hole
