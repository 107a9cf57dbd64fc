"""What every verb imports sooner or later; the server of ``process`` imports it once."""

import gc

import cv2
import lightning
import matplotlib
import scipy.linalg
import skimage.data
import torch
import torchmetrics
import torchvision

import inpaintlab.models.blind
import inpaintlab.models.classical
import inpaintlab.models.context_encoder
import inpaintlab.models.dcgan
import inpaintlab.models.deepfill
import inpaintlab.models.edge_connect
import inpaintlab.models.glcic
import inpaintlab.models.lama
import inpaintlab.models.madf
import inpaintlab.models.pathak
import inpaintlab.models.pconv
import inpaintlab.training.train

__all__ = ["cv2", "inpaintlab", "lightning", "matplotlib", "scipy", "skimage", "torch", "torchmetrics", "torchvision"]

gc.freeze()
gc.enable()
