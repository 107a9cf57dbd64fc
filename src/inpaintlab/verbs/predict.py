"""``inpaintlab predict``: fill the holes of a picture or of all pictures of a folder.

Pictures may have any size and format; known pixels keep their values, and no input is ever overwritten.

    inpaintlab predict images=photo.jpg masks=hole.png output=filled
    inpaintlab predict model=telea images=photo.jpg box=40,60,200,120
    inpaintlab predict models=bundled,patchmatch images=photos masks=holes output_format=same
"""

import sys

from omegaconf import DictConfig

from inpaintlab.basics.running import verb
from inpaintlab.basics.words import as_list
from inpaintlab.filling.pictures import predict


@verb("predict")
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
