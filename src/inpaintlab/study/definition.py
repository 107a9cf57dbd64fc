"""A study on disk: what is asked of whom about which pictures.

A study's folder holds

    study.json      the definition; never changed after the first start, never served
    page/           all that participants' browsers load: index.html, study.css, study.js, pictures/<opaque>.png
    votes.sqlite    (``store``)
    result.md, result.json (``result``)

``study.json``: schema, id, secret (key of the pictures' names), question, exposures [seconds or null], trials (of each
participant, or null), seed, methods [names], evaluations [{name, ckpt_sha256, iteration, command}], conditions (what
the evaluations agree in), items [{bucket, border, index, name, pictures: {method: <opaque>.png}}].
"""

import hashlib
import html
import importlib.resources
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Any

from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import inside, load_json, write_file, write_json, write_png, write_text
from inpaintlab.basics.kinds import check_kinds, is_of
from inpaintlab.basics.pictures import open_image
from inpaintlab.records.cells import Cell
from inpaintlab.records.comparison import conditions, differences
from inpaintlab.study.judged_pictures import Contender, PictureKey

SCHEMA = 1
TRUTH = "truth"
Sources = dict[str, Path]
"""The file behind each opaque name."""


@dataclass(frozen=True)
class Study:
    """The content of ``study.json``."""

    id: str
    secret: str
    question: str
    exposures: Sequence[float | None]
    trials: int | None
    seed: int
    methods: Sequence[str]
    evaluations: Sequence[Mapping[str, Any]]
    conditions: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]]


def define(
    evaluations: Sequence[Contender],
    *,
    question: str,
    truth: bool,
    exposures: Sequence[float | None],
    trials: int | None,
    seed: int,
    keys: tuple[str, str] | None = None,
) -> tuple[Study, Sources]:
    """Define a study of comparable evaluations; ``keys`` are the id and secret of an earlier one to be made again."""
    identity, secret = keys or (secrets.token_hex(8), secrets.token_hex(32))
    methods = [evaluation.name for evaluation in evaluations]
    if truth and TRUTH in methods:
        raise UserError(f"evaluations: one is called {TRUTH}, as the true picture is; evaluate again with name=")
    sources: Sources = {}
    items = []
    for key, saved in evaluations[0].saved.items():
        files = {evaluation.name: evaluation.path(key, "picture") for evaluation in evaluations}
        if truth:
            files[TRUTH] = evaluations[0].path(key, TRUTH)
        names = {method: opaque_name(secret, method, key, path) for method, path in files.items()}
        sources |= {names[method]: path for method, path in files.items()}
        items.append({**saved.cell.plain, "index": saved.index, "name": saved.name, "pictures": names})
    study = Study(
        id=identity,
        secret=secret,
        question=question,
        exposures=list(exposures),
        trials=trials,
        seed=seed,
        methods=[*methods, TRUTH] if truth else methods,
        evaluations=[
            {key: getattr(evaluation.record, key) for key in ("name", "ckpt_sha256", "iteration", "command")}
            for evaluation in evaluations
        ],
        conditions=conditions(evaluations[0].record),
        items=items,
    )
    return study, sources


def opaque_name(secret: str, method: str, key: PictureKey, path: Path) -> str:
    """Return a file name that says nothing without the secret, and changes with the file's content."""
    cell, index = key
    # The bucket is text within the text: names that studies have already given out stay what they are.
    words = json.dumps([method, json.dumps(cell.bucket.plain), cell.border, index]).encode()
    return hashlib.blake2b(words + path.read_bytes(), key=bytes.fromhex(secret), digest_size=12).hexdigest() + ".png"


def read_study(folder: Path) -> Study:
    """Read ``study.json``; ``UserError`` if it is not there or not ours."""
    path = folder / "study.json"
    try:
        if not path.exists():
            raise UserError(f"{folder}: no study in it (study.json); begin one with evaluations=[...]")
        record = load_json(path)
        if record.pop("schema") != SCHEMA:
            raise UserError(f"{path}: of another version of inpaintlab, expected schema {SCHEMA}")
        check_kinds(Study, record)
        study = Study(**record)
        for item in study.items:
            check_item(study, item)
        return study
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: not a whole study ({type(error).__name__}: {error})") from error


def check_item(study: Study, item: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` or ``KeyError`` unless an item is a picture of every method."""
    Cell.read(item)
    if not (is_of(item["index"], int) and is_of(item["name"], str) and is_of(item["pictures"], dict[str, str])):
        raise ValueError(f"no picture: {item!r:.100}")
    if set(item["pictures"]) != set(study.methods):
        raise ValueError(f"{item['name']}: not one picture of each method")


def prepare(folder: Path, evaluations: Sequence[Contender], **settings: Any) -> Study:
    """Return the study in ``folder``, which is begun if there is none; write the page.

    ``settings`` are those of ``define``. A study that has begun stays what it is: other settings, pictures or
    evaluations are refused. Without evaluations the study in the folder goes on with its own settings.
    """
    earlier = read_study(folder) if not evaluations or (folder / "study.json").exists() else None
    sources: Sources = {}
    if evaluations:
        study, sources = define(evaluations, keys=earlier and (earlier.id, earlier.secret), **settings)
        if earlier:
            check_unchanged(folder, earlier, study)
    else:
        study = earlier
    # The definition first: a start that is cut short then goes on under the same names.
    write_json(folder / "study.json", {"schema": SCHEMA, **asdict(study)})
    write_page(study, folder / "page", sources)
    return study


def check_unchanged(folder: Path, earlier: Study, study: Study) -> None:
    """Refuse to go on with a study that another one has begun."""
    apart = differences(asdict(earlier), json.loads(json.dumps(asdict(study))))
    if names := dict.fromkeys(one.name.split(".")[0] for one in apart):
        raise UserError(f"output={folder}: a study with other {', '.join(names)} has begun there; choose another")


def write_page(study: Study, folder: Path, sources: Sources) -> None:
    """Write what browsers load: the page anew, and pictures that are not there yet."""
    for item in study.items:
        for name in item["pictures"].values():
            target = inside(folder / "pictures", name)
            if target.exists():
                continue
            if name not in sources:
                raise UserError(f"{target}: missing; give evaluations=[...] once more")
            with open_image(sources[name]) as image:
                bare = Image.frombytes(image.mode, image.size, image.tobytes())  # no metadata of the original
            write_png(target, bare)
    ours = importlib.resources.files("inpaintlab.study") / "page"
    with importlib.resources.as_file(ours) as source:
        page = Template((source / "index.html").read_text(encoding="utf-8"))
        words = {"question": html.escape(study.question), "study": study.id}
        write_text(folder / "index.html", page.substitute(words))
        for name in ("study.css", "study.js"):
            write_file(folder / name, lambda path, name=name: shutil.copyfile(source / name, path))
