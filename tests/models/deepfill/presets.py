"""The two versions as their papers have them, and narrow ones for tests."""

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from inpaintlab.basics import configs
from inpaintlab.layers.contextual_attention import ContextualAttention
from inpaintlab.models.deepfill import DeepFill
from inpaintlab.models.deepfill.network import DeepFillNet

BOTH = pytest.mark.parametrize("version", ["v1", "v2"])
NETWORKS = {
    "v1": {"width": 32, "convolution": "plain", "refinement_sees_hole": True, "output": "clip"},
    "v2": {"width": 24, "convolution": "gated", "refinement_sees_hole": False, "output": "tanh"},
}


def network(version, attention=None, **arguments):
    return DeepFillNet(ContextualAttention(**(attention or {})), **(NETWORKS[version] | arguments))


def arguments_of(version):
    """What conf/model says."""
    config = OmegaConf.load(Path(configs.FOLDER, "model", f"deepfill_{version}.yaml"))
    values = OmegaConf.to_container(config, resolve=True)["model"]
    del values["_target_"]
    return values


def small(version, **arguments):
    """32 px, so that the box has 16."""
    torch.manual_seed(0)
    narrow = {"size": 32, "width": 4, "critic_width": 4, "critic_steps": 1, "lr": 2e-3}
    return DeepFill(**(arguments_of(version) | narrow | arguments))
