"""``inpaintlab predict``: fill the holes of a picture or of all pictures of a folder."""

import re
import sys

import hydra
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.messages import report_errors
from inpaintlab.basics.paths import quote
from inpaintlab.filling.pictures import predict


@hydra.main(config_path=FOLDER, config_name="predict", version_base="1.3")
@report_errors
def run(cfg: DictConfig) -> None:
    """Run the verb on the composed configuration; the exit status is 1 if a picture failed."""
    outcome = predict(cfg)
    print(outcome.summary())
    sys.exit(1 if outcome.failed else 0)


def main() -> None:
    """Run the verb; ``model=a,b`` and ``models=a,b`` are several models, and no sweep."""
    sys.argv[1:] = [as_list(word) for word in sys.argv[1:]]
    run()


def as_list(word: str) -> str:
    """Turn ``models=a,b.ckpt`` into Hydra's list of quoted names, and ``model=a,b`` into the same."""
    several = re.fullmatch(r"models=([^\[].*)|model=(.*,.*)", word)
    if several is None:
        return word
    names = (several[1] or several[2]).split(",")
    return f"models=[{','.join(map(quote, names))}]"


if __name__ == "__main__":
    main()
