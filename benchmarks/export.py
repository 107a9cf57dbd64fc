"""Every model in every format: how near the file comes to it, how large it is, how long it takes against torch.

Narrow networks with the BatchNorm statistics of trained ones, holes of four kinds, batches of 1 and 3, sizes 64x64,
100x90, 131x77 and 48x160. Differences are in grey levels of 255; the ratio is the processor time of the file over
that of torch, one thread, least of three.

    python benchmarks/export.py [--models "pconv;madf"] [--formats onnx,torchscript]
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.exporting.networks import MODELS, trained

from inpaintlab.basics.errors import UserError
from inpaintlab.exporting.export import export


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=";".join(MODELS), help="with ; between them")
    parser.add_argument("--formats", default="onnx,torchscript")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| model | format | largest | mean | differ | MB | time / torch |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.models.split(";"):
            for form in arguments.formats.split(","):
                try:
                    told = row(name, form, Path(folder, "file"))
                except UserError as error:
                    told = str(error)
                print(f"| {name} | {form} | {told} |", flush=True)


def row(name: str, form: str, path: Path) -> str:
    """Export one, and return its cells."""
    report = export(trained(name), form, path, {})
    return (
        f"{report.largest:.3g} | {report.mean:.2g} | {report.share:.4%} | {report.megabytes:.2f} "
        f"| {report.time_ratio:.2f}"
    )


if __name__ == "__main__":
    main()
