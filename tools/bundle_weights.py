"""Write a checkpoint's network as the package carries it: `python tools/bundle_weights.py <.ckpt> <.safetensors>`."""

import sys
from pathlib import Path

from inpaintlab.models.harmonic_residual.weight_file import save_weights
from inpaintlab.models.loading import open_model


def main() -> None:
    """Convert."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    checkpoint, file = map(Path, sys.argv[1:])
    save_weights(open_model(checkpoint)[0], file)
    file.chmod(0o644)  # safetensors gives its files to their owner alone
    print(f"{file}: {file.stat().st_size / 2**20:.2f} MiB")


if __name__ == "__main__":
    main()
