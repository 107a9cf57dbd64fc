"""``inpaintlab shard``: pack any data set into a few large files, for data that are read over a network.

The same pictures, views and masks come out of ``data=shards`` as out of the set itself.

    inpaintlab shard data=folder data.root=photos
    inpaintlab shard data=places2 data.root=/data/places365 output=/data/shards
    inpaintlab shard data=celebahq data.root=celeba splits=[test] chunk_mb=32
"""

from omegaconf import DictConfig

from inpaintlab.basics.running import verb
from inpaintlab.data.shard_writer import shard


@verb("shard")
def main(cfg: DictConfig) -> None:
    """Write what the command line asks for."""
    shard(cfg)


if __name__ == "__main__":
    main()
