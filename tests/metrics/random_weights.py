"""State dicts with random weights under which activations keep their size, so that every layer is heard."""

import torch
from torch import nn


def scatter(module: nn.Module, seed: int = 0) -> nn.Module:
    """Fill all weights with random numbers; running variances stay positive."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in module.state_dict().items():
        if not value.is_floating_point():
            continue
        if value.ndim > 1:
            value.normal_(0, (2 / value[0].numel()) ** 0.5, generator=generator)
        else:
            low, high = (-0.1, 0.1) if name.endswith(("bias", "mean")) else (0.8, 1.2)
            value.uniform_(low, high, generator=generator)
    return module
