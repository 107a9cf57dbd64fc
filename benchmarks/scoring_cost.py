"""Cost of scoring without deep metrics: what a protocol measures unasked, against PConv's prediction at full width.

The same batch of 256 px is predicted and scored in turns in one process, as ``inpaintlab evaluate`` does it, and the
medians are compared. On a CPU the time is the processor's, since others may use the machine; on a GPU it is the
clock's. The goal is at most 10 %.

    python benchmarks/scoring_cost.py [--device cuda] [--batch 4] [--size 256] [--rounds 9] [--protocol standard]
"""

import argparse
import time
from statistics import median

import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from inpaintlab.basics.configs import FOLDER
from inpaintlab.batch import Batch
from inpaintlab.evaluation.predictions import now, score
from inpaintlab.evaluation.settings import measures_of
from inpaintlab.models.pconv import PConv


def clock(device: torch.device) -> float:
    return time.process_time() if device.type == "cpu" else now(device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--protocol", default="standard")
    args = parser.parse_args()
    device = torch.device(args.device)

    with initialize_config_dir(FOLDER, version_base="1.3"):
        cfg = compose("evaluate", overrides=[f"protocol=[{args.protocol}]"])
    protocol = instantiate(cfg.protocols[args.protocol], _convert_="all")
    measures = measures_of(None, cfg.protocols)
    protocol.prepare(measures, device)
    torch.manual_seed(0)
    model = PConv(perceptual=0, style=0).to(device).eval()
    blocks = torch.rand(args.batch, 1, args.size // 16, args.size // 16, device=device) > 0.3
    known = torch.nn.functional.interpolate(blocks.float(), scale_factor=16)
    batch = Batch(torch.rand(args.batch, 3, args.size, args.size, device=device), known)

    times: dict[str, list[float]] = {"predict": [], "score": []}
    for turn in range(args.rounds + 2):
        begin = clock(device)
        with torch.no_grad():
            prediction = model.inpaint(batch.corrupted, batch.known)
        predicted = clock(device)
        score(protocol, prediction, batch, measures)
        end = clock(device)
        if turn >= 2:  # the first two warm the caches
            times["predict"].append(predicted - begin)
            times["score"].append(end - predicted)
    seconds = {name: median(values) / args.batch for name, values in times.items()}
    predict, scoring = 1000 * seconds["predict"], 1000 * seconds["score"]
    print(
        f"{device}, {torch.get_num_threads()} threads, batch {args.batch}, {args.size} px, protocol {args.protocol}, "
        f"{args.rounds} rounds: prediction {predict:.1f} ms, scoring {scoring:.1f} ms per picture, "
        f"ratio {100 * scoring / predict:.1f} %"
    )


if __name__ == "__main__":
    main()
