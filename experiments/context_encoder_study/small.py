"""Fig. 13 at small scale, without CIFAR-10: both encoders, narrow, on scikit-learn's 1,797 handwritten digits.

    python experiments/context_encoder_study/small.py

The same functions as the study's; the digits come with scikit-learn (pip install inpaintlab[metrics]). Every fourth is
a test picture. Prints the accuracy on these after each epoch, and the seconds of training so far.
"""

import time
from functools import partial

import torch
from encoder_study import (
    SIZE,
    GlcicEncoder,
    Pictures,
    accuracy,
    classifier,
    train_epoch,
)
from sklearn.datasets import load_digits

from inpaintlab.models.context_encoder.network import Encoder

EPOCHS, BATCH, WIDTH = 4, 20, 8
ENCODERS = {
    "context_encoder": (partial(Encoder, SIZE, width=WIDTH, bottleneck=4000 * WIDTH // 64), 4000 * WIDTH // 64),
    "glcic": (partial(GlcicEncoder, WIDTH), 4 * WIDTH),
}
"""Name: (how it is made, its features); an eighth of the channels of the full study."""


def read() -> tuple[Pictures, Pictures]:
    """Return the training and the test digits, 8 x 8 grey, repeated to three channels."""
    digits = load_digits()
    images = torch.from_numpy(digits.images).mul(255 / 16).round().byte()[:, None].expand(-1, 3, -1, -1)
    labels = torch.from_numpy(digits.target)
    test = torch.arange(len(labels)) % 4 == 0
    return Pictures(images[~test], labels[~test]), Pictures(images[test], labels[test])


def main() -> None:
    """Train both encoders on the same batches."""
    training, test = read()
    print("encoder,epoch,accuracy,seconds")
    for name, (make, features) in ENCODERS.items():
        torch.manual_seed(0)
        network = classifier(make(), features)
        optimizer = torch.optim.Adam(network.parameters(), lr=3e-4, betas=(0.5, 0.999))
        shuffle, seconds = torch.Generator().manual_seed(0), 0.0
        for epoch in range(1, EPOCHS + 1):
            started = time.monotonic()
            order = torch.randperm(len(training.labels), generator=shuffle)
            train_epoch(network, optimizer, training, BATCH, order)
            seconds += time.monotonic() - started
            print(f"{name},{epoch},{accuracy(network, test, 100):.4f},{seconds:.1f}", flush=True)
        print(f"{name}: {sum(p.numel() for p in network.parameters()):,} parameters")


if __name__ == "__main__":
    main()
