"""Pictures that protocols are tried on: structure beside noise, in a rectangle."""

import numpy as np
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from inpaintlab.basics import configs
from inpaintlab.batch import Batch

CONF = f"{configs.FOLDER}/protocol"


def protocol(name, **changes):
    """Build a protocol from its YAML."""
    cfg = OmegaConf.load(f"{CONF}/{name}.yaml")
    for key, value in changes.items():
        OmegaConf.update(cfg, key, value, merge=False)
    return instantiate(cfg, _convert_="all")


def draw(count=6, height=56, width=70, channels=3, seed=0):
    """Return predictions (N, C, H, W), N at least 3, and their batch, the truths being files.

    The first prediction is exact in the hole, the second has no hole, the third is exact everywhere.
    """
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    truths, predictions = np.empty((2, count, channels, height, width), np.float32)
    known = np.ones((count, 1, height, width), np.float32)
    for index in range(count):
        wave = 0.5 + 0.4 * np.sin(rows / (3 + index) + columns / 7)
        truth = np.stack([wave, (columns > width // 2) * 0.8 + 0.1, random.random((height, width))][:channels])
        truth[:, : height // 3, : width // 3] = random.random()  # flat, where SSIM is delicate
        truths[index] = np.rint(255 * truth) / np.float32(255)
        predictions[index] = np.clip(truths[index] + random.normal(0, 0.05 * (1 + index), truth.shape), 0, 1)
        top, left = random.integers(0, height // 2), random.integers(0, width // 2)
        known[index, :, top : top + height // 3, left : left + width // 2] = 0
    predictions[0] = np.where(known[0] == 0, truths[0], predictions[0])
    known[1] = 1
    predictions[2] = truths[2]
    return torch.from_numpy(predictions), Batch(torch.from_numpy(truths), torch.from_numpy(known))


def arrays(predictions, batch):
    """Walk through (prediction, truth, hole) as (H, W, C), (H, W, C), (H, W) bool."""
    for prediction, truth, hole in zip(predictions, batch.image, batch.hole, strict=True):
        yield prediction.permute(1, 2, 0).numpy(), truth.permute(1, 2, 0).numpy(), hole[0].numpy() > 0
