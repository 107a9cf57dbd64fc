"""Train a small PConv from Python, on the photographs that come along, and look at what it wrote.

python examples/train.py [folder] [key=value ...]
"""

import sys
from pathlib import Path

import inpaintlab
from inpaintlab.training.train import train


def main(words: list[str]) -> dict[str, dict[str, float]]:
    """Train in the folder; the words are those of the command line. Returns {model: {metric: value}}."""
    folder = Path(next((word for word in words if "=" not in word), "example_run"))
    small = ["model=pconv", "mask=irregular", "model.width=16", "model.levels=5", "data.size=64", "data.batch_size=8"]
    plain = ["model.perceptual=0", "model.style=0"]  # no weights of VGG
    given = [word for word in words if "=" in word]
    cfg = inpaintlab.compose("name=example", "trainer.max_steps=200", *small, *plain, *given, folder=folder)
    print(f"{cfg.choices.model} on {cfg.choices.data} with {cfg.choices.mask} holes, {cfg.data.size} px")
    tested = train(cfg, folder)
    model = inpaintlab.load(folder / "checkpoints" / "last.ckpt")
    print(f"{type(model).__name__} after {int(model.iteration)} iterations")
    return tested


if __name__ == "__main__":
    main(sys.argv[1:])
