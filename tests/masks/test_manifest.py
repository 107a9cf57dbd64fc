"""The manifest of a frozen set, which may come from anybody."""

import hashlib
import json
import os

import pytest
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.masks.manifest import load_manifest, read_manifest


@pytest.fixture
def frozen(tmp_path):
    """A set of one mask, and a function that changes its manifest."""
    folder = tmp_path / "set"
    (folder / "0.1-0.2" / "any").mkdir(parents=True)
    mask = folder / "0.1-0.2" / "any" / "00000.png"
    Image.new("1", (8, 8), 1).save(mask)
    entry = {"path": "0.1-0.2/any/00000.png", "index": 0, "seed": 1, "hole_ratio": 1.0,
             "sha256": hashlib.sha256(mask.read_bytes()).hexdigest()}  # fmt: skip
    whole = {"schema": 1, "mask": {}, "size": 8, "count": 1, "seed": 0, "buckets": [[0.1, 0.2]], "borders": ["any"],
             "complete": True, "files": [entry]}  # fmt: skip

    def write(entries=None, **changes):
        files = [entry | change for change in entries] if entries else whole["files"]
        (folder / "manifest.json").write_text(json.dumps(whole | {"files": files} | changes))
        return folder

    return write


def test_a_whole_set_is_read(frozen):
    assert read_manifest(frozen())["size"] == 8


@pytest.mark.parametrize("path", ["../outside.png", "/etc/hostname", "0.1-0.2/any/link.png", "", None, 3, "a\0b"])
def test_a_mask_outside_of_the_folder_is_refused(frozen, path, tmp_path):
    (tmp_path / "outside.png").write_bytes(b"")
    folder = frozen([{"path": path}])
    (folder / "0.1-0.2" / "any" / "link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(UserError) as told:
        read_manifest(folder)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "change",
    [{"complete": "yes"}, {"size": "8"}, {"buckets": 3}, {"buckets": ["a"]}, {"borders": [1]}, {"files": 3},
     {"files": [3]}, {"files": [{}]}, {"files": [{"path": "a"}]}, {"schema": 7}],
)  # fmt: skip
def test_a_field_of_another_kind_is_one_line(frozen, change):
    with pytest.raises(UserError, match=r"make the set again") as told:
        load_manifest(frozen(**change))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("content", [b"", b"[" * 200_000, b"3", b"\xff", "pipe"])
def test_what_is_no_manifest_is_one_line(frozen, content):
    folder = frozen()
    (folder / "manifest.json").unlink()
    if content == "pipe":
        os.mkfifo(folder / "manifest.json")
    else:
        (folder / "manifest.json").write_bytes(content)
    with pytest.raises(UserError, match=r"manifest\.json: ") as told:
        load_manifest(folder)
    assert "\n" not in str(told.value)
