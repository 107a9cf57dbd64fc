"""A narrow network of every paper, with statistics and output layers of a trained one."""

import torch
from torch import nn

from inpaintlab.layers.gated_conv import GatedConv2d
from inpaintlab.models.blind import BlindInpainting
from inpaintlab.models.context_encoder import ContextEncoder
from inpaintlab.models.dcgan import DCGAN
from inpaintlab.models.deepfill import DeepFill
from inpaintlab.models.edge_connect import EdgeConnect
from inpaintlab.models.glcic import GLCIC
from inpaintlab.models.lama import LaMa
from inpaintlab.models.madf import MADF
from inpaintlab.models.pathak import PathakContextEncoder
from inpaintlab.models.pconv import PConv

EASY = {"perceptual": 0, "style": 0}
FILLERS = {
    "pconv": lambda: PConv(levels=3, width=4, **EASY),
    "pconv, ordinary": lambda: PConv(levels=3, width=4, convolution="ordinary", **EASY),
    "madf": lambda: MADF(levels=3, width=4, **EASY),
    "madf, pconv encoder": lambda: MADF(levels=3, width=4, encoder="pconv", norm="bn", **EASY),
    "blind": lambda: BlindInpainting(width=4),
    "lama": lambda: LaMa(width=4, blocks=1, d_width=4, perceptual=0, refine=True),
    "glcic": lambda: GLCIC(width=4, size=32, patch=16, global_layers=3, local_layers=2),
    "deepfill_v1": lambda: DeepFill(
        size=64, width=4, convolution="plain", refinement_sees_hole=True, output="clip", critic_width=4, chunk=4096
    ),
    "deepfill_v2": lambda: DeepFill(size=64, width=4, critic_width=4, invalid="exclude", overlap="count"),
    "edge_connect": lambda: EdgeConnect(width=4, residual_blocks=1, detector="none", phase="inpaint", **EASY),
    "pconv, grey": lambda: PConv(levels=3, width=4, channels=1, **EASY),
}
GENERATORS = {
    "context_encoder": lambda: ContextEncoder(size=32, hole=16, width=4, bottleneck=16),
    "pathak": lambda: PathakContextEncoder(size=32, width=4, bottleneck=16, overlap=2),
    "pathak, random, noise": lambda: PathakContextEncoder(
        region="random", size=32, width=4, bottleneck=16, noise=4, overlap=0
    ),
    "pathak, channel_fc": lambda: PathakContextEncoder(size=32, width=4, join="channel_fc", overlap=2),
    "dcgan": lambda: DCGAN(size=32, width=4, latent=8, progress=False),
}
MODELS = {**FILLERS, **GENERATORS}


GATED = 3.0
"""Gates halve what they let through: an untrained DeepFill v2 gives 127.5 of 255 everywhere, whatever it computes."""


def trained(name):
    """Build one whose pictures have contrast, every BatchNorm with statistics that are not those it begins with."""
    torch.manual_seed(0)
    model = MODELS[name]()
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.uniform_(-0.2, 0.2)
                layer.running_var.uniform_(0.5, 1.5)
                if layer.affine:
                    layer.weight.uniform_(0.7, 1.3)
                    layer.bias.uniform_(-0.2, 0.2)
            elif isinstance(layer, GatedConv2d):
                layer.conv.weight *= GATED
    return model.eval()
