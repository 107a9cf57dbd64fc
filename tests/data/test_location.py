import pytest
from omegaconf import OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.data.location import absolute, check_location, pictures

LAYOUT = {"train": ["train"], "val": None, "test": ["held/*.png"]}


def test_a_set_without_root_needs_no_place():
    check_location({"train": ["astronaut.png"]})


@pytest.mark.parametrize("root", [None, "???"])
def test_no_root(root):
    with pytest.raises(UserError, match=r"data\.root=<folder> is needed; expected there: pictures"):
        check_location(OmegaConf.create({"root": root, "layout": None}))


def test_no_such_folder(tmp_path):
    node = {"root": str(tmp_path / "gone"), "layout": LAYOUT, "obtain": "http://there", "download": None}
    message = (
        r"/gone: no such folder; expected there: train pictures in train, test pictures in held/\*\.png; "
        r"obtain it: http://there$"
    )
    with pytest.raises(UserError, match=str(tmp_path) + message):
        check_location(node)


def test_what_torchvision_can_fetch(tmp_path):
    node = {"root": str(tmp_path / "gone"), "layout": ["a.mat"], "download": False}
    with pytest.raises(UserError, match=r"expected there: a\.mat; or let it be fetched: data\.download=true"):
        check_location(node)
    check_location({**node, "download": True})


def test_a_relative_root_is_named_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"^{tmp_path}/data/x: no such folder"):
        check_location({"root": "data/x", "layout": None})
    assert absolute("~").is_absolute()


def test_a_file_in_place_of_a_folder(draw, tmp_path):
    with pytest.raises(UserError, match=r"a\.png: a file, where a folder is needed"):
        check_location({"root": str(draw(tmp_path / "a.png")), "layout": None})


def test_empty_folder(tmp_path):
    with pytest.raises(UserError, match="the folder is empty"):
        check_location({"root": str(tmp_path), "layout": None})


def test_folder_without_pictures(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UserError, match=r"no pictures \(.*\.jpg .*\); expected there: pictures"):
        check_location({"root": str(tmp_path), "layout": None})


def test_a_split_without_pictures(draw, tmp_path):
    draw(tmp_path / "train" / "a.png")
    with pytest.raises(UserError, match=r"no test pictures in held/\*\.png .*say where they lie: data\.layout\.test="):
        check_location({"root": str(tmp_path), "layout": LAYOUT})


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({"tset": ["a"]}, r"data\.layout\.tset: no such split; expected train, val or test"),
        ({"test": "a"}, r"data\.layout\.test=a: expected a list, data\.layout\.test=\[a\]"),
        ({"test": ["/other"]}, r"data\.layout\.test: /other lies outside of data\.root"),
        ({"test": ["../other"]}, r"\.\./other lies outside of data\.root"),
    ],
)
def test_a_layout_that_cannot_be(draw, tmp_path, layout, message):
    draw(tmp_path / "a" / "a.png")
    with pytest.raises(UserError, match=message):
        check_location({"root": str(tmp_path), "layout": layout})


def test_a_missing_part(tmp_path):
    (tmp_path / "train.tar").write_text("x")
    with pytest.raises(UserError, match="no val_large or val_256; expected there"):
        check_location({"root": str(tmp_path), "layout": ["train|train.tar", "val_large|val_256"]})


def test_an_unreadable_picture_is_found_at_start(draw, tmp_path):
    draw(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"b\.png: unreadable picture"):
        check_location({"root": str(tmp_path), "layout": None, "on_bad_image": "fail"})
    check_location({"root": str(tmp_path), "layout": None, "on_bad_image": "skip"})


def test_pictures_are_found_in_order(draw, tmp_path):
    names = ["b/2.JPG", "b/10.png", "a.webp", "c/d/e.bmp"]
    for name in [*names, ".hidden/x.png", "b/.x.png", "__MACOSX/y.png"]:
        draw(tmp_path / name)
    (tmp_path / "b/list.txt").write_text("")
    (tmp_path / "c/loop").symlink_to(tmp_path / "c")
    found = [path.relative_to(tmp_path).as_posix() for path in pictures(tmp_path, ["."])]
    assert found == ["a.webp", "b/10.png", "b/2.JPG", "c/d/e.bmp"]
    assert list(pictures(tmp_path, ["b/*.png", "c"])) == [tmp_path / "b/10.png", tmp_path / "c/d/e.bmp"]


def test_results_do_not_become_pictures_of_the_set(tmp_path, draw):
    draw(tmp_path / "photos" / "train" / "a.png")
    for layout in (None, {"train": ["*"]}, {"train": ["photos"]}):
        node = {"root": str(tmp_path), "layout": layout}
        with pytest.raises(UserError, match=r"lies among the pictures of data\.root="):
            check_location(node, results=tmp_path / "photos" / "runs")
        check_location(node, results=tmp_path.parent / "runs")
    with pytest.raises(UserError, match=r"data\.parts\.a\.root="):
        check_location({"parts": {"a": {"root": str(tmp_path), "layout": None}}}, results=tmp_path / "runs")
    check_location({"root": str(tmp_path / "photos"), "layout": None}, results=tmp_path / "photos" / "runs")
