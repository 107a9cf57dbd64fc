"""Files that somebody else may send, each with what is wrong with it."""

import os
import zipfile

import torch

from inpaintlab.models.pconv import PConv

SMALL = {"levels": 3, "width": 4, "perceptual": 0, "style": 0}
NAME = "inpaintlab.models.pconv.module.PConv"


def honest():
    """What a training of a small PConv leaves."""
    model = PConv(**SMALL)
    return {"model": NAME, "state_dict": dict(model.state_dict()), "hyper_parameters": dict(model.hparams)}


def changed(**fields):
    return honest() | fields


def arguments(**values):
    content = honest()
    content["hyper_parameters"] |= values
    return content


def weights(**values):
    content = honest()
    content["state_dict"] |= values
    return content


class Gadget:
    """Runs a command when a careless reader builds it."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return (os.system, (self.command,))


def itself():
    values = []
    values.append(values)
    return values


CASES = {
    "a function": (
        lambda path: changed(model="subprocess.Popen", hyper_parameters={"args": ["touch", str(path)]}),
        "'subprocess.Popen' is neither below inpaintlab.models nor below a package that you trust; nothing was run",
    ),
    "a function of one name": (lambda path: changed(model="eval", hyper_parameters={}), "'eval' is neither below"),
    "a module that runs when it is imported": (lambda path: changed(model="planted.Toy"), "'planted.Toy' is neither"),
    "a name that begins alike": (
        lambda path: changed(model="inpaintlab.models_evil.Toy"),
        "'inpaintlab.models_evil.Toy' is neither below",
    ),
    "a room above": (
        lambda path: changed(model="inpaintlab.training.launch.launch", hyper_parameters={"folder": "x", "count": 1}),
        "'inpaintlab.training.launch.launch' is neither below",
    ),
    "a module within a trusted one": (
        lambda path: changed(model="inpaintlab.models.checkpoints.torch.load", hyper_parameters={"f": str(path)}),
        "'inpaintlab.models.checkpoints.torch.load' cannot be imported here",
    ),
    "what a trusted module has imported": (
        lambda path: changed(model="inpaintlab.models.weight_files.Path", hyper_parameters={}),
        "is no model: expected a subclass of InpaintingModule; nothing was run",
    ),
    "a function of a trusted module": (
        lambda path: changed(model="inpaintlab.models.checkpoints.load_model", hyper_parameters={"path": str(path)}),
        "is no model: expected a subclass",
    ),
    "a network, which is no model": (
        lambda path: changed(model="inpaintlab.models.pconv.network.UNet", hyper_parameters={}),
        "is no model: expected a subclass",
    ),
    "a method that reads pictures": (
        lambda path: changed(model="inpaintlab.models.classical.NearestPatch", hyper_parameters={"pictures": "/"}),
        "is none that learns; give the method's name instead: model=telea",
    ),
    "the base itself": (
        lambda path: changed(model="inpaintlab.models.base.InpaintingModule", hyper_parameters={}),
        "is none that learns",
    ),
    "a path for a name": (lambda path: changed(model="../planted"), "'../planted' is no name of a class"),
    "no text for a name": (lambda path: changed(model=["subprocess.run"]), r"\(list\) is no name of a class"),
    "an unknown class": (lambda path: changed(model="inpaintlab.models.gone.Gone"), "Gone' cannot be imported here"),
    "an argument of another version": (
        lambda path: arguments(tomorrow=1),
        r"PConv of inpaintlab [\d.]+ has no hyper-parameter 'tomorrow'; the file is of another version: use that one",
    ),
    "arguments that are no mapping": (
        lambda path: changed(hyper_parameters=[1]),
        "its hyper_parameters should be {name: value}, got list",
    ),
    "arguments that are tensors": (
        lambda path: arguments(width=torch.tensor(4)),
        "its hyper_parameters should hold plain values, got Tensor",
    ),
    "a text for a number": (lambda path: arguments(width="4"), "its hyper_parameters make no PConv"),
    "a list that holds itself": (lambda path: arguments(stages=itself()), "its hyper_parameters make no PConv"),
    "nothing for a number": (lambda path: arguments(levels=None), "its hyper_parameters make no PConv"),
    "a width of 80 TB": (
        lambda path: arguments(width=2_000_000),
        r"do not fit its hyper_parameters: network\.encoder\.0\.conv\.weight should have the shape \(2000000, 3,",
    ),
    "a billion levels": (lambda path: arguments(levels=10**9), "levels"),
    "a thousand levels": (lambda path: arguments(levels=1000), "levels"),
    "weights for another width": (lambda path: arguments(width=5), r"should have the shape \(5, 3, 7, 7\), got \(4,"),
    "a weight too few": (
        lambda path: changed(state_dict={k: v for k, v in honest()["state_dict"].items() if "decoder.0" not in k}),
        "its weights lack network.decoder.0.conv.weight, for which its hyper_parameters ask in PConv",
    ),
    "a weight too many": (lambda path: weights(other=torch.zeros(1)), "hold 'other', which PConv does not have"),
    "weights that are no tensors": (lambda path: weights(iteration=3), "state_dict should be {name: tensor}"),
    "weights that are a list": (lambda path: changed(state_dict=[1]), "state_dict should be {name: tensor}"),
    "one number that poses as many": (
        lambda path: (
            arguments(width=2_000_000)
            | {"state_dict": honest()["state_dict"] | {"a": torch.zeros(1).expand(2_000_000, 3_000_000)}}
        ),
        r"a tensor of shape \(2000000, 3000000\) stands for fewer numbers than that",
    ),
    "a gadget beside the weights": (
        lambda path: changed(callbacks=Gadget(f"touch {path}")),
        "torn, or not a checkpoint",
    ),
}
"""{what it is: (what stands in it, given a path that must not come into being; what is said of it)}."""


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_bit(path):
    """Turn the sign of one weight, and leave the archive's checksums as they are."""
    with zipfile.ZipFile(path) as archive:
        entry = max(archive.infolist(), key=lambda entry: entry.file_size)
        name = entry.filename.encode()
    content = bytearray(path.read_bytes())
    begin = content.index(name) + len(name)
    content[begin + int.from_bytes(content[begin - len(name) - 2 : begin - len(name)], "little") + 3] ^= 0x80
    path.write_bytes(content)


def compressed(path):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


DAMAGES = {
    half: "torn, or not a checkpoint",
    one_bit: "damaged, .*/data/.* does not agree with its checksum; use an earlier one",
    compressed: "compressed, as PyTorch writes none",
}
