"""``inpaintlab predict``: fill the holes of a picture or of all pictures of a folder."""

import sys

import hydra
from omegaconf import DictConfig

from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.messages import report_errors
from inpaintlab.basics.words import as_list
from inpaintlab.filling.pictures import predict


@hydra.main(config_path=FOLDER, config_name="predict", version_base="1.3")
@report_errors
def run(cfg: DictConfig) -> None:
    """Run the verb on the composed configuration; the exit status is 1 if a picture failed."""
    outcome = predict(cfg)
    print(outcome.summary())
    sys.exit(1 if outcome.failed else 0)


def main() -> None:
    """Run the verb; ``models=a,b.ckpt``, or ``model=a,b``, is several models at once, and no sweep."""
    words = [f"models={word[6:]}" if word.startswith("model=") and "," in word else word for word in sys.argv[1:]]
    sys.argv[1:] = [as_list(word, "models") for word in words]
    run()


if __name__ == "__main__":
    main()
