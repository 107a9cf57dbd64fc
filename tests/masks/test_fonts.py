import logging
from pathlib import Path

import font_roboto
import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.masks import fonts
from inpaintlab.masks.fonts import Face, Family, installed_faces, load_family, read_faces


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Pretend that this machine has two faces of one family."""
    for name in ("plain.ttf", "slanted.TTF", "notes.txt"):
        (tmp_path / name).touch()

    def read(path):
        return [Face(str(path), 0, "Liberation Sans", 400, path.stem == "slanted", False)]

    monkeypatch.setattr(fonts, "font_folders", lambda: [tmp_path, tmp_path / "missing"])
    monkeypatch.setattr(fonts, "read_faces", read)
    installed_faces.cache_clear()
    load_family.cache_clear()
    yield
    installed_faces.cache_clear()
    load_family.cache_clear()


def face(weight=400, italic=False, condensed=False):
    return Face(f"{weight}{italic}{condensed}", 0, "Some", weight, italic, condensed)


def test_roboto_comes_from_the_package_with_all_its_faces():
    family = load_family("Roboto")
    assert {Path(one.path).parent for one in family.faces} == {Path(font_roboto.font_directory)}
    assert {(one.weight, one.italic) for one in family.faces} == {
        (weight, italic) for weight in (100, 300, 400, 500, 700, 900) for italic in (False, True)
    }


def test_style_words_become_weight_and_slant():
    (thin,) = read_faces(Path(font_roboto.font_files["RobotoThinItalic"]))
    assert (thin.weight, thin.italic, thin.condensed) == (100, True, False)


def test_chooses_width_then_slant_then_weight():
    family = Family("Some", (face(), face(700), face(400, True), face(300, False, True)))
    assert family.choose(400, False, False) == face()
    assert family.choose(600, False, False) == face(700)
    assert family.choose(700, True, False) == face(400, True)
    assert family.choose(700, True, True) == face(300, False, True)


@pytest.mark.parametrize(
    ("faces", "missing"),
    [
        ([face()], ["bold", "ultralight and thin", "italic", "condensed"]),
        ([face(100), face(200), face(700, True), face(400, False, True)], []),
        ([face(100), face(900, True, True)], ["ultralight (the same"]),
    ],
)
def test_says_what_is_emulated(faces, missing):
    said = Family("Some", tuple(faces)).emulated()
    assert len(said) == len(missing)
    assert all(line.startswith(word) for line, word in zip(said, missing, strict=True))


def test_says_once_which_font_is_used(caplog):
    load_family.cache_clear()
    with caplog.at_level(logging.INFO):
        load_family("Roboto")
        load_family("Roboto")
    (record,) = caplog.records
    assert "font Roboto" in record.message
    assert "emulated: ultralight (the same face as thin), condensed (0.75 of the width)" in record.message


def test_a_file_that_is_no_font_has_no_faces(tmp_path):
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert list(read_faces(tmp_path / "broken.ttf")) == []


@pytest.mark.usefixtures("installed")
def test_finds_an_installed_family_whatever_the_case():
    assert [one.italic for one in load_family("LIBERATION sans").faces] == [False, True]


@pytest.mark.usefixtures("installed")
def test_names_what_was_found_when_a_family_is_absent():
    with pytest.raises(UserError, match="font=Arial: not installed here; found Liberation Sans; or use font=Roboto"):
        load_family("Arial")
