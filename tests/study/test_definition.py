import json
import os
import re

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inpaintlab.basics.errors import UserError
from inpaintlab.study.definition import prepare, read_study
from inpaintlab.study.judged_pictures import read_contender
from tests.study.factory import SETTINGS, draw, evaluation, study


def read_both(tmp_path):
    return [read_contender(tmp_path / name) for name in ("pconv", "telea")]


def test_the_study_is_written_and_read_back(tmp_path):
    made = study(tmp_path, truth=True, exposures=[0.25, None], trials=7)
    assert read_study(tmp_path / "study") == made
    assert made.methods == ["pconv", "telea", "truth"]
    assert made.conditions["masks.sha256"] == "a" * 64
    assert made.evaluations[0]["command"] == "inpaintlab evaluate model=pconv"
    for item in made.items:
        for method, base in (("pconv", 100), ("telea", 120), ("truth", 60)):
            with Image.open(tmp_path / "study/page/pictures" / item["pictures"][method]) as image:
                assert (np.asarray(image) == base + item["index"]).all()


def test_what_browsers_load_does_not_tell_the_method(tmp_path):
    folder = evaluation(tmp_path / "pconv", "pconv")
    info = PngInfo()
    info.add_text("Software", "pconv")
    with Image.open(folder / "pictures/0/00000.png") as image:
        image.save(folder / "pictures/0/00000.png", pnginfo=info)
    others = [read_contender(evaluation(tmp_path / name, name, brightness=9)) for name in ("telea", "madf")]
    made = prepare(tmp_path / "study", [read_contender(folder), *others], **SETTINGS)
    names = [name for item in made.items for name in item["pictures"].values()]
    assert len(set(names)) == 18  # equal pictures by two methods have different names
    assert all(re.fullmatch(r"[0-9a-f]{24}\.png", name) for name in names)
    for path in (tmp_path / "study/page").rglob("*"):
        assert not path.is_file() or not re.search(rb"pconv|telea|madf|Software", path.read_bytes()), path
    again = prepare(tmp_path / "other", [read_contender(folder), *others], **SETTINGS)
    assert not set(names) & {name for item in again.items for name in item["pictures"].values()}


def test_the_question_is_escaped(tmp_path):
    study(tmp_path, question='<b>"$Which"</b> & why?')
    page = (tmp_path / "study/page/index.html").read_text()
    assert page.count("&lt;b&gt;&quot;$Which&quot;&lt;/b&gt; &amp; why?") == 3
    assert "<b>" not in page


def test_the_same_study_goes_on(tmp_path):
    made = study(tmp_path)
    lost = tmp_path / "study/page/pictures" / made.items[0]["pictures"]["pconv"]
    lost.unlink()
    assert prepare(tmp_path / "study", read_both(tmp_path), **SETTINGS) == made
    assert lost.exists()
    assert prepare(tmp_path / "study", [], **{**SETTINGS, "question": "ignored"}) == made


def test_another_study_in_the_same_folder_is_refused(tmp_path):
    study(tmp_path)
    both = read_both(tmp_path)
    with pytest.raises(UserError, match="a study with other question, trials has begun there; choose another"):
        prepare(tmp_path / "study", both, **{**SETTINGS, "question": "Why?", "trials": 3})
    draw(tmp_path / "pconv/pictures/0/00000.png", 7)
    with pytest.raises(UserError, match="a study with other items has begun there"):
        prepare(tmp_path / "study", both, **SETTINGS)


def test_a_folder_without_study_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no study in it \(study\.json\); begin one with evaluations="):
        prepare(tmp_path, [], **SETTINGS)
    (tmp_path / "study.json").write_text("[]")
    with pytest.raises(UserError, match="not a whole study"):
        read_study(tmp_path)
    (tmp_path / "study.json").write_text('{"schema": 9}')
    with pytest.raises(UserError, match="of another version of inpaintlab, expected schema 1"):
        read_study(tmp_path)


def test_lost_pictures_ask_for_the_evaluations(tmp_path):
    made = study(tmp_path)
    (tmp_path / "study/page/pictures" / made.items[0]["pictures"]["pconv"]).unlink()
    with pytest.raises(UserError, match=r"missing; give evaluations=\[\.\.\.\] once more"):
        prepare(tmp_path / "study", [], **SETTINGS)


def test_a_method_called_truth_is_refused_beside_the_truth(tmp_path):
    with pytest.raises(UserError, match="one is called truth, as the true picture is"):
        study(tmp_path, methods=("pconv", "truth"), truth=True)
    assert json.loads(json.dumps(study(tmp_path, methods=("pconv", "truth")).methods)) == ["pconv", "truth"]


@pytest.mark.parametrize("name", ["../../planted.png", "/tmp/planted.png", None, 3])
def test_a_study_names_only_pictures_of_its_own(tmp_path, name):
    study(tmp_path)
    path = tmp_path / "study" / "study.json"
    record = json.loads(path.read_text())
    record["items"][0]["pictures"]["pconv"] = name
    path.write_text(json.dumps(record))
    with pytest.raises(UserError) as told:
        prepare(tmp_path / "study", [], **SETTINGS)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "planted.png").exists()


def test_an_evaluation_shows_only_pictures_of_its_own_folder(tmp_path):
    folder = evaluation(tmp_path / "pconv", "pconv")
    evaluation(tmp_path / "telea", "telea")
    path = folder / "evaluation.json"
    record = json.loads(path.read_text())
    record["saved"][0]["picture"] = f"../telea/{record['saved'][0]['picture']}"
    path.write_text(json.dumps(record))
    with pytest.raises(UserError, match="lies outside of this folder"):
        prepare(tmp_path / "study", read_both(tmp_path), **SETTINGS)


@pytest.mark.parametrize("content", [b"[" * 200_000, b"3", b"[]", b"\xff", b'{"schema": 1, "items": 3}', "pipe"])
def test_what_is_no_study_is_one_line(tmp_path, content):
    if content == "pipe":
        os.mkfifo(tmp_path / "study.json")
    else:
        (tmp_path / "study.json").write_bytes(content)
    with pytest.raises(UserError, match=r"study\.json: not a whole study") as told:
        read_study(tmp_path)
    assert "\n" not in str(told.value)
