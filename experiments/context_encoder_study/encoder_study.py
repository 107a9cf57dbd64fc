"""How fast an encoder learns to classify (Fig. 13): this paper's against GLCIC's, on CIFAR-10.

    python experiments/context_encoder_study/encoder_study.py data=<folder of CIFAR-10> epochs=20

Both train on the same batches. Prints the accuracy on the test pictures after each epoch, and keeps it in ``output``.
"""

import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from omegaconf import MISSING, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from torch import Tensor, nn
from torchvision.datasets import CIFAR10

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_text
from inpaintlab.basics.messages import report_errors
from inpaintlab.models.context_encoder.network import Encoder, initialise

SIZE = 128
"""Side in pixels that the encoders see: CIFAR-10's 32, enlarged (ours; this paper's encoder takes no less)."""
CLASSES = 10
GLCIC = (
    *((64, 5, 1, 1), (128, 3, 2, 1), (128, 3, 1, 1), (256, 3, 2, 1), (256, 3, 1, 1), (256, 3, 1, 1)),
    *((256, 3, 1, 2), (256, 3, 1, 4), (256, 3, 1, 8), (256, 3, 1, 16), (256, 3, 1, 1), (256, 3, 1, 1)),
)
"""(channels, kernel, stride, dilation) of the layers before GLCIC's first deconvolution (Iizuka et al. 2017)."""


@dataclass
class Settings:
    """The words of the command line; but for ``data`` they have the paper's values, or ours where it gives none."""

    data: str = MISSING
    """Folder with ``cifar-10-batches-py``."""
    download: bool = False
    """Let torchvision fetch CIFAR-10 into it."""
    epochs: int = 20
    batch_size: int = 100
    lr: float = 3e-4
    """Adam, betas 0.5 and 0.999."""
    pictures: int | None = None
    """Only so many training pictures; None: all 50,000."""
    seed: int = 0
    output: str = "encoder_study.csv"


@dataclass
class Pictures:
    """``images`` (N, 3, 32, 32) uint8 and their ``labels`` (N,)."""

    images: Tensor
    labels: Tensor


class GlcicEncoder(nn.Sequential):
    """Pictures (B, 3, H, W) -> features (B, 4 width, H / 4, W / 4); BatchNorm and ReLU after each convolution."""

    def __init__(self, width: int = 64) -> None:
        layers: list[nn.Module] = []
        before = 3
        for channels, kernel, stride, dilation in GLCIC:
            after, padding = channels * width // 64, dilation * (kernel // 2)
            convolution = nn.Conv2d(before, after, kernel, stride, padding, dilation)
            layers += [convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
            before = after
        super().__init__(*layers)


def classifier(encoder: nn.Module, features: int) -> nn.Module:
    """Put global average pooling and one linear layer on an encoder; pooling leaves a 1 x 1 result as it is."""
    network = nn.Sequential(encoder, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, CLASSES))
    initialise(network)
    return network


def read(settings: Settings, *, train: bool) -> Pictures:
    """Read one half of CIFAR-10; ``UserError`` if it is not there."""
    root = Path(settings.data).expanduser().absolute()
    if not settings.download and not (root / "cifar-10-batches-py").is_dir():
        raise UserError(
            f"{root}: no cifar-10-batches-py; give the folder that holds it, data=<folder>, "
            "or let torchvision fetch it: download=true"
        )
    try:
        data = CIFAR10(str(root), train=train, download=settings.download)
    except (RuntimeError, OSError) as error:
        raise UserError(f"{root}: CIFAR-10 cannot be read ({error}); fetch it again with download=true") from error
    count = settings.pictures if train else None
    return Pictures(torch.from_numpy(data.data).movedim(3, 1)[:count], torch.tensor(data.targets)[:count])


def enlarge(images: Tensor) -> Tensor:
    """Turn bytes (B, 3, 32, 32) into what the encoders see: (B, 3, SIZE, SIZE) in [-1, 1]."""
    return F.interpolate(images.float() / 127.5 - 1, size=(SIZE, SIZE), mode="bilinear", align_corners=False)


def train_epoch(
    network: nn.Module, optimizer: torch.optim.Optimizer, data: Pictures, batch_size: int, order: Tensor
) -> None:
    """One pass through the pictures in this order; an incomplete last batch is left out."""
    network.train()
    for chosen in order[: len(order) // batch_size * batch_size].split(batch_size):
        optimizer.zero_grad()
        F.cross_entropy(network(enlarge(data.images[chosen])), data.labels[chosen]).backward()
        optimizer.step()


@torch.no_grad()
def accuracy(network: nn.Module, data: Pictures, batch_size: int) -> float:
    """Return the share of pictures whose class is right."""
    network.eval()
    batches = zip(data.images.split(batch_size), data.labels.split(batch_size), strict=True)
    right = sum((network(enlarge(images)).argmax(1) == labels).sum().item() for images, labels in batches)
    return right / len(data.labels)


def study(settings: Settings) -> list[str]:
    """Train both encoders; return, and keep, the lines ``encoder,epoch,accuracy,seconds`` (of training)."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    halves = (read(settings, train=True), read(settings, train=False))
    training, test = (Pictures(half.images.to(device), half.labels.to(device)) for half in halves)
    if len(training.labels) < settings.batch_size:
        raise UserError(f"batch_size={settings.batch_size}: more than the {len(training.labels)} training pictures")
    lines = ["encoder,epoch,accuracy,seconds"]
    for name, make, features in (("context_encoder", partial(Encoder, SIZE), 4000), ("glcic", GlcicEncoder, 256)):
        torch.manual_seed(settings.seed)
        network = classifier(make(), features).to(device)
        optimizer = torch.optim.Adam(network.parameters(), lr=settings.lr, betas=(0.5, 0.999))
        shuffle, seconds = torch.Generator().manual_seed(settings.seed), 0.0
        for epoch in range(1, settings.epochs + 1):
            started = time.monotonic()
            order = torch.randperm(len(training.labels), generator=shuffle).to(device)
            train_epoch(network, optimizer, training, settings.batch_size, order)
            if device == "cuda":
                torch.cuda.synchronize()
            seconds += time.monotonic() - started
            lines.append(f"{name},{epoch},{accuracy(network, test, settings.batch_size):.4f},{seconds:.1f}")
            print(lines[-1], flush=True)
            write_text(Path(settings.output), "\n".join(lines) + "\n")
    return lines


def parse(words: list[str]) -> Settings:
    """Read ``key=value`` words; ``UserError`` for an unknown key, a wrong value or no ``data``."""
    try:
        given = OmegaConf.merge(OmegaConf.structured(Settings), OmegaConf.from_dotlist(words))
        settings: Settings = OmegaConf.to_object(given)  # type: ignore[assignment]
    except OmegaConfBaseException as error:
        names = ", ".join(Settings.__dataclass_fields__)
        raise UserError(
            f"{str(error).splitlines()[0]}; expected data=<folder of CIFAR-10> and any of {names}"
        ) from error
    for name in ("epochs", "batch_size", "pictures"):
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise UserError(f"{name}={value}: expected at least 1")
    return settings


@report_errors
def main(words: list[str]) -> None:
    """Run the study."""
    study(parse(words))


if __name__ == "__main__":
    main(sys.argv[1:])
