"""Random damage to every kind of file and word that comes from elsewhere, for ``test_fuzz.py`` and ``tools/fuzz.py``.

An attack is a function of (random, folder). It makes one input in the empty folder, lets the product read it, and
returns the rule's outcome: ``value``, the right one, or ``told``, a ``UserError`` of one line. Whatever else happens
(another exception, a hang, a wrong value, a file left behind) is raised.
"""

import copy
import hashlib
import io
import json
import re
import signal
import struct
import tempfile
import warnings
import zlib
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException
from omegaconf import OmegaConf
from PIL import Image

from inpaintlab.basics.composing import compose
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.messages import user_message
from inpaintlab.basics.mistakes import unreadable_word
from inpaintlab.basics.paths import quote_words
from inpaintlab.data.folder import hold_out
from inpaintlab.data.images import read_image
from inpaintlab.data.lists import places_of
from inpaintlab.data.picture_files import read_picture, write_picture
from inpaintlab.data.shard_store import Store, names_sha256
from inpaintlab.data.shards import ShardPictures
from inpaintlab.evaluation import settings
from inpaintlab.evaluation.holes import frozen_holes
from inpaintlab.filling import settings as filling
from inpaintlab.masks.manifest import read_manifest
from inpaintlab.masks.reading import read_hole
from inpaintlab.models.checkpoints import model_of, read_checkpoint
from inpaintlab.records.picture_rows import CSV, FILE, PictureWriter
from inpaintlab.report.picture_rows import read_csv
from inpaintlab.study.definition import read_study
from inpaintlab.study.result import summarise
from inpaintlab.study.store import VoteStore
from inpaintlab.study.trials import plan
from inpaintlab.verbs import report as report_verb
from tests.models.hostile import honest
from tests.report.drawn import draw, fid
from tests.study.factory import made_up

PATIENCE = 60
"""Seconds after which an attack is a hang; a busy machine needs some."""
JUNK = (None, True, -1, 0, 10**30, 0.5, float("nan"), float("inf"), -1e308, "", "x", "../../x", "/etc/passwd", "a\0b",
        "$\\frac{$", "<script>", "=1+1", "\ud800", "1e3", [], {}, [[]], [None], {"a": 1}, ["x", 3])  # fmt: skip
LETTERS = "ab1 .,;:=-+_~!@#$%^&*()[]{}<>'\"`|\\/?\t\u00e9e\u0301\u6771\u00df\U0001f600"


class Hang(Exception):
    """An attack did not come back."""


@contextmanager
def in_time():
    """Raise ``Hang`` after ``PATIENCE``."""

    def stop(*_):
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome(folder, read):
    """Call ``read`` and hold the rule: a value, or one line; and no file more or less in the folder."""
    before = sorted(folder.rglob("*"))
    with in_time(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read()
            told = None
        except Exception as error:
            if (told := user_message(error)) is None:
                raise
    assert told is None or len(told.splitlines()) == 1, f"not one line: {told!r}"
    assert sorted(folder.rglob("*")) == before, "a file was left behind, or taken away"
    return "value" if told is None else "told"


def damaged(random, content):
    """Change some bytes: turned, cut, repeated, zeroed, or new ones put in."""
    content = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 5, 30))):
        place, length = random.randrange(len(content) or 1), random.choice((1, 1, 2, 4, 40))
        kind = random.randrange(6)
        if kind == 0 and content:
            content[place] ^= 1 << random.randrange(8)
        elif kind == 1:
            content[place : place + length] = random.randbytes(length)
        elif kind == 2:
            content[place : place + length] = bytes(length)
        elif kind == 3:
            content[place : place + length] = b"\xff" * length
        elif kind == 4:
            content[place:place] = content[place : place + length]
        else:
            del content[place : place + (length if random.random() < 0.7 else len(content))]
    return bytes(content)


def changed(random, plain):
    """Replace, remove or add something somewhere in plain data."""
    plain = copy.deepcopy(plain)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        node, parent, key = plain, None, None
        while isinstance(node, dict | list) and node and random.random() < 0.85:
            parent, key = node, random.choice(list(node) if isinstance(node, dict) else range(len(node)))
            node = parent[key]
        if parent is None:
            continue
        kind = random.randrange(5)
        if kind == 0:
            del parent[key]
        elif kind == 1 and isinstance(parent, dict):
            parent[random.choice(("x", "../x", ""))] = parent.pop(key)
        else:
            parent[key] = copy.deepcopy(random.choice(JUNK))
    return plain


def as_json(random, plain):
    """Write changed plain data, now and then with damaged bytes."""
    text = json.dumps(changed(random, plain)).encode()
    return damaged(random, text) if random.random() < 0.1 else text


def scene(height=24, width=32):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 3 % 256, y * 4 % 256, (x + y) % 256], -1).astype(np.uint8)


@cache
def encoded_pictures():
    """One picture in every format and several modes, as (ending, bytes)."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x011A] = 6, "maker", 72.0
    found = []
    for ending, kind, mode, options in (
        ("jpg", "JPEG", "RGB", {"exif": exif, "dpi": (72, 72)}), ("jpg", "JPEG", "CMYK", {}), ("jpg", "JPEG", "L", {}),
        ("png", "PNG", "RGBA", {"exif": exif, "icc_profile": b"no profile"}), ("png", "PNG", "P", {}),
        ("png", "PNG", "I;16", {}), ("png", "PNG", "1", {}), ("webp", "WEBP", "RGB", {"exif": exif}),
        ("tif", "TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("tif", "TIFF", "F", {}), ("gif", "GIF", "P", {}), ("bmp", "BMP", "RGB", {}), ("ppm", "PPM", "RGB", {}),
        ("tga", "TGA", "RGBA", {}), ("jp2", "JPEG2000", "RGB", {}),
    ):  # fmt: skip
        image = Image.fromarray(scene())
        if mode == "I;16":
            image = Image.fromarray(scene()[..., 0].astype(np.uint16) * 257)
        elif mode == "F":
            image = Image.fromarray(scene()[..., 0].astype(np.float32) / 255)
        else:
            image = image.convert(mode)
        stream = io.BytesIO()
        more = {"save_all": True, "append_images": [image]} if kind in ("TIFF", "GIF") and mode in ("RGB", "P") else {}
        image.save(stream, kind, **options, **more)
        found.append((ending, stream.getvalue()))
    return found


def a_picture(random, folder):
    """A damaged picture, as training and as ``predict`` read it; what ``predict`` reads it can write."""
    ending, content = random.choice(encoded_pictures())
    path = folder / f"a.{ending}"
    path.write_bytes(damaged(random, content))

    def read():
        picture = read_picture(path)
        assert picture.pixels.dtype == np.uint8
        assert picture.pixels.ndim == 3
        image = read_image(path, 3)
        assert (image.height, image.width) == picture.pixels.shape[:2]
        target = folder / "result"
        try:
            write_picture(target, picture.pixels, picture, picture.alpha, random.choice(("png", "jpg", "webp", "tiff")))
        finally:
            target.unlink(missing_ok=True)

    return outcome(folder, read)


@cache
def encoded_masks():
    hole = np.zeros((24, 32), np.uint8)
    hole[5:15, 8:24] = 255
    found = []
    for ending, mode in (
        ("png", "L"),
        ("png", "1"),
        ("png", "LA"),
        ("png", "P"),
        ("tif", "L"),
        ("jpg", "L"),
        ("bmp", "1"),
    ):
        stream = io.BytesIO()
        Image.fromarray(hole).convert(mode).save(stream, {"tif": "TIFF", "jpg": "JPEG"}.get(ending, ending.upper()))
        found.append((ending, stream.getvalue()))
    return found


def a_mask(random, folder):
    """A damaged mask."""
    ending, content = random.choice(encoded_masks())
    (folder / f"m.{ending}").write_bytes(damaged(random, content))
    words = random.choice(("white", "black")), random.choice(("luma", "alpha")), random.choice((None, 0.0, 0.5))

    def read():
        hole = read_hole(folder / f"m.{ending}", *words)
        assert hole.dtype == bool
        assert hole.ndim == 2

    return outcome(folder, read)


def a_mask_manifest(random, folder):
    """A changed manifest of a frozen set."""
    content = encoded_masks()[1][1]
    for name in ("0.1-0.2", "0.2-0.3"):
        (folder / name / "any").mkdir(parents=True)
        (folder / name / "any" / "00000.png").write_bytes(content)
    files = [{"path": f"{name}/any/00000.png", "index": 0, "seed": 1, "hole_ratio": 0.1,
              "sha256": hashlib.sha256(content).hexdigest()} for name in ("0.1-0.2", "0.2-0.3")]  # fmt: skip
    whole = {"schema": 1, "mask": {}, "size": 32, "count": 1, "seed": 0, "buckets": [[0.1, 0.2], [0.2, 0.3]],
             "borders": ["any"], "complete": True, "files": files}  # fmt: skip
    (folder / "manifest.json").write_bytes(as_json(random, whole))

    def read():
        read_manifest(folder)
        for one in frozen_holes(OmegaConf.create({"masks": str(folder), "buckets": None, "borders": None})):
            assert all(str(folder) in path and ".." not in path for path in one.files)

    return outcome(folder, read)


def shards(folder):
    """A folder as ``inpaintlab shard`` writes it, of four pictures in two chunks; return what its JSON files hold."""
    items = [encoded_pictures()[number][1] for number in (3, 0, 11, 3)]
    split = folder / "train"
    split.mkdir()
    chunks = []
    for number in range(2):
        parts = [struct.pack("<I", len(item)) + item for item in items[2 * number : 2 * number + 2]]
        begin = 4 * (len(parts) + 2)
        ends = np.cumsum([begin, *map(len, parts)]).astype("<u4")
        content = struct.pack("<I", len(parts)) + ends.tobytes() + b"".join(parts)
        (split / f"chunk-0-{number}.bin").write_bytes(content)
        chunks.append({"file": f"chunk-0-{number}.bin", "pictures": 2, "bytes": len(content),
                       "sha256": hashlib.sha256(content).hexdigest()})  # fmt: skip
    names = ["a.png", "b.jpg", "c.bmp", "d.png"]
    entry = {"count": 4, "names_sha256": names_sha256(names), "listed": True, "chunks": chunks, "config": {}}
    manifest = {
        "schema": 1,
        "complete": True,
        "source": {"name": "folder"},
        "chunk_mb": 1,
        "versions": {},
        "splits": {"train": entry},
    }
    return manifest, {"names": names, "crc32": [zlib.crc32(item) for item in items]}, items


def a_shard_manifest(random, folder):
    """Changed shards: manifest, list of pictures, or chunk. A picture that is served is the one that was packed."""
    manifest, listed, items = shards(folder)
    what = random.randrange(3)
    (folder / "manifest.json").write_bytes(as_json(random, manifest) if what == 0 else json.dumps(manifest).encode())
    (folder / "train" / "pictures.json").write_bytes(
        as_json(random, listed) if what == 1 else json.dumps(listed).encode()
    )
    if what == 2:
        path = folder / "train" / "chunk-0-1.bin"
        path.write_bytes(damaged(random, path.read_bytes()))

    def read():
        pictures = ShardPictures(Store(str(folder)), "train")
        for index in range(len(pictures)):
            assert pictures.encoded(index) == items[index]

    return outcome(folder, read)


@cache
def drawn_records():
    """What the three kinds of files that a report reads hold, and the rows of pictures: {name of the file: bytes}."""
    with tempfile.TemporaryDirectory() as folder:
        evaluation = draw(folder, "pconv", 0.1, count=2, size=12, save=1, buckets=((0.1, 0.2), (0.3, 0.4)))
        places = read_csv(Path(folder, CSV))
        with PictureWriter(Path(folder, FILE), ("psnr", "ssim", "l1")) as file:
            for (cell, view), part in places.items():
                for row, index in enumerate(part.index.tolist()):
                    values = {name: float(part.values[name][row]) for name in file.measures}
                    file.add(cell, view, (index, f"p{index}.png", 0.1), values)
        rows = {name: Path(folder, name).read_bytes() for name in (CSV, FILE)}
    evaluation["distributions"] = fid([3.0])
    run = {"schema": 1, "name": "run", "status": "done", "seed": 0, "choices": {"data": "d", "mask": "m", "model": "x"},
           "overrides": ["data.size=3"], "metrics": {"test/psnr": 20.0, "test/psnr_hole": 3.0, "val/psnr": 1.0},
           "baselines": {"telea": {"test/psnr": 19.0}}, "size": 64, "versions": {"torch": "2"}, "paths": {"run": "/x"},
           "cost": {"parameters": 5, "iterations": 3, "train_seconds": 2.0, "device": "cpu"}}  # fmt: skip
    cost = {"schema": 1, "name": "pconv", "model": "m", "parameters": 5, "multiply_adds": {"64": 9, "128": None},
            "latency": [{"device": "cpu", "size": 64, "batch": 1, "median_ms": 2.0, "runs": 3}],
            "peak_memory_mb": [{"device": "cpu", "size": 64, "batch": 1, "mb": None}], "notes": ["n"]}  # fmt: skip
    return evaluation, run, cost, rows


def a_report(random, folder, page=True):
    """Changed records below the folders of a report, beside whole ones; all four texts are made."""
    evaluation, run, cost, rows = drawn_records()
    for number in range(4):
        place = folder / f"e{number}"
        place.mkdir()
        whole = number == 0
        (place / "evaluation.json").write_bytes(
            json.dumps(evaluation).encode() if whole else as_json(random, evaluation)
        )
        kind = random.choice(list(rows))
        own = rows[kind]
        (place / kind).write_bytes(damaged(random, own) if random.random() < 0.4 and not whole else own)
        (place / "results.json").write_bytes(json.dumps(run).encode() if whole else as_json(random, run))
        (place / "cost.json").write_bytes(json.dumps(cost).encode() if whole else as_json(random, cost))

    def read():
        from inpaintlab.report.as_csv import as_csv
        from inpaintlab.report.as_html import as_html
        from inpaintlab.report.as_latex import as_latex
        from inpaintlab.report.as_markdown import as_markdown
        from inpaintlab.report.document import compose as lay_out

        document = lay_out([folder], "none", 5, 0)
        texts = [as_markdown(document), as_latex(document), as_csv(document)]
        if page:
            texts.append(as_html(document, 2))
        assert all(("pconv" in text and "<script>\n" not in text[:-1]) or text == texts[-1] for text in texts)

    return outcome(folder, read)


@cache
def honest_checkpoint():
    torch.manual_seed(0)
    content = honest()
    stream = io.BytesIO()
    torch.save(content, stream)
    return content, stream.getvalue()


def a_checkpoint(random, folder):
    """A damaged or changed checkpoint; one that is taken holds the very weights that it was written with."""
    content, written = honest_checkpoint()
    path = folder / "a.ckpt"
    if random.random() < 0.6:
        path.write_bytes(damaged(random, written))
    else:
        torch.save({**content, **changed(random, {key: content[key] for key in ("model", "hyper_parameters")})}, path)

    def read():
        model = model_of(read_checkpoint(path), path)
        for name, value in model.state_dict().items():
            assert torch.equal(value, content["state_dict"][name]), f"other weights: {name}"

    return outcome(folder, read)


def a_study(random, folder):
    """A changed definition of a study."""
    item = {
        "bucket": [0.1, 0.2],
        "border": "any",
        "index": 0,
        "name": "a.png",
        "pictures": {"x": "1.png", "y": "2.png"},
    }
    whole = {"schema": 1, "id": "0" * 16, "secret": "0" * 64, "question": "Which?", "exposures": [None, 1.0],
             "trials": None, "seed": 0, "methods": ["x", "y"], "evaluations": [{"name": "x"}], "conditions": {},
             "items": [item]}  # fmt: skip
    (folder / "study.json").write_bytes(as_json(random, whole))
    return outcome(folder, lambda: plan(read_study(folder), "somebody"))


@cache
def votes_file():
    """What three votes leave in a server's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "votes.sqlite")
        with closing(VoteStore(path)) as store:
            trial = plan(made_up(), "p")[0]
            for number in range(3):
                store.add("p", number, trial, "left", shown=0.5, seconds=1.0)
        return path.read_bytes()


def a_votes_file(random, folder):
    """A study with the damaged votes of a server; they are counted, or told."""
    path = folder / "votes.sqlite"
    path.write_bytes(damaged(random, votes_file()))

    def read():
        with closing(VoteStore(path)) as store:
            summarise(made_up(), store.votes()).markdown()

    return outcome(folder, read)


def a_split_file(random, folder):
    """A changed split of ``data=folder``; what it holds out is among the pictures."""
    paths = [folder / f"{number}.png" for number in range(4)]
    whole = {"shares": {"val": 0.25}, "held_out": {"val": ["1.png"]}}
    (folder / "split.json").write_bytes(as_json(random, whole))

    def read():
        held_out = hold_out(paths, {"val": 0.25}, folder, folder / "split.json")
        assert all(path in paths for found in held_out.values() for path in found)

    return outcome(folder, read)


def a_list_file(random, folder):
    """A damaged list of pictures."""
    names = ["a/1.png", "a/2.png", "b/1.png"]
    (folder / "list.txt").write_bytes(damaged(random, b"a/1.png 3\n# c\n\nb/1.png\r\n2.png\n"))
    return outcome(folder, lambda: [names[place] for place in places_of(names, str(folder / "list.txt"))])


def a_path(random, folder):
    """A name of a file as a word of the command line: Hydra takes it as it stands. ``${`` begins an interpolation."""
    name = "".join(random.choice(LETTERS) for _ in range(random.randrange(1, 12)))
    name = re.sub(r"\$\{+", "$", name)
    key = random.choice(("images", "masks", "output", "runs", "data.root", "ckpt"))

    def read():
        quoted = len(name) > 1 and name[0] + name[-1] in ("[]", "''", '""')  # as the user's own, read by Hydra
        (word,) = quote_words([f"{key}={name}"])
        try:
            (override,) = OverridesParser.create().parse_overrides([word])
        except OverrideParseException as error:
            assert quoted, word
            raise UserError(unreadable_word(word)) from error
        assert quoted or override.value() == name, f"{name!r} became {override.value()!r}"

    return outcome(folder, read)


WORDS = {
    "predict": (filling.check_config, ["model=telea", "images=a.png", "masks=m.png"],
                ["threshold", "grow", "feather", "quality", "strategy", "missing", "hole_is", "box", "refine"]),
    "evaluate": (settings.check_config, ["model=mean_color"],
                 ["limit", "save", "devices", "pairing", "split", "measures", "borders", "buckets", "seed"]),
    "report": (report_verb.check_config, ["runs=x"], ["pictures", "resamples", "seed", "runs", "output"]),
}  # fmt: skip
VALUES = (
    "abc",
    "-1",
    "0",
    "1.5",
    "1e9",
    "true",
    "null",
    "[]",
    "[1]",
    "[a,b]",
    "{a: 1}",
    "{}",
    "nan",
    "inf",
    "''",
    "[[0.1]]",
    "???",
)


def a_command_line(random, folder):
    """A value of another kind for a key of a verb, up to what is checked before anything is read."""
    verb = random.choice(list(WORDS))
    check, words, keys = WORDS[verb]
    given = [f"{random.choice(keys)}={random.choice(VALUES)}" for _ in range(random.choice((1, 2)))]
    return outcome(folder, lambda: check(compose(*words, *given, verb=verb)))


ATTACKS = {
    "picture": a_picture,
    "mask": a_mask,
    "mask manifest": a_mask_manifest,
    "shards": a_shard_manifest,
    "report": a_report,
    "checkpoint": a_checkpoint,
    "study": a_study,
    "votes": a_votes_file,
    "split file": a_split_file,
    "list file": a_list_file,
    "path": a_path,
    "command line": a_command_line,
}
