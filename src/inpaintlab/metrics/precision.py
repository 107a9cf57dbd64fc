"""Networks that judge compute in float32, whatever the run around them does."""

from contextlib import AbstractContextManager, ExitStack

import torch


def full_precision(device: torch.device) -> AbstractContextManager:
    """No 16 bits, and on a GPU no TF32 in convolutions, so that a number does not depend on where it is computed."""
    stack = ExitStack()
    stack.enter_context(torch.autocast(device.type, enabled=False))
    if device.type == "cuda":
        cudnn = torch.backends.cudnn
        kept = {"enabled": cudnn.enabled, "benchmark": cudnn.benchmark, "deterministic": cudnn.deterministic}
        stack.enter_context(cudnn.flags(**kept, allow_tf32=False))
    return stack
