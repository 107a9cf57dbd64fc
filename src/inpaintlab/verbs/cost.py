"""``inpaintlab cost``: count what a model is made of, and measure what it takes to fill a picture with it.

Parameters, multiply-adds, time and memory go into ``cost.json``, which ``inpaintlab report`` reads.

    inpaintlab cost model=pconv sizes=[256,512]
    inpaintlab cost ckpt=runs/mine/checkpoints/best.ckpt batches=[1,8] device=cuda
    inpaintlab cost model=telea sizes=[256] mask=center
"""

from omegaconf import DictConfig

from inpaintlab.basics.running import verb
from inpaintlab.evaluation.cost import cost


@verb("cost")
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    cost(cfg)


if __name__ == "__main__":
    main()
