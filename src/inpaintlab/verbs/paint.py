"""``inpaintlab paint``: a page to paint holes into a photograph, fill them with several models, and compare.

Prints an address for the browser of this machine, and nothing leaves it; Ctrl-C ends the page. IOPaint's clients may
use the same address.

    inpaintlab paint photo.jpg
    inpaintlab paint photo.jpg models=patchmatch,telea,best.ckpt
    inpaintlab paint truth=whole.jpg photo=photo.jpg port=0

Each model has a process of its own, so that they work side by side and one that crashes is started again. Other pages
that the browser shows cannot use this one. The address speaks IOPaint's HTTP API (``/api/v1/inpaint``), so that its
clients work with any model here.
"""

import contextlib
import re
import sys
from pathlib import Path

from omegaconf import DictConfig, ListConfig

from inpaintlab.basics.composing import list_choices
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.paths import quote, user_path
from inpaintlab.basics.running import verb
from inpaintlab.basics.words import as_list
from inpaintlab.filling.pictures import folder_name
from inpaintlab.painting.desk import Desk
from inpaintlab.painting.files import match_truth, open_file
from inpaintlab.painting.jobs import ModelQueue

MOST = 170
"""Megapixels that may be asked for; PIL opens no larger pictures."""


def paint(cfg: DictConfig) -> None:
    """Serve the page until Ctrl-C."""
    from inpaintlab.painting.server import listen, make_app, serve

    check_config(cfg)
    photo = None
    if cfg.photo is not None:
        photo = open_file(user_path(cfg.photo), cfg.megapixels)
        if cfg.truth is not None:
            photo.truth = match_truth(open_file(user_path(cfg.truth), cfg.megapixels).source, photo)
    given = name_models(cfg.models)
    with listen(cfg.host, cfg.port) as sock:
        queues = {label: ModelQueue(label, (name, cfg.device, cfg.trust)) for label, name in given.items()}
        desk = Desk(queues, given, photo, Path(cfg.output), cfg.megapixels)
        print(f"models         {', '.join(given)}")
        print(f"address        http://{cfg.host}:{sock.getsockname()[1]}/   (Ctrl-C ends)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            serve(make_app(desk, cfg.host, list(cfg.hosts)), sock)


def check_config(cfg: DictConfig) -> None:
    """Refuse what no page can be made of."""
    if not isinstance(cfg.models, ListConfig) or not cfg.models:
        raise UserError(f"models={cfg.models}: expected at least one: models=patchmatch,telea,last.ckpt")
    if cfg.truth is not None and cfg.photo is None:
        raise UserError(f"truth={cfg.truth}: belongs to a photo; name it too: photo=<file>")
    if type(cfg.megapixels) not in (int, float) or not 0 < cfg.megapixels <= MOST:
        raise UserError(f"megapixels={cfg.megapixels}: expected a number above 0, at most {MOST}")


def name_models(models: ListConfig) -> dict[str, str]:
    """Return {what people see: what is loaded}; ``UserError`` for a model that is neither a file nor a method."""
    given = {}
    for name in map(str, models):
        if not user_path(name).exists() and name not in list_choices("model"):
            raise UserError(f"models: {name} is no file, nor the name of a method: {', '.join(list_choices('model'))}")
        label = folder_name(name)
        if label in given:
            raise UserError(f"models: two are called {label}; give each once")
        given[label] = name
    return given


@verb("paint")
def run(cfg: DictConfig) -> None:
    """Run the verb on the composed configuration."""
    paint(cfg)


def main() -> None:
    """Run the verb; its first word may be a photo's path, and ``models=a,b`` are several models, no sweep."""
    sys.argv[1:] = [as_word(word, first=number == 0) for number, word in enumerate(sys.argv[1:])]
    run()


def as_word(word: str, first: bool) -> str:
    """Turn a word as it is typed into Hydra's."""
    if first and not word.startswith("-") and ("=" not in word or Path(word).is_file()):
        return f"photo={quote(word)}"
    path = re.fullmatch(r"(photo|truth)=((?!null$)[^'\"].*)", word)
    return f"{path[1]}={quote(path[2])}" if path else as_list(word, "models")


if __name__ == "__main__":
    main()
