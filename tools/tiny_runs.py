"""What the scripts here share: a PConv small enough to train in seconds, and a look at two runs bit by bit."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import torch

PCONV = [
    "model=pconv", "mask=irregular", "model.width=4", "model.levels=3", "model.perceptual=0", "model.style=0",
    "paper.size=32", "data.batch_size=4", "data.num_workers=0", "trainer.val_check_interval=1000",
    "trainer.limit_val_batches=1", "+trainer.limit_test_batches=1", "trainer.log_every_n_steps=1", "baselines=null",
]  # fmt: skip


def say(text: str) -> None:
    """Print a line of this script's own."""
    print(f"## {text}", flush=True)


def same_bits(whole: Path, resumed: Path) -> None:
    """End with an error unless both runs' last checkpoints hold the same weights and optimiser states."""
    hashes = []
    for folder in (whole, resumed):
        checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", map_location="cpu", weights_only=True)
        tensors = list(leaves([checkpoint["state_dict"], checkpoint["optimizer_states"]]))
        digest = hashlib.sha256(b"".join(tensor.contiguous().numpy().tobytes() for tensor in tensors)).hexdigest()[:16]
        say(f"{folder.name}: iteration {int(checkpoint['state_dict']['iteration'])}, {len(tensors)} tensors, {digest}")
        hashes.append(digest)
    if hashes[0] != hashes[1]:
        sys.exit("the runs differ")
    say("the same, bit by bit")


def leaves(node: Any) -> Any:
    """Yield all tensors of a nested state."""
    if isinstance(node, torch.Tensor):
        yield node
    elif isinstance(node, (dict, list, tuple)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from leaves(child)
