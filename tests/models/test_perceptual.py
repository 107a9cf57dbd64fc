"""Gradient checkpointing of the VGG features, for the papers that have them."""

import pytest
import torch
from omegaconf import OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.blind import BlindInpainting
from inpaintlab.models.pconv import PConv
from inpaintlab.training.setup import prepare_networks
from tests.losses.random_vgg import write_npz
from tests.models.contract import smooth_pictures, square_holes

SWITCHES = OmegaConf.create({"checkpointing": True, "channels_last": False, "compile": False})


def test_recomputing_the_features_changes_no_gradient_and_keeps_less(tmp_path):
    batch = Batch(smooth_pictures(2, 3, 32), square_holes(2, 32))
    gradients, kept = [], []
    for recompute in (False, True):
        torch.manual_seed(0)
        model = PConv(levels=3, width=4, vgg_weights=str(write_npz(tmp_path)), vgg_convention="IMAGENET1K_V1")
        if recompute:
            prepare_networks(model, SWITCHES)
        saved = []
        with torch.autograd.graph.saved_tensors_hooks(lambda x: saved.append(x.numel()) or x, lambda x: x):  # noqa: B023
            loss = torch.stack(list(model.losses(batch).values())).sum()
        loss.backward()
        gradients.append([parameter.grad for parameter in model.parameters() if parameter.requires_grad])
        kept.append(sum(saved))
    assert all(torch.equal(*pair) for pair in zip(*gradients, strict=True))
    assert kept[1] < 0.5 * kept[0]


def test_a_model_without_vgg_features_refuses():
    with pytest.raises(UserError, match="checkpointing=true: BlindInpainting as configured uses no VGG features"):
        prepare_networks(BlindInpainting(width=4), SWITCHES)
