"""An evaluation belongs to what its pictures held; another content is another setting."""

import numpy as np
import pytest
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.locks import work_alone
from inpaintlab.data.pictures import Files, content_sha256
from tests.evaluation.evaluating import judged

WORDS = ("data=folder", "split=train", "data.val_fraction=0", "data.test_fraction=0", "limit=null", "save=0")


def draw(folder, seeds):
    folder.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds):
        pixels = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


@pytest.mark.slow
def test_pictures_replaced_under_their_names_are_told(tmp_path):
    draw(tmp_path / "set", (0, 1))
    words = (*WORDS, f"data.root={tmp_path / 'set'}")
    old = judged(tmp_path / "old", *words)
    assert judged(tmp_path / "old", *words) == old
    draw(tmp_path / "set", (2, 1))
    with pytest.raises(UserError, match=r"holds an evaluation with pictures_sha256=.*choose another folder, or remove"):
        judged(tmp_path / "old", *words)
    new = judged(tmp_path / "new", *words)
    assert new["pictures_sha256"] != old["pictures_sha256"]
    assert new["rows"] != old["rows"]


@pytest.mark.slow
def test_the_second_evaluation_in_a_folder_is_told(tmp_path):
    draw(tmp_path / "set", (0, 1))
    with work_alone(tmp_path / "out", "evaluating"), pytest.raises(UserError, match="another process is evaluating in"):
        judged(tmp_path / "out", *WORDS, f"data.root={tmp_path / 'set'}")
    judged(tmp_path / "out", *WORDS, f"data.root={tmp_path / 'set'}")
    assert not list((tmp_path / "out").glob(".*"))


def test_names_order_and_content_count_and_nothing_else(tmp_path):
    draw(tmp_path / "a", (0, 1))
    draw(tmp_path / "b", (0, 1))

    def of(folder, indices=(0, 1)):
        return content_sha256(Files(tmp_path / folder, sorted((tmp_path / folder).iterdir())), indices)

    first = of("a")
    assert of("b") == first
    assert of("a", (1, 0)) != first
    (tmp_path / "b" / "1.png").rename(tmp_path / "b" / "2.png")
    assert of("b") != first
    (tmp_path / "a" / "1.png").write_bytes(b"broken")
    assert of("a") != first


def test_a_picture_in_memory_counts_by_its_pixels():
    class Drawn:
        def __init__(self, value):
            self.value = value

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return Image.new("RGB", (4, 4), self.value)

        def name(self, index):
            return str(index)

    assert content_sha256(Drawn("red"), [0]) == content_sha256(Drawn("red"), [0]) != content_sha256(Drawn("blue"), [0])
