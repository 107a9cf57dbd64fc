"""Several trainings, one after the other, in the same processes: torch is imported once for all of them.

``python -m torch.distributed.run --nproc-per-node=2 -m tests.helpers.trainings <run folder> ...``
"""

import gc
import subprocess
import sys
from pathlib import Path

from omegaconf import OmegaConf, open_dict

from inpaintlab.training.launch import CONFIG, save_job
from inpaintlab.training.train import train
from tests.helpers.composing import composed
from tests.helpers.process import environment
from tests.helpers.tiny import COMMON, PAPERS


def write_job(paper, folder, *words):
    """Write down what ``inpaintlab train`` with these words would do in the folder."""
    output = f"hydra.runtime.output_dir={folder}"
    cfg = composed("train", f"model={paper}", *COMMON, *PAPERS[paper], *words, output)
    with open_dict(cfg):
        del cfg["hydra"]
    save_job(cfg, folder)


def run_in(processes, folders):
    """Run the jobs of the folders, all in the same so many processes."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] * (processes > 1)
    command = [sys.executable, *torchrun, "-m", "tests.helpers.trainings", *map(str, folders)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=600)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        train(OmegaConf.load(Path(name, CONFIG)), Path(name))
        gc.collect()  # the loader's processes and DDP's hooks of one training end before the next
