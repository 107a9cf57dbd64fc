"""What a verb costs before it does anything: processor seconds to its first result, against those of ``import torch``.

Every line is a process of its own, in turns with all others, the least of several rounds; pictures have 256 px. The
last column names what was imported of the libraries that take long. ``--beside`` measures another checkout in the same
turns, so that before and after stand in one table.

    python benchmarks/start.py [--rounds 3] [--beside <another checkout>/src]
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HEAVY = ("torch", "lightning", "torchmetrics", "torchvision", "scipy", "kornia", "skimage", "matplotlib", "wandb")
HERE = Path(__file__).resolve()
CASES = {
    "import torch": "",
    "predict model=telea": "predict model=telea images=a.png masks=m.png output=out",
    "predict (PatchMatch)": "predict images=a.png masks=m.png output=out",
    "predict model=bundled": "predict model=bundled images=a.png masks=m.png output=out",
    "predict ckpt=": "predict ckpt=a.ckpt images=a.png masks=m.png output=out",
    "predict, no such picture": "predict ckpt=a.ckpt images=none.png masks=m.png output=out",
    "predict, mask of another size": "predict ckpt=a.ckpt images=a.png masks=small.png output=out",
    "predict, wrong key": "predict modle=telea images=a.png masks=m.png output=out",
    "predict --help": "predict --help",
    "evaluate, one picture": "evaluate model=telea data=folder data.root=pictures buckets=null save=1 output=judged",
    "train, one step": "train model=pconv mask=irregular model.width=4 model.levels=3 model.perceptual=0 model.style=0 "
    "paper.size=64 "
    "data.batch_size=2 data.num_workers=0 hardware=cpu baselines=null +callbacks.stop._target_=start.stop",
    "paint, first page": "paint a.png models=telea,patchmatch port=0 output=cases",
}


def stop() -> object:
    """Return a Lightning callback that ends a training behind its first step."""
    from lightning.pytorch.callbacks import LambdaCallback

    def end(*_: object) -> None:
        tell()
        os._exit(0)

    return LambdaCallback(on_train_batch_end=end)


def tell() -> None:
    """Write down what this process has used so far: processor seconds, and libraries."""
    Path(os.environ["START_FACTS"]).write_text(
        f"{time.process_time()} {' '.join(name for name in HEAVY if name in sys.modules)}"
    )


def child(words: list[str]) -> None:
    """Be the process that is measured."""
    if not words:
        import torch  # noqa: F401
    else:
        from inpaintlab.verbs.cli import main

        sys.argv = ["inpaintlab", *words]
        with contextlib.suppress(SystemExit):
            main()
    tell()


def measure(words: list[str], source: Path, folder: Path) -> tuple[float, str]:
    """Run one process; return its processor seconds, and the libraries that it has imported."""
    facts = folder / "facts"
    facts.unlink(missing_ok=True)
    places = os.pathsep.join([str(source), str(HERE.parent)])
    variables = {**os.environ, "PYTHONPATH": places, "START_FACTS": str(facts), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(HERE), "--child", *words]
    with subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        if words[:1] != ["paint"]:
            process.communicate()
            seconds, _, told = facts.read_text().partition(" ")
            return float(seconds), told
        try:
            lines = iter(process.stdout.readline, "")
            address = next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
            urllib.request.urlopen(address).read()
            ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            mapped = Path(f"/proc/{process.pid}/maps").read_text()
        finally:
            process.kill()
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), "torch" if "libtorch" in mapped else ""


def prepare(folder: Path) -> None:
    """Make a picture, masks, a data set and the checkpoint of a narrow network."""
    import numpy as np
    import torch
    from PIL import Image

    from inpaintlab.models.pconv import PConv

    pixels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    hole = np.zeros((256, 256), np.uint8)
    hole[60:120, 50:130] = 255
    for place in ("a.png", *(f"pictures/{split}/a.png" for split in ("train", "val", "test"))):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / place)
    Image.fromarray(hole).save(folder / "m.png")
    Image.fromarray(hole[:100]).save(folder / "small.png")
    model = PConv(levels=5, width=16, perceptual=0, style=0)
    name = f"{PConv.__module__}.{PConv.__qualname__}"
    content = {"model": name, "state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    torch.save(content, folder / "a.ckpt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--beside", type=Path, help="the folder src of another checkout")
    parser.add_argument("--cases", default=";".join(CASES), help="with ; between them")
    arguments = parser.parse_args()
    sources = {"here": HERE.parents[1] / "src"}
    if arguments.beside:
        sources = {"beside": arguments.beside.resolve(), **sources}
    names = dict.fromkeys(["import torch", *arguments.cases.split(";")])
    least: dict[tuple[str, str], tuple[float, str]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare(folder)
        for _ in range(arguments.rounds):
            for name in names:
                for label, source in sources.items():
                    found = measure(CASES[name].split(), source, folder)
                    print(f"{label}: {name}: {found[0]:.2f} s, {found[1]}", file=sys.stderr, flush=True)
                    least[name, label] = min(found, least.get((name, label), found))
    torch = min(seconds for (name, _), (seconds, _) in least.items() if name == "import torch")
    print(f"import torch: {torch:.2f} processor seconds, least of {arguments.rounds}\n")
    print("| | " + " | ".join(f"{label}, x import torch" for label in sources) + " | imported |")
    print("|---|" + "---:|" * len(sources) + "---|")
    for name in names:
        cells = [f"{least[name, label][0] / torch:.2f}" for label in sources]
        print(f"| {name} | {' | '.join(cells)} | {least[name, 'here'][1] or 'none of them'} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    else:
        main()
