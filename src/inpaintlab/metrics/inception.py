"""The Inception network of 2015 by which FID was defined (Heusel et al. 2017), in torch-fidelity's blocks."""

import re
from pathlib import Path

import torch
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256
from inpaintlab.metrics.resizing import RESIZES
from inpaintlab.metrics.weights import fill, find_weights, read_weights

URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
"""The weights of 2015, as torch-fidelity carries them over from TensorFlow."""
TAPS = {64: "MaxPool_1", 192: "MaxPool_2", 768: "Mixed_6e", 2048: "Mixed_7c"}
"""Number of features: the layer whose output, averaged over the picture, they are."""
EXPECTED = f"torch-fidelity's Inception weights of 2015, {URL}"


class Inception(nn.Module):
    """Pictures float32 (B, 3, 299, 299) of 0 to 255 -> {"features": (B, width)} and, of 2048, "logits" (B, 1008)."""

    def __init__(self, width: int = 2048) -> None:
        """Build the layers up to those ``width`` features; weights are random until ``load`` fills them."""
        super().__init__()
        if width not in TAPS:
            raise UserError(f"features={width}: expected one of {', '.join(map(str, TAPS))}")
        self.width = width
        for name, layer in _layers(width).items():
            self.add_module(name, layer)
        self.requires_grad_(False).eval()

    def load(self, path: Path, key: str) -> None:
        """Fill in a file of torch-fidelity's weights, or an .npz of the TensorFlow graph (see ``unfold``)."""
        state = read_weights(path, key, EXPECTED)
        if path.suffix == ".npz":
            state = unfold(self, state, f"{key}={path}")
        # The file is of the whole network; what lies beyond the chosen features is not needed.
        own = self.state_dict()
        kept = {name: value for name, value in state.items() if name in own}
        fill(self, kept, path, key, EXPECTED)

    def train(self, mode: bool = True) -> "Inception":  # noqa: ARG002
        """Stay in evaluation mode whatever is asked."""
        return super().train(False)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Look at pictures of 0 to 255."""
        x = (x - 128) / 128
        for name, layer in self.named_children():
            if name != "fc":
                x = layer(x)
        features = x.mean((2, 3))
        if self.width < 2048:
            return {"features": features}
        # Without the bias of the classes, as TensorFlow's and torch-fidelity's Inception scores have it.
        return {"features": features, "logits": features @ self.fc.weight.T}


class Inception768(nn.Module):
    """A network to inject: uint8 (B, 3, H, W) -> (B, 768), from a file that need not reach beyond those features."""

    num_features = 768
    label = "FID-768 inception2015"

    def __init__(self, weights: str | None = None, resize: str = "tensorflow") -> None:
        """Read ``weights``: torch-fidelity's .pth, or an .npz (see ``unfold``); None: torch-fidelity's download."""
        super().__init__()
        if resize not in RESIZES:
            raise UserError(f"resize={resize}: expected one of {', '.join(RESIZES)}")
        self.resize = resize
        if resize != "tensorflow":
            self.label = f"{type(self).label}, {resize}"
        path = find_weights(weights, URL, "weights")
        self.inception = Inception(768)
        self.inception.load(path, "weights")
        self.sha256 = file_sha256(path)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (B, 768) float32."""
        return self.inception(RESIZES[self.resize](pictures))["features"]


def unfold(network: Inception, folded: dict[str, Tensor], told: str) -> dict[str, Tensor]:
    """Name the weights of the TensorFlow graph as torch-fidelity does.

    ``folded`` holds, for each convolution, ``<scope>_w`` (O, I, kH, kW) and ``<scope>_b`` (O,), where the scope is
    TensorFlow's with / as _ (``mixed_4_tower_1_conv_2``) and the batch norm is folded into the convolution.
    """
    state = network.state_dict()
    for name, scope in list_scopes(network):
        if not {f"{scope}_w", f"{scope}_b"} <= set(folded):
            raise UserError(f"{told}: has no {scope}_w and {scope}_b; expected the folded Inception of 2015")
        weight, bias = folded[f"{scope}_w"].float(), folded[f"{scope}_b"].float()
        state[f"{name}.conv.weight"] = weight
        state[f"{name}.bn.bias"] = bias
        state[f"{name}.bn.weight"] = torch.ones_like(bias)
        state[f"{name}.bn.running_mean"] = torch.zeros_like(bias)
        # The norm divides by sqrt(variance + eps): by 1.
        state[f"{name}.bn.running_var"] = torch.full_like(bias, 1 - network.get_submodule(f"{name}.bn").eps)
    return state


def list_scopes(network: nn.Module) -> list[tuple[str, str]]:
    """Return (torch-fidelity's name, TensorFlow's scope) of each convolution of the stem and the blocks up to 6e."""
    found, blocks = [], 0
    for name, layer in network.named_children():
        if name.startswith("Conv2d"):
            found.append((name, _numbered("conv", len(found))))
        elif name.startswith(("Mixed_5", "Mixed_6")):
            branches: dict[str, int] = {}
            for child, _ in layer.named_children():
                branch = re.sub(r"_\d$", "", child)
                depth = branches.setdefault(branch, 0)
                branches[branch] += 1
                tower = list(branches).index(branch)
                path = [_numbered("mixed", blocks), *([_numbered("tower", tower - 1)] if tower else [])]
                found.append((f"{name}.{child}", "_".join([*path, _numbered("conv", depth)])))
            blocks += 1
    return found


def _numbered(word: str, index: int) -> str:
    """TensorFlow's name of the index-th of its kind: the first has no number."""
    return f"{word}_{index}" if index else word


def _layers(width: int) -> dict[str, nn.Module]:
    """Return torch-fidelity's layers by name, in order, up to those that give so many features."""
    try:
        from torch_fidelity import feature_extractor_inceptionv3 as parts
    except ModuleNotFoundError as error:
        raise UserError("the Inception of 2015 needs torch-fidelity; pip install 'inpaintlab[metrics]'") from error
    conv, pool = parts.BasicConv2d, nn.MaxPool2d
    makers = {
        "Conv2d_1a_3x3": lambda: conv(3, 32, kernel_size=3, stride=2),
        "Conv2d_2a_3x3": lambda: conv(32, 32, kernel_size=3),
        "Conv2d_2b_3x3": lambda: conv(32, 64, kernel_size=3, padding=1),
        "MaxPool_1": lambda: pool(3, 2),
        "Conv2d_3b_1x1": lambda: conv(64, 80, kernel_size=1),
        "Conv2d_4a_3x3": lambda: conv(80, 192, kernel_size=3),
        "MaxPool_2": lambda: pool(3, 2),
        "Mixed_5b": lambda: parts.InceptionA(192, pool_features=32),
        "Mixed_5c": lambda: parts.InceptionA(256, pool_features=64),
        "Mixed_5d": lambda: parts.InceptionA(288, pool_features=64),
        "Mixed_6a": lambda: parts.InceptionB(288),
        "Mixed_6b": lambda: parts.InceptionC(768, channels_7x7=128),
        "Mixed_6c": lambda: parts.InceptionC(768, channels_7x7=160),
        "Mixed_6d": lambda: parts.InceptionC(768, channels_7x7=160),
        "Mixed_6e": lambda: parts.InceptionC(768, channels_7x7=192),
        "Mixed_7a": lambda: parts.InceptionD(768),
        "Mixed_7b": lambda: parts.InceptionE_1(1280),
        "Mixed_7c": lambda: parts.InceptionE_2(2048),
    }
    names = list(makers)
    layers = {name: makers[name]() for name in names[: names.index(TAPS[width]) + 1]}
    return {**layers, "fc": nn.Linear(2048, 1008)} if width == 2048 else layers
