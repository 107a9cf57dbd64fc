"""What the user is told when something given is wrong: one line each.

``python -m tests.test_bad_inputs`` prints the table.
"""

import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from inpaintlab.basics.configs import find_checkpoint
from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch, check
from inpaintlab.data.folder import Folder
from inpaintlab.data.images import read_image
from inpaintlab.data.location import check_location
from inpaintlab.filling.pictures import predict
from inpaintlab.losses.features import VggFeatures
from inpaintlab.masks.center import Center
from inpaintlab.masks.files import Files
from inpaintlab.masks.irregular import Irregular
from inpaintlab.masks.lattice import Lattice
from inpaintlab.masks.mixture import Mixture
from inpaintlab.masks.nvidia import Nvidia
from inpaintlab.masks.text import Text
from inpaintlab.metrics.inpainting import InpaintingMetrics
from inpaintlab.models.checkpoints import load_model
from inpaintlab.models.dcgan import DCGAN
from inpaintlab.models.pconv import PConv
from inpaintlab.training.setup import check_fit
from inpaintlab.verbs.evaluate import evaluate
from tests.helpers.composing import composed

CASES = {}


def case(situation, message):
    """Register a function of a folder that must fail with exactly this line; the folder reads as ``.``."""

    def register(function):
        CASES[situation] = (function, message)
        return function

    return register


def picture(path, size=(16, 16), mode="RGB", value=128):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode in ("L", "I;16") else (value,) * len(mode)).save(path)
    return path


def mask(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array, np.uint8)).save(path)
    return path


def half(size=16):
    hole = np.zeros((size, size), np.uint8)
    hole[:, size // 2 :] = 255
    return hole


def folder_data(root, **changes):
    arguments = {"mask": Irregular(), "size": 16, "channels": 3, "batch_size": 2, "seed": 0, "num_workers": 0}
    return Folder(root=str(root), **{**arguments, **changes})


PLACES = {
    "layout": ["categories_places365.txt", "data_256"],
    "obtain": "http://places2.csail.mit.edu/download.html",
    "download": False,
}


@case(
    "data set not there",
    "./places365: no such folder; expected there: categories_places365.txt, data_256; obtain it: "
    "http://places2.csail.mit.edu/download.html; or let it be fetched: data.download=true",
)
def _(folder):
    check_location({"root": folder / "places365", **PLACES})


@case(
    "data=folder without data.root",
    "data.root=<folder> is needed; expected there: pictures, in any folders, or in train/, val/ and test/",
)
def _(folder):
    check_location({"root": "???", "layout": None})


@case(
    "a file in place of the data folder",
    "./a.png: a file, where a folder is needed; expected there: pictures, in any folders, or in train/, val/ and test/",
)
def _(folder):
    check_location({"root": picture(folder / "a.png"), "layout": None})


@case(
    "empty data folder",
    ".: the folder is empty; expected there: pictures, in any folders, or in train/, val/ and test/",
)
def _(folder):
    check_location({"root": folder, "layout": None})


@case(
    "data folder without pictures",
    ".: no pictures (.apng .avif .bmp … .tiff .webp); expected "
    "there: pictures, in any folders, or in train/, val/ and test/",
)
def _(folder):
    (folder / "notes.txt").write_text("hello")
    check_location({"root": folder, "layout": None})


@case("truncated JPEG", "./torn.jpg: unreadable picture (…); repair or remove the file")
def _(folder):
    path = folder / "torn.jpg"
    Image.effect_noise((64, 64), 80).convert("RGB").save(path)
    path.write_bytes(path.read_bytes()[:700])
    read_image(path, 3)


@case(
    "a text file called .jpg",
    "./a.jpg: unreadable picture (no picture format that is read here); repair or remove the file",
)
def _(folder):
    (folder / "a.jpg").write_text("hello")
    read_image(folder / "a.jpg", 3)


@case(
    "every picture of the set unreadable, skipping allowed",
    "data: none of the 1 test pictures is readable; the first: 0.jpg",
)
def _(folder):
    for index in range(4):
        (folder / f"{index}.jpg").write_text("hello")
    data = folder_data(folder, on_bad_image="skip", val_fraction=0.25, test_fraction=0.25)
    data.dataset("test")[0]


@case(
    "batch larger than the data set",
    "data.batch_size=64 x 1 processes: more than the 2 training pictures; lower it or add pictures",
)
def _(folder):
    for index in range(4):
        picture(folder / f"{index}.png")
    folder_data(folder, batch_size=64, val_fraction=0.25, test_fraction=0.25).setup("fit")


@case("two channels", "data.channels=2: expected 3 (RGB) or 1 (grey)")
def _(folder):
    folder_data(folder, channels=2)


@case(
    "pictures of 1 px as the training size",
    "SSIM needs pictures of at least 11 x 11 pixels, got 1 x 1; choose a larger data.size",
)
def _(folder):
    InpaintingMetrics().update(torch.zeros(1, 3, 1, 1), Batch(torch.zeros(1, 3, 1, 1), torch.ones(1, 1, 1, 1)))


@case(
    "size that the network cannot halve",
    "data.size=100: the network needs a multiple of 32; choose such a size, or fewer levels "
    "(model.levels) where the model has them",
)
def _(folder):
    picture(folder / "train" / "a.png")
    model = PConv(levels=5, width=4, perceptual=0, style=0)
    check_fit(model, folder_data(folder, size=100), OmegaConf.create({"accumulate_grad_batches": 1}))


@case(
    "accumulation for a GAN",
    "trainer.accumulate_grad_batches=2: DCGAN is a GAN, whose players take turns within a batch; use a larger "
    "data.batch_size, or several processes",
)
def _(folder):
    model = DCGAN(size=32, width=4, latent=4)
    picture(folder / "train" / "a.png")
    check_fit(model, folder_data(folder, size=32), OmegaConf.create({"accumulate_grad_batches": 2}))


@case(
    "grey values in a batch's known", "known: expected exactly 0 (hole) or 1 (known), got 0.5; threshold the mask first"
)
def _(folder):
    check(Batch(torch.rand(3, 4, 4), torch.full((1, 4, 4), 0.5)))


@case("picture out of range", "image: expected values in [0, 1], got [255, 255]")
def _(folder):
    check(Batch(torch.full((3, 4, 4), 255.0), torch.ones(1, 4, 4)))


@case("mask=files without mask.root", "mask.root=<folder> is needed: the folder of your mask files")
def _(folder):
    Files(root=None)


@case("mask folder not there", "mask.root=./masks: no such folder (./masks); give the folder of your mask files")
def _(folder):
    Files(root=str(folder / "masks"))


@case(
    "grey mask",
    "./m.png: 1 pixels are neither black nor white, one is 0.502 of white; give a threshold between 0 and"
    " 1, or repair the file",
)
def _(folder):
    grey = half()
    grey[0, 0] = 128
    mask(folder / "m.png", grey)
    Files(root=str(folder))((16, 16), torch.Generator())


@case(
    "mask of another size",
    "./m.png: 8x8 px (height x width), but the picture has 16x16; set resize=true (nearest neighbour) or "
    "give masks of that size",
)
def _(folder):
    mask(folder / "m.png", half(8))
    Files(root=str(folder))((16, 16), torch.Generator())


@case(
    "all-hole mask",
    "./m.png: all hole at 16x16 px with hole_is=white; remove the file, or leave such files out with on_blank=skip",
)
def _(folder):
    mask(folder / "m.png", np.full((16, 16), 255))
    Files(root=str(folder))((16, 16), torch.Generator())


@case(
    "all-known mask",
    "./m.png: all known at 16x16 px with hole_is=white; remove the file, or leave such files out with on_blank=skip",
)
def _(folder):
    mask(folder / "m.png", np.zeros((16, 16)))
    Files(root=str(folder))((16, 16), torch.Generator())


@case("no mask of the picture's name", "mask.root=.: no mask for the picture cat.jpg; expected cat.png or cat.png")
def _(folder):
    mask(folder / "m.png", half())
    Files(root=str(folder), pairing="name").for_picture(0, "cat.jpg", (16, 16), torch.Generator())


@case("unreadable mask", "./m.png: unreadable picture (…); repair or remove the file")
def _(folder):
    (folder / "m.png").write_text("hello")
    Files(root=str(folder))((16, 16), torch.Generator())


@case("ratio upside down", "ratio=[0.5, 0.1]: expected [low, high] with 0 <= low < high <= 1, or null")
def _(folder):
    Irregular(ratio=[0.5, 0.1])


@case(
    "ratio that the maker cannot give",
    "mask Center: found no mask of 64x64 px with a hole share in (0.5, 0.6] in 1 attempt(s), the last had"
    " a share of 0.25; change ratio or border",
)
def _(folder):
    Center(ratio=[0.5, 0.6])((64, 64), torch.Generator())


@case(
    "holes that cannot keep clear of the border",
    "mask Irregular: a hole share in (0.8, 0.9] with border=clear (25 px) is impossible at 256x256: it "
    "wants 52429 to 58982 hole pixels and has room for 42436; change ratio or border_distance",
)
def _(folder):
    Irregular(ratio=[0.8, 0.9], border="clear")((256, 256), torch.Generator())


@case("lattice with holes clear of the border", "border=clear: a lattice has holes at the border; choose any or touch")
def _(folder):
    Lattice(border="clear")


@case(
    "font that is not installed",
    "font=No Such Sans: not installed here; found …; or use font=Roboto, which is packaged",
)
def _(folder):
    Text(font="No Such Sans")


@case(
    "NVIDIA's masks not there",
    "mask.root=.: no folder ./irregular_mask/disocclusion_img_mask; unpack it there: the sets are linked "
    "from https://nv-adlr.github.io/publication/partialconv-inpainting",
)
def _(folder):
    Nvidia(root=str(folder)).for_split("train")


@case(
    "weights of a mixture that do not fit its makers",
    "weights: expected one for each of the makers ['center'], got ['centre']",
)
def _(folder):
    Mixture(makers={"center": Center()}, weights={"centre": 1.0})


@case(
    "VGG terms without weights",
    "vgg_weights: the perceptual and style losses need VGG-16 weights: give "
    "model.vgg_weights=IMAGENET1K_V1 (torchvision downloads 528 MB), give model.vgg_weights=<.pth or .npz"
    " file> with model.vgg_convention=IMAGENET1K_V1|IMAGENET1K_FEATURES, or switch the terms off: "
    "model.perceptual=0 model.style=0",
)
def _(folder):
    PConv(vgg_weights=None)


@case(
    "VGG file not there",
    "vgg_weights: no file ./vgg16.pth, and not one of IMAGENET1K_V1, IMAGENET1K_FEATURES; give "
    "model.vgg_weights=<.pth or .npz file> with model.vgg_convention=IMAGENET1K_V1|IMAGENET1K_FEATURES, "
    "or switch the terms off: model.perceptual=0 model.style=0",
)
def _(folder):
    VggFeatures(str(folder / "vgg16.pth"), "IMAGENET1K_V1")


@case(
    "VGG file that does not say what it is",
    "vgg_convention: say which of IMAGENET1K_V1 | IMAGENET1K_FEATURES the file vgg16.pth holds, got None",
)
def _(folder):
    PConv(vgg_weights="vgg16.pth")


@case(
    "VGG file of another network",
    "./resnet.pth: expected VGG-16 weights with torchvision's keys, features.0.weight is missing",
)
def _(folder):
    torch.save({"layer1.weight": torch.zeros(1)}, folder / "resnet.pth")
    VggFeatures(str(folder / "resnet.pth"), "IMAGENET1K_V1")


@case("stage without a rate", "model.stages: each needs iterations, lr, freeze_encoder_bn, got iterations")
def _(folder):
    PConv(stages=[{"iterations": 10}], perceptual=0, style=0)


@case(
    "checkpoint to resume not there",
    "ckpt=last: no checkpoint below ./pconv-photos-irregular; start the run without ckpt=",
)
def _(folder):
    find_checkpoint("last", str(folder), "pconv-photos-irregular")


@case("truncated checkpoint", "checkpoint ./last.ckpt: torn, or not a checkpoint (…); use an earlier one")
def _(folder):
    whole = folder / "whole.ckpt"
    torch.save({"model": "x", "state_dict": {"w": torch.rand(1000)}, "hyper_parameters": {}}, whole)
    (folder / "last.ckpt").write_bytes(whole.read_bytes()[:2000])
    load_model(folder / "last.ckpt")


@case(
    "checkpoint of another program",
    "checkpoint ./other.ckpt: not written by inpaintlab train (no model, state_dict, hyper_parameters)",
)
def _(folder):
    torch.save({"state_dict": {}}, folder / "other.ckpt")
    load_model(folder / "other.ckpt")


@case(
    "evaluate: neither checkpoint nor method",
    "give either ckpt=<a .ckpt file of a training run> or model=<a method without training: telea>",
)
def _(folder):
    evaluate(composed("evaluate"))


@case("predict: picture not there", "images=./cat.jpg: no such file or folder (./cat.jpg)")
def _(folder):
    predict(composed("predict", "model=telea", f"images={folder}/cat.jpg", f"masks={picture(folder / 'm.png')}"))


@case(
    "predict: no masks for a model that is not blind",
    "masks=<file or folder> or box=x,y,w,h is needed: Telea must be told where the holes are",
)
def _(folder):
    predict(composed("predict", "model=telea", f"images={picture(folder / 'cat.png')}"))


def predicted(folder, image, hole, *words):
    """The message about the one picture; ``predict`` goes on after it."""
    outcome = predict(
        composed("predict", "model=telea", f"images={image}", f"masks={hole}", f"output={folder}/out", *words)
    )
    raise UserError((outcome.failed + outcome.notices)[0])


@case(
    "predict: mask of another size",
    "./cat.png: ./m.png: 8x8 px (height x width), but the picture has 16x16; set resize_mask=true "
    "(nearest neighbour) or give a mask of that size",
)
def _(folder):
    predicted(folder, picture(folder / "cat.png"), mask(folder / "m.png", half(8)))


@case(
    "predict: all-hole mask",
    "./cat.png: ./m.png: all hole with hole_is=white, nothing is known; should it be the other colour?",
)
def _(folder):
    predicted(folder, picture(folder / "cat.png"), mask(folder / "m.png", np.full((16, 16), 255)))


@case("predict: all-known mask (a notice)", "./m.png: no hole with hole_is=white; cat.png is written unchanged")
def _(folder):
    predicted(folder, picture(folder / "cat.png"), mask(folder / "m.png", np.zeros((16, 16))))


@case("predict: 16-bit picture (a notice)", "cat.png: has more than 8 bits per channel; read and written as 8 bits")
def _(folder):
    predicted(folder, picture(folder / "cat.png", mode="I;16", value=30000), mask(folder / "m.png", half()))


@case("predict: truncated picture", "./cat.png: unreadable picture (…); repair or remove the file")
def _(folder):
    image = folder / "cat.png"
    Image.effect_noise((64, 64), 80).save(image)
    image.write_bytes(image.read_bytes()[:900])
    predicted(folder, image, mask(folder / "m.png", half(64)))


def told(situation, folder):
    """The line that a user reads, with ``.`` for the folder."""
    with pytest.raises(UserError) as caught:
        CASES[situation][0](folder)
    return str(caught.value).replace(str(folder), ".")


@pytest.mark.parametrize("situation", CASES)
def test_bad_input_is_told_in_one_line(situation, tmp_path):
    message = told(situation, tmp_path)
    expected = ".*".join(map(re.escape, CASES[situation][1].split("…")))  # … is another library's part
    assert re.fullmatch(expected, message), message
    assert "\n" not in message


def test_the_table_is_long_enough():
    assert len(CASES) >= 25


if __name__ == "__main__":
    print("| what is wrong | what is said |\n|---|---|")
    for name in CASES:
        with tempfile.TemporaryDirectory() as temporary:
            line = told(name, Path(temporary)).replace("|", "\\|")
        print(f"| {name} | {line} |", file=sys.stdout)
