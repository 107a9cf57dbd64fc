"""``inpaintlab study``: ask people which of two completed pictures looks more real.

Serves a page with pairs from two or more folders of ``inpaintlab evaluate``, of the same pictures with the same holes,
and keeps the votes; ``result=`` counts them.

    inpaintlab study evaluations=[judged/telea,judged/bundled] output=study
    inpaintlab study output=study port=8080
    inpaintlab study result=study

The study lies in ``output`` (``study.definition`` lists its files) and the page at the address that is
printed; Ctrl-C ends the server, the same command goes on. Every participant gets pairs in an order of their own and
answers in the browser; ``?participant=<id>`` in the address names them, otherwise the browser remembers a random id.
Participants never learn the methods' names: pictures have opaque ones.

``output/page`` is all that browsers load and may be copied to any web server. Votes need this server: let the web
server pass ``api/`` beside the page on to it, as nginx does with
``location /study/api/ { proxy_pass http://127.0.0.1:8765/api/; }``; ``hosts=[<the web server's name>]`` lets its page
vote. Requests of any other page, and of kinds that only another page would send, are refused.

``result=<output>`` counts the votes, while people vote or afterwards, and writes ``result.md`` and ``result.json``.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_json, write_text
from inpaintlab.basics.running import verb
from inpaintlab.study.definition import Study, prepare, read_study
from inpaintlab.study.judged_pictures import check_comparable, read_contender
from inpaintlab.study.result import Result, summarise
from inpaintlab.study.store import VoteStore
from inpaintlab.study.trials import comparisons, count

SHORTEST, LONGEST = 0.05, 60


def study(cfg: DictConfig) -> Study:
    """Write the study and its page, and serve it until Ctrl-C unless ``serve=false``."""
    check_config(cfg)
    exposures = read_exposures(cfg.exposure)
    with contextlib.ExitStack() as stack:
        if cfg.serve:
            from inpaintlab.study.server import listen

            sock = stack.enter_context(listen(cfg.host, cfg.port))
        evaluations = [read_contender(Path(folder)) for folder in cfg.evaluations]
        if evaluations:
            check_comparable(evaluations)
        asked = {name: cfg[name] for name in ("question", "truth", "trials", "seed")}
        made = prepare(Path(cfg.output), evaluations, exposures=exposures, **asked)
        print(describe(made))
        if cfg.serve:
            print(f"address        http://{cfg.host}:{sock.getsockname()[1]}/   (Ctrl-C ends)", flush=True)
            run(made, Path(cfg.output), sock, cfg.host, list(cfg.hosts))
    return made


def run(made: Study, folder: Path, sock: Any, bound: str, hosts: Sequence[str]) -> None:
    """Serve, and close the votes' file in the end."""
    from inpaintlab.study.server import make_app, serve

    with contextlib.closing(VoteStore(folder / "votes.sqlite")) as store, contextlib.suppress(KeyboardInterrupt):
        serve(make_app(made, store, folder / "page", bound, hosts), sock)


def check_config(cfg: DictConfig) -> None:
    """Refuse what no study can be made of."""
    if not isinstance(cfg.evaluations, ListConfig) or len(cfg.evaluations) == 1:
        raise UserError(f"evaluations={cfg.evaluations}: expected a list of two folders or more, [a,b]")
    if cfg.trials is not None and (type(cfg.trials) is not int or cfg.trials < 1):
        raise UserError(f"trials={cfg.trials}: expected at least 1, or null for every pair of every picture")
    if not isinstance(cfg.question, str) or not cfg.question.strip():
        raise UserError(f"question={cfg.question}: expected a sentence")


def read_exposures(given: Any) -> Sequence[float | None]:
    """Return the list that ``exposure`` means: null, seconds, or several of these."""
    values = list(given) if isinstance(given, ListConfig) else [given]
    for value in values:
        if value is not None and (type(value) not in (int, float) or not SHORTEST <= value <= LONGEST):
            raise UserError(f"exposure={value}: expected seconds, {SHORTEST} to {LONGEST}, or null for unlimited time")
    if not values or len(set(values)) < len(values):
        raise UserError(f"exposure={given}: expected at least one, each once")
    return [None if value is None else float(value) for value in values]


def describe(made: Study) -> str:
    """Say in lines what will be asked."""
    shown = ", ".join("unlimited time" if seconds is None else f"{seconds:g} s" for seconds in made.exposures)
    return (
        f"methods        {', '.join(made.methods)}\npictures       {len(made.items)}\nshown          {shown}\n"
        f"questions      {count(made)} for each participant, of {len(comparisons(made)) * len(made.items)}"
    )


def show_result(folder: Path) -> Result:
    """Count the votes of the study in ``folder``, write both files, and return what they say."""
    made = read_study(folder)
    if not (folder / "votes.sqlite").is_file():
        raise UserError(f"result={folder}: no votes yet; serve the study first: inpaintlab study output={folder}")
    with contextlib.closing(VoteStore(folder / "votes.sqlite")) as store:
        result = summarise(made, store.votes())
    write_json(folder / "result.json", result.record)
    write_text(folder / "result.md", result.markdown())
    return result


@verb("study")
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    if cfg.result is None:
        study(cfg)
        return
    folder = Path(cfg.result)
    print(show_result(folder).markdown())
    print(f"written: {folder / 'result.md'}, {folder / 'result.json'}")


if __name__ == "__main__":
    main()
