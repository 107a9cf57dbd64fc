"""Trainings in processes that import nothing for them: one each, or several one after the other in the same."""

import gc
import sys
from pathlib import Path

from omegaconf import OmegaConf, open_dict

import inpaintlab.training.train
from inpaintlab.training.launch import CONFIG, save_job
from tests.helpers.composing import composed
from tests.helpers.process import run_ranks
from tests.helpers.tiny import COMMON, PAPERS


def write_job(paper, folder, *words):
    """Write down what ``inpaintlab train`` with these words would do in the folder."""
    output = f"hydra.runtime.output_dir={folder}"
    cfg = composed("train", f"model={paper}", *COMMON, *PAPERS[paper], *words, output)
    with open_dict(cfg):
        del cfg["hydra"]
    save_job(cfg, folder)


def train(paper, folder, *words, cwd, ranks=1):
    """Train it as each process of ``inpaintlab train`` does, from the last checkpoint of the folder if there is one."""
    write_job(paper, cwd / folder, "ckpt=auto", *words)
    return run_ranks(ranks, "inpaintlab.training.worker", str(cwd / folder), cwd=cwd)


def run_in(processes, folders):
    """Run the jobs of the folders, all in the same so many processes."""
    return run_ranks(processes, "tests.helpers.trainings", *map(str, folders), cwd=folders[0], timeout=600)


def main():
    gc.freeze()  # what is imported is not looked through each time
    for name in sys.argv[1:]:
        inpaintlab.training.train.train(OmegaConf.load(Path(name, CONFIG)), Path(name))
        gc.collect()  # the loader's processes and DDP's hooks of one training end before the next
