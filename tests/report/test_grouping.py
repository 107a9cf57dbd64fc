import json

import pytest

from inpaintlab.report.findings import read_folders
from inpaintlab.report.grouping import make_groups
from tests.report.drawn import draw, fid


def groups_of(folder):
    return make_groups(read_folders([folder]).evaluations)


def small(folder, name="pconv", error=0.1, **fields):
    return draw(folder, name, error, count=2, size=16, save=0, **fields)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("split", "val", "split: val, not test"),
        ("seed", 7, "seed: 7, not 0"),
        ("channels", 1, "channels: 1, not 3"),
        ("pictures_sha256", "9" * 64, "pictures: 999999999999, not aaaaaaaaaaaa"),
        ("choices", {"data": "dtd"}, "data: dtd, not photos"),
        ("overrides", ["data.root=x"], "words about the data: data.root=x, not none"),
        ("masks", {"sha256": "e" * 64}, "masks: frozen set eeeeeeeeeeee, not frozen set ffffffffffff"),
        ("masks", {"source": "drawn", "sha256": None, "maker": {"width": 3}}, "masks: irregular, drawn with seed 0"),
    ],
)
def test_what_differs_keeps_evaluations_apart_and_is_named(tmp_path, field, value, told):
    small(tmp_path / "a")
    small(tmp_path / "b", "madf")
    small(tmp_path / "c", "telea", **{field: value})
    groups, _ = groups_of(tmp_path)
    assert [sorted(one.label for one in group.evaluations) for group in groups] == [["madf", "pconv"], ["telea"]]
    assert told in groups[1].difference


def test_a_maker_of_other_settings_is_another_mask(tmp_path):
    for name, width in (("a", 1), ("b", 2), ("c", 2)):
        small(tmp_path / name, f"m{name}", masks={"source": "drawn", "sha256": None, "maker": {"width": width}})
    groups, _ = groups_of(tmp_path)
    assert [len(group.evaluations) for group in groups] == [2, 1]


def test_another_model_or_batch_size_is_no_difference(tmp_path):
    small(tmp_path / "a", overrides=["model.width=4", "data.batch_size=2"])
    small(tmp_path / "b", "madf", cost={"device": "cuda"})
    groups, _ = groups_of(tmp_path)
    assert len(groups) == 1
    assert groups[0].difference == ""


def test_the_best_comes_first(tmp_path):
    small(tmp_path / "a", "worse", 0.3)
    small(tmp_path / "b", "best", 0.01)
    small(tmp_path / "c", "middle", 0.1)
    assert [one.label for one in groups_of(tmp_path)[0][0].evaluations] == ["best", "middle", "worse"]


def test_a_repeated_evaluation_is_left_out_and_told(tmp_path):
    small(tmp_path / "a")
    small(tmp_path / "b")
    groups, repeated = groups_of(tmp_path)
    assert [len(group.evaluations) for group in groups] == [1]
    assert repeated == ["b: the same numbers as a"]


def test_weights_of_one_name_are_told_apart(tmp_path):
    small(tmp_path / "a", error=0.1, iteration=100, ckpt="x.ckpt", ckpt_sha256="1" * 64)
    small(tmp_path / "b", error=0.2, iteration=200, ckpt="y.ckpt", ckpt_sha256="2" * 64)
    labels = [one.label for one in groups_of(tmp_path)[0][0].evaluations]
    assert labels == ["pconv (iteration 100)", "pconv (iteration 200)"]


def test_other_numbers_of_the_same_weights_are_told_apart_by_their_folder(tmp_path):
    small(tmp_path / "a", error=0.1)
    small(tmp_path / "b", error=0.2)
    assert [one.label for one in groups_of(tmp_path)[0][0].evaluations] == ["pconv [a]", "pconv [b]"]


@pytest.mark.parametrize("missing", ["rows", "masks", "pictures_sha256", "protocols"])
def test_an_evaluation_without_a_field_is_left_out(tmp_path, missing):
    record = small(tmp_path / "a")
    small(tmp_path / "b", "madf")
    del record[missing]
    (tmp_path / "a" / "evaluation.json").write_text(json.dumps(record))
    found = read_folders([tmp_path])
    assert [one.label for one in found.evaluations] == ["madf"]
    assert found.broken == [f"a/evaluation.json: not a readable evaluation.json (no {missing})"]


@pytest.mark.parametrize(("part", "key"), [("rows", "pictures"), ("saved", "mask"), ("distributions", "n")])
def test_an_evaluation_with_an_incomplete_entry_is_left_out(tmp_path, part, key):
    record = draw(tmp_path, "pconv", 0.1, count=1, size=16, save=1, distributions=fid([1.0]))
    del record[part][0][key]
    (tmp_path / "evaluation.json").write_text(json.dumps(record))
    assert read_folders([tmp_path]).broken == [f"evaluation.json: not a readable evaluation.json ({part}: no {key})"]


def test_an_evaluation_without_its_pictures_is_left_out(tmp_path):
    small(tmp_path / "a")
    (tmp_path / "a" / "pictures.csv").unlink()
    assert "No such file" in read_folders([tmp_path]).broken[0]
