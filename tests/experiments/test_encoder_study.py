import csv

import numpy as np
import pytest
import torch
from experiments.context_encoder_study import encoder_study
from experiments.context_encoder_study.encoder_study import (
    GlcicEncoder,
    Pictures,
    Settings,
    accuracy,
    classifier,
    enlarge,
    main,
    parse,
    read,
    study,
    train_epoch,
)
from torch import nn

from inpaintlab.basics.errors import UserError


class TwoColours:
    """Stands for torchvision's CIFAR10: dark pictures of class 0, bright ones of class 1."""

    def __init__(self, root, train, download):
        labels = np.arange(24 if train else 8) % 2
        noise = np.random.default_rng(int(train)).integers(0, 60, (len(labels), 32, 32, 3))
        self.data = (noise + 190 * labels[:, None, None, None]).astype(np.uint8)
        self.targets = labels.tolist()


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    (tmp_path / "cifar-10-batches-py").mkdir()
    monkeypatch.setattr(encoder_study, "CIFAR10", TwoColours)
    monkeypatch.setattr(encoder_study, "SIZE", 32)
    return tmp_path


def test_study_learns_and_keeps_a_line_per_epoch(cifar, capsys):
    output = cifar / "study.csv"
    lines = study(Settings(data=str(cifar), epochs=2, batch_size=8, pictures=8, output=str(output)))
    with output.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["encoder"], row["epoch"]) for row in rows] == [
        (name, str(epoch)) for name in ("context_encoder", "glcic") for epoch in (1, 2)
    ]
    assert all(0 <= float(row["accuracy"]) <= 1 for row in rows)
    assert output.read_text().splitlines() == lines
    assert capsys.readouterr().out.splitlines() == lines[1:]


def test_an_epoch_learns(cifar):
    torch.manual_seed(0)
    network = classifier(nn.Conv2d(3, 8, 4, stride=4), 8)
    half = read(Settings(data=str(cifar)), train=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(5):
        train_epoch(network, optimizer, half, 8, torch.arange(24))
    assert network.training
    assert accuracy(network, read(Settings(data=str(cifar)), train=False), 3) == 1
    assert not network.training


def test_accuracy_counts_the_incomplete_batch():
    class Always(nn.Module):
        def forward(self, pictures):
            return torch.tensor([0.0, 1.0]).expand(len(pictures), 2)

    data = Pictures(torch.zeros(7, 3, 32, 32, dtype=torch.uint8), torch.tensor([1, 1, 1, 1, 0, 0, 1]))
    assert accuracy(Always(), data, 4) == pytest.approx(5 / 7)


def test_pictures_are_limited_for_training_only(cifar):
    settings = Settings(data=str(cifar), pictures=10)
    assert len(read(settings, train=True).labels) == 10
    half = read(settings, train=False)
    assert len(half.labels) == 8
    assert half.images.shape == (8, 3, 32, 32)
    assert half.images.dtype == torch.uint8


def test_what_the_encoders_see():
    seen = enlarge(torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 32, 32))
    assert seen.shape == (2, 3, 128, 128)
    assert torch.equal(seen[0], torch.full((3, 128, 128), -1.0))
    assert torch.equal(seen[1], torch.ones(3, 128, 128))


def test_glcic_encoder():
    """Iizuka et al.: 12 convolutions to a quarter of the side; parameters by hand, k k in out + 3 out."""
    with torch.device("meta"):
        encoder = GlcicEncoder()
        assert encoder(torch.zeros(2, 3, 128, 128)).shape == (2, 256, 32, 32)
    first = [25 * 3 * 64 + 3 * 64, 9 * 64 * 128 + 3 * 128, 9 * 128 * 128 + 3 * 128, 9 * 128 * 256 + 3 * 256]
    rest = 8 * (9 * 256 * 256 + 3 * 256)
    assert sum(parameter.numel() for parameter in encoder.parameters()) == sum(first) + rest
    assert [layer.dilation[0] for layer in encoder if isinstance(layer, nn.Conv2d)] == [1] * 6 + [2, 4, 8, 16] + [1] * 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], r"data.*; expected data=<folder of CIFAR-10> and any of data, download, epochs"),
        (["data=x", "epoch=3"], "epoch.*; expected data="),
        (["data=x", "epochs=three"], "three.*; expected data="),
        (["data=x", "epochs=0"], "epochs=0: expected at least 1"),
    ],
)
def test_bad_words(words, message):
    with pytest.raises(UserError, match=message):
        parse(words)


def test_words():
    settings = parse(["data=here", "epochs=3", "lr=1e-3"])
    assert (settings.data, settings.epochs, settings.lr, settings.batch_size) == ("here", 3, 1e-3, 100)


def test_missing_data_say_where_and_how(tmp_path, capsys):
    with pytest.raises(UserError, match=r"no cifar-10-batches-py; .*data=<folder>.*download=true"):
        read(Settings(data=str(tmp_path)), train=True)
    with pytest.raises(SystemExit) as stop:
        main([f"data={tmp_path}"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}: no cifar-10-batches-py")


def test_torn_data(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    with pytest.raises(UserError, match=r"CIFAR-10 cannot be read .*download=true"):
        read(Settings(data=str(tmp_path)), train=True)


def test_too_few_pictures(cifar):
    with pytest.raises(UserError, match="batch_size=100: more than the 24 training pictures"):
        study(Settings(data=str(cifar)))
