"""Small networks in double precision, with lively weights and BatchNorm statistics as after a training."""

import torch

from inpaintlab.models.dcgan.network import Discriminator, Generator

SIZE, LATENT = 16, 6


def lively(dtype=torch.float64, channels=3, seed=0):
    torch.manual_seed(seed)
    networks = Generator(SIZE, channels, LATENT, width=3), Discriminator(SIZE, channels, width=3)
    for network in networks:
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 2)
                torch.nn.init.normal_(module.weight, 1, 0.2)
                torch.nn.init.normal_(module.bias, 0, 0.2)
            elif isinstance(module, torch.nn.ConvTranspose2d):
                torch.nn.init.normal_(module.weight, 0, 0.12)
        network.to(dtype)
    return networks


def center_hole(count, dtype=torch.float64):
    known = torch.ones(count, 1, SIZE, SIZE, dtype=dtype)
    known[..., 4:12, 4:12] = 0
    return known
