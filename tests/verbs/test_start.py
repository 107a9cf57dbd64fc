"""What is not imported, in processes of their own, since this one has everything."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from tests.helpers.process import environment
from tests.helpers.wheels import needs_patchmatch
from tests.models.hostile import honest

HEAVY = "{'torch', 'lightning', 'torchmetrics', 'torchvision', 'scipy', 'kornia', 'skimage', 'matplotlib', 'wandb'}"
VERBS = f"""
import contextlib, sys
from inpaintlab.verbs import cli
for line in open("calls"):
    sys.argv = ["inpaintlab", *line.split()]
    with contextlib.suppress(SystemExit):
        cli.main()
print("imported:", *sorted({HEAVY} & set(sys.modules)))
"""


def run(code, folder):
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment(), capture_output=True, text=True, timeout=300
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout, answer.stderr


@pytest.mark.slow
@needs_patchmatch  # without it the default is a network
def test_neither_fills_by_methods_nor_wrong_words_import_torch(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    hole = np.zeros((40, 50), np.uint8)
    hole[5:9, 4:12] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(hole).save(tmp_path / "m.png")
    Image.fromarray(hole[:9]).save(tmp_path / "small.png")
    torch.save(honest(), tmp_path / "a.ckpt")
    (tmp_path / "calls").write_text(
        "predict model=telea images=a.png masks=m.png output=by_telea\n"
        "predict model=navier_stokes images=a.png masks=m.png output=by_navier_stokes\n"
        "predict images=a.png masks=m.png output=by_patchmatch\n"
        "predict models=telea,navier_stokes images=a.png masks=m.png output=by_both\n"
        "predict model=telea images=a.png\n"
        "predict ckpt=a.ckpt images=none.png masks=m.png\n"
        "predict ckpt=none.ckpt images=a.png masks=m.png\n"
        "predict ckpt=a.ckpt images=a.png masks=small.png\n"
        "predict ckpt=a.ckpt images=a.png masks=m.png quality=101\n"
        "predict model=telea model.radius=0 images=a.png masks=m.png\n"
        "predict modle=telea images=a.png masks=m.png\n"
        "evaluate model=telea data=folder data.root=nowhere\n"
        "train model=pconv data=folder data.root=nowhere\n"
        "export ckpt=none.ckpt\n"
        "predict --help\n"
        "train --help\n"
    )
    out, told = run(VERBS, tmp_path)
    assert out.splitlines()[-1] == "imported:"
    for name in ("telea", "navier_stokes", "patchmatch"):
        assert (tmp_path / f"by_{name}" / "a.png").is_file()
    assert (tmp_path / "by_both" / "sheet" / "a.png").is_file()
    assert "failed: a.png: small.png: 9x50 px" in out
    lines = told.splitlines()
    for line in (
        "error: masks=<file or folder> or box=x,y,w,h is needed: Telea must be told where the holes are",
        "error: images=none.png: no such file or folder",
        "error: ckpt=none.ckpt: no such file",
        "error: quality=101: expected a whole number from 1 to 100",
        "error: model.radius=0: expected more than 0 pixels",
        "error: modle: no such key; did you mean model?",
    ):
        assert any(found.startswith(line) for found in lines), line


SCORE = f"""
import sys
import numpy as np
import inpaintlab
hole = np.zeros((16, 16), bool)
hole[6:9, 6:9] = True
picture = np.zeros((16, 16, 3), np.uint8)
inpaintlab.score(picture, picture, hole, measures=("psnr", "ssim", "l1"))
print("imported:", *sorted({HEAVY} & set(sys.modules)))
"""


@pytest.mark.slow
def test_what_needs_no_network_is_measured_without_libraries_of_networks(tmp_path):
    """LPIPS is part of the protocol, asked for or not. torchmetrics fails where two threads import it at once."""
    assert run(SCORE, tmp_path)[0].splitlines()[-1] == "imported: torch"
