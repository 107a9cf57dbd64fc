"""The networks whose features FID and its kin compare; four families are in use, and none stands for another."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256
from inpaintlab.metrics import inception
from inpaintlab.metrics.inception import RESIZES
from inpaintlab.metrics.weights import UNREADABLE, fill, find_weights, full_precision, hash_state, read_weights

STYLEGAN_URL = "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/inception-2015-12-05.pt"
RESIZE = {"inception2015": "tensorflow", "clean_fid": "pil_bicubic", "torchvision": "bilinear"}
"""Family: how it resizes unless label otherwise. The network of StyleGAN resizes inside."""
FAMILIES = (*RESIZE, "stylegan")


class FeatureNetwork(nn.Module):
    """uint8 pictures (B, 3, H, W) -> {"features": (B, dim) float32, "logits": (B, K) where the network has classes}."""

    def __init__(
        self, network: nn.Module, label: str, dim: int, sha256: str, resize: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        """Wrap ``network``, which takes what ``resize`` makes of the pictures (None: uint8, as they are)."""
        super().__init__()
        self.network = network.requires_grad_(False).eval()
        self.label = label
        """What stands beside the numbers."""
        self.dim = dim
        """Number of features."""
        self.sha256 = sha256
        """Of the weights' file, or of the state dict of a network that came without a file."""
        self.resize = resize

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Look at the pictures, in float32 whatever the precision around."""
        if pictures.dtype != torch.uint8 or pictures.ndim != 4 or pictures.shape[1] != 3:
            raise ValueError(f"expected uint8 (B, 3, H, W), got {pictures.dtype} {tuple(pictures.shape)}")
        with full_precision(pictures.device):
            answer = self.network(pictures if self.resize is None else self.resize(pictures))
        answer = answer if isinstance(answer, Mapping) else {"features": answer}
        return {name: value.flatten(1).float() for name, value in answer.items()}

    def train(self, mode: bool = True) -> "FeatureNetwork":  # noqa: ARG002
        """Stay in evaluation mode whatever is asked."""
        return super().train(False)


def load_network(
    network: str | nn.Module | Mapping[str, Any],
    weights: str | None = None,
    resize: str | None = None,
    features: int = 2048,
    key: str | None = None,
) -> FeatureNetwork:
    """Return a feature network with its weights; whatever is missing raises ``UserError``.

    Args:
        network: a family, or a network of one's own (uint8 (B, 3, H, W) -> (B, D)) as a module or by ``_target_``.

            - ``inception2015``: the original, as torch-fidelity has it; logits for the Inception score.
            - ``clean_fid``: the same weights after PIL's smoothed bicubic resize.
            - ``torchvision``: the ImageNet weights of torchvision (edge-connect, AOT-GAN).
            - ``stylegan``: the TorchScript file of StyleGAN2-ADA (MAT). Loading it runs the program in it.
        weights: their file; None: the library's download or cache.
        resize: of ``RESIZES``; None: the family's own.
        features: of ``inception2015`` and ``clean_fid``: 64, 192, 768 or 2048.
        key: the word of the configuration that names the weights' file, for messages; None: ``weights.<network>``.
    """
    if isinstance(network, nn.Module | Mapping):
        if weights is not None or resize is not None:
            raise UserError("a network of one's own reads its weights and resizes by itself; leave weights and resize")
        return _injected(network)
    if network not in FAMILIES:
        raise UserError(f"network={network}: expected {', '.join(FAMILIES)}, or a network's _target_")
    key = key or f"weights.{network}"
    if network == "stylegan":
        if resize is not None:
            raise UserError(f"resize={resize}: stylegan resizes inside its file; leave resize")
        return _stylegan(weights, key)
    resize = resize or RESIZE[network]
    if resize not in RESIZES:
        raise UserError(f"resize={resize}: expected one of {', '.join(RESIZES)}")
    label = network if resize == RESIZE[network] else f"{network}, {resize}"
    if network == "torchvision":
        return _torchvision(weights, key, label, resize)
    module = inception.Inception(features)
    path = find_weights(weights, inception.URL, key)
    module.load(path, key)
    return FeatureNetwork(module, f"FID-{features} {label}", features, file_sha256(path), RESIZES[resize])


class TorchvisionInception(nn.Module):
    """Pictures float32 (B, 3, 299, 299) of 0 to 255 -> 2048 features and the logits of ImageNet's 1000 classes."""

    def __init__(self) -> None:
        """Build it with random weights."""
        super().__init__()
        # Its transform_input takes pictures for ImageNet-normalised ones. Those of [0, 1] that edge-connect and
        # AOT-GAN feed are not, but theirs are the numbers to be met.
        self.inception = torchvision.models.inception_v3(weights=None, init_weights=False, transform_input=True)
        self.classes, self.inception.fc = self.inception.fc, nn.Identity()
        self.eval()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Look at pictures of 0 to 255."""
        features = self.inception(x / 255)
        return {"features": features, "logits": self.classes(features)}


class StyleGanInception(nn.Module):
    """Pictures uint8 (B, 3, H, W) -> 2048 features, by a TorchScript that resizes and scales inside."""

    def __init__(self, script: nn.Module) -> None:
        """Wrap the loaded script."""
        super().__init__()
        self.script = script

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (B, 2048)."""
        return self.script(pictures, return_features=True)


def _torchvision(weights: str | None, key: str, label: str, resize: str) -> FeatureNetwork:
    url = torchvision.models.Inception_V3_Weights.IMAGENET1K_V1.url
    path = find_weights(weights, url, key)
    expected = f"torchvision's weights of inception_v3, {url}"
    state = read_weights(path, key, expected)
    module = TorchvisionInception()
    fill(module, {_renamed(name): value for name, value in state.items()}, path, key, expected)
    return FeatureNetwork(module, f"FID-2048 {label}", 2048, file_sha256(path), RESIZES[resize])


def _renamed(name: str) -> str:
    return name.replace("fc.", "classes.") if name.startswith("fc.") else f"inception.{name}"


def _stylegan(weights: str | None, key: str) -> FeatureNetwork:
    path = find_weights(weights, STYLEGAN_URL, key)
    expected = f"the TorchScript of StyleGAN2-ADA, {STYLEGAN_URL}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # TorchScript has had its day; the file is what it is
            module = StyleGanInception(torch.jit.load(path, map_location="cpu"))
        dim = _dim(module)
    except (*UNREADABLE, TypeError) as error:
        line = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UserError(f"{key}={path}: cannot be used ({line.strip()[:120]}); expected {expected}") from error
    return FeatureNetwork(module, f"FID-{dim} stylegan", dim, file_sha256(path))


def _injected(network: nn.Module | Mapping[str, Any]) -> FeatureNetwork:
    if not isinstance(network, nn.Module):
        if "_target_" not in network:
            raise UserError(f"network={dict(network)}: expected a _target_ with its arguments")
        from hydra.utils import instantiate

        network = instantiate(network)
    dim = int(getattr(network, "num_features", 0)) or _dim(network.eval())
    label = getattr(network, "label", f"FID-{dim} {type(network).__name__}")
    return FeatureNetwork(network, label, dim, getattr(network, "sha256", None) or hash_state(network))


@torch.no_grad()
def _dim(network: nn.Module) -> int:
    """Ask a network for the number of its features."""
    answer = network(torch.zeros(1, 3, 299, 299, dtype=torch.uint8))
    return (answer["features"] if isinstance(answer, Mapping) else answer).flatten(1).shape[1]
