"""``inpaintlab <verb> [key=value ...]``: hands the words over to the verb."""

import importlib
import sys

from inpaintlab import __version__
from inpaintlab.configs import quoted

VERBS = {
    "train": ("inpaintlab.train", "train a model and judge it on the test pictures"),
    "evaluate": ("inpaintlab.evaluate", "judge a checkpoint or a classical method over hole-ratio buckets"),
    "predict": ("inpaintlab.predict", "fill the holes of a picture or a folder of pictures"),
    "report": ("inpaintlab.report", "join the results of many runs and evaluations into tables and a page"),
    "doctor": ("inpaintlab.doctor", "try a training for a minute: data, batch, step, forecast"),
    "sweep": ("inpaintlab.sweep", "run the jobs of an experiment, each once, however often interrupted"),
    "sweep-status": ("inpaintlab.sweep_status", "show how far the jobs of a sweep are"),
    "masks": ("inpaintlab.benchmark_masks", "write a frozen set of benchmark masks"),
    "shard": ("inpaintlab.shard", "pack a data set into a few large files, on disk or for object storage"),
    "cost": ("inpaintlab.cost", "count parameters and multiply-adds, measure latency and memory"),
    "study": ("inpaintlab.study", "ask people which of two completed pictures looks more real"),
    "dashboard": ("inpaintlab.dashboard", "create or update the W&B workspace and report"),
}


def usage() -> str:
    """Say what can be typed."""
    verbs = "\n".join(f"  {verb:14}{what}" for verb, (_, what) in VERBS.items())
    return (
        f"inpaintlab {__version__}\n\nusage: inpaintlab <verb> [key=value ...]\n\n{verbs}\n\n"
        "`inpaintlab <verb> --help` lists a verb's choices and keys."
    )


def main() -> None:
    """Run the verb named by the first word."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help", "--version"):
        print(usage())
        return
    verb = sys.argv.pop(1)
    if verb not in VERBS:
        sys.exit(f"error: unknown verb '{verb}'; expected one of: {', '.join(VERBS)}")
    sys.argv = [f"inpaintlab {verb}", *quoted(sys.argv[1:])]
    importlib.import_module(VERBS[verb][0]).main()


if __name__ == "__main__":
    main()
