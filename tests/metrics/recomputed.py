"""What each protocol's numbers must be, one picture at a time, in NumPy, SciPy and scikit-image alone.

Pictures are (H, W, C) float32 in [0, 1], holes (H, W) bool; each function returns the values of one picture.
"""

import math

import numpy as np
from scipy.ndimage import convolve
from scipy.signal import convolve2d
from skimage.color import rgb2gray
from skimage.metrics import structural_similarity

NAN = math.nan


def composite(prediction, truth, hole):
    return np.where(hole[..., None], prediction, truth)


def cast(picture):
    return (picture * np.float32(255)).astype(np.uint8).astype(float)


def rint(picture):
    return np.rint(picture.astype(np.float32) * np.float32(255)).astype(float)


def decibels(mse, exact=math.inf):
    return exact if mse == 0 else 10 * math.log10(255**2 / mse)


def kernel(size=11, sigma=1.5):
    offset = np.arange(size) - size // 2
    weights = np.exp(-(offset**2) / (2 * sigma**2))
    return np.outer(weights, weights) / weights.sum() ** 2


def similarity_map(a, b, blur, data_range=255.0, clip=False):
    """SSIM of two (H, W) arrays, straight from Wang's formula."""
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma**2, blur(b * b) - mb**2, blur(a * b) - ma * mb
    structure = (2 * cov + c2) / (va + vb + c2)
    if clip:
        structure = np.maximum(structure, 0)
    return (2 * ma * mb + c1) / (ma**2 + mb**2 + c1) * structure


def valid(x):
    return convolve(x, kernel(), mode="constant")[5:-5, 5:-5]


def zero(x):
    return convolve2d(x, kernel(), mode="same", boundary="fill")


def mirrored(x):
    return convolve(x, kernel(), mode="mirror")


def over_channels(a, b, blur, **settings):
    return np.mean([similarity_map(a[..., k], b[..., k], blur, **settings) for k in range(a.shape[2])], axis=0)


def band(hole, width):
    """The boundary, pixel by pixel."""
    height, length = hole.shape
    found = np.zeros_like(hole)
    for i in range(height):
        for j in range(length):
            near = hole[max(0, i - width) : i + width + 1, max(0, j - width) : j + width + 1]
            found[i, j] = near.any() and not near.all()
    return found


def standard(prediction, truth, hole, output="completed", region="full"):
    a, b = rint(composite(prediction, truth, hole) if output == "completed" else prediction), rint(truth)
    inside = {"full": np.ones_like(hole), "hole": hole, "boundary": band(hole, 4)}[region]
    if not inside.any():
        return dict.fromkeys(("mse", "psnr", "ssim", "l1"), NAN)
    mse = ((a - b)[inside] ** 2).mean()
    centres = inside[5:-5, 5:-5]
    return {
        "mse": mse,
        "psnr": decibels(mse, NAN),
        "ssim": over_channels(a, b, valid)[centres].mean() if centres.any() else NAN,
        "l1": np.abs((a - b)[inside]).mean() / 255,
    }


def edge_connect(prediction, truth, hole):
    a, b = (rgb2gray(x / 255) for x in (cast(composite(prediction, truth, hole)), rint(truth)))
    mse = ((a - b) ** 2).mean() * 255**2
    return {
        "mse": mse,
        "psnr": decibels(mse),
        "ssim": structural_similarity(b, a, data_range=1, win_size=51),
        "l1": np.abs(a - b).sum() / (a + b).sum(),
    }


def aot_gan(prediction, truth, hole):
    signed = composite(prediction, truth, hole) * np.float32(2) - np.float32(1)
    a, b = ((signed + np.float32(1)) / np.float32(2) * np.float32(255)).astype(np.uint8), rint(truth).astype(np.uint8)
    difference = a.astype(float) - b
    mse = (difference**2).mean()
    return {
        "mse": mse,
        "psnr": decibels(mse),
        "ssim": structural_similarity(b, a, channel_axis=2),
        "l1": np.abs(difference).sum() / (a.astype(float) + b).sum(),
    }


def mmagic(prediction, truth, hole):
    a, b = (x.astype(float) * 255 for x in (composite(prediction, truth, hole), truth))
    mse = ((a - b) ** 2).mean()
    return {"mse": mse, "psnr": decibels(mse), "ssim": over_channels(a, b, valid).mean()}


def mmagic_hole(prediction, truth, hole):
    difference = (prediction.astype(float) - truth)[hole]
    if not hole.any():
        return {"mse": NAN, "l1": NAN}
    return {"mse": (difference**2).mean() * 255**2, "l1": 100 * np.abs(difference).mean()}


def mat(prediction, truth, hole):
    a, b = rint(composite(prediction, truth, hole)), rint(truth)
    mse = ((a - b) ** 2).mean()
    return {
        "mse": mse,
        "psnr": decibels(mse),
        "ssim": np.mean(over_channels(a, b, valid)),
        "l1": np.abs(a / 255 - b / 255).mean(),
    }


def lama(prediction, truth, hole):
    a, b = cast(composite(prediction, truth, hole)) / 255, rint(truth) / 255
    return {"mse": ((a - b) ** 2).mean() * 255**2, "ssim": over_channels(a, b, zero, data_range=1.0).mean()}


def rn(prediction, truth, hole):
    a, b = (x.astype(np.uint8) for x in (cast(composite(prediction, truth, hole)), rint(truth)))
    mse = ((a.astype(float) - b) ** 2).mean()
    return {
        "mse": mse,
        "psnr": decibels(mse),
        "ssim": structural_similarity(b, a, data_range=255, channel_axis=2, win_size=11),
        "l1": np.abs((a.mean(2) - b.mean(2)) / 255).mean(),
    }


def lbam(prediction, truth, hole):
    a, b = (x.astype(float) for x in (composite(prediction, truth, hole), truth))
    mse = ((a - b) ** 2).mean() * 255**2
    return {
        "mse": mse,
        "psnr": decibels(mse),
        "ssim": over_channels(a * 255, b * 255, zero, data_range=1.0).mean(),
        "l1": np.abs(a - b).mean(),
    }


def torchmetrics(prediction, truth, hole):
    a, b = (x.astype(float) for x in (composite(prediction, truth, hole), truth))
    mse = ((a - b) ** 2).mean() * 255**2
    return {"mse": mse, "psnr": decibels(mse), "ssim": over_channels(a, b, mirrored, data_range=1.0).mean()}


def pyiqa(prediction, truth, hole):
    a, b = rint(composite(prediction, truth, hole)), rint(truth)
    mse = ((a - b) ** 2).mean()
    luma = [np.rint((299 * x[..., 0] + 587 * x[..., 1] + 114 * x[..., 2]) / 1000) for x in (a, b)]
    return {
        "mse": mse,
        "psnr": 10 * math.log10(1 / (mse / 255**2 + 1e-8)),
        "ssim": similarity_map(*luma, valid, clip=True).mean(),
    }


def blind(prediction, truth, hole):
    a, b = (rint(x) @ [0.299, 0.587, 0.114] for x in (prediction, truth))
    mse = ((a - b) ** 2).mean()
    return {
        "mse": mse,
        "psnr": NAN if np.array_equal(prediction, truth) else decibels(mse),
        "ssim": similarity_map(a, b, valid).mean(),
    }
