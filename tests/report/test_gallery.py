import base64
import io

import numpy as np
from PIL import Image

from inpaintlab.records.cells import Bucket, Cell
from inpaintlab.report.findings import read_folders
from inpaintlab.report.gallery import common_cases, embed, extremes, saved_of, spread
from inpaintlab.report.grouping import make_groups
from tests.report.drawn import draw, three_models


def group_of(folder):
    return make_groups(read_folders([folder]).evaluations)[0][0]


def pixels(picture):
    kind, data = picture.uri.split(";base64,")
    assert kind in ("data:image/png", "data:image/jpeg")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_a_case_shows_truth_input_and_all_models(tmp_path):
    three_models(tmp_path)
    case = common_cases(group_of(tmp_path), 1)[0]
    assert case.title == "p0.png, hole ratio (0.1, 0.2]"
    assert [p.title for p in case.pictures] == ["truth", "input", "pconv", "madf", "telea"]
    truth, corrupted, *made = map(pixels, case.pictures)
    hole = (corrupted == 128).all(2)
    assert 0.05 < hole.mean() < 0.25
    np.testing.assert_array_equal(corrupted[~hole], truth[~hole])
    for picture in made:
        np.testing.assert_array_equal(picture[~hole], truth[~hole])
        assert (picture[hole] != truth[hole]).any()
    full, inside = (float(word.split()[-1]) for word in case.pictures[2].note.removesuffix(" dB").split(", "))
    assert full > inside


def test_only_what_all_models_saved_is_side_by_side(tmp_path):
    draw(tmp_path / "a", "pconv", 0.1, save=3)
    draw(tmp_path / "b", "madf", 0.1, save=1)
    draw(tmp_path / "c", "telea", 0.1, save=0)  # saved nothing: is not there, but hides nothing
    cases = common_cases(group_of(tmp_path), 100)
    assert len(cases) == 3
    assert {len(case.pictures) for case in cases} == {4}


def test_cases_are_spread_over_cells_and_pictures():
    cells = [Cell(Bucket(low / 10, (low + 1) / 10)) for low in range(3)]
    keys = [(cell, index, "n") for cell in cells for index in range(4)]
    chosen = spread(keys, 3)
    assert [key[0] for key in chosen] == cells
    assert len({key[1] for key in chosen}) == 3
    assert spread(keys, 100) == keys
    assert spread(keys, 0) == []
    assert spread([], 3) == []


def test_best_and_worst_are_by_psnr_inside_the_hole(tmp_path):
    draw(tmp_path, "pconv", 0.1, save=6)
    one = group_of(tmp_path).evaluations[0]
    found = extremes(one, 12)
    assert (found.measure, found.saved) == ("PSNR inside the hole", 18)
    values = [
        float(case.pictures[2].note.removesuffix(" dB").split()[-1]) for case in [*found.best, *found.worst[::-1]]
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]


def test_blind_models_are_ranked_over_the_whole_picture(tmp_path):
    draw(tmp_path, "blind", 0.1, save=2, blind=True)
    assert extremes(group_of(tmp_path).evaluations[0], 12).measure == "PSNR over the whole picture"


def test_a_missing_picture_is_passed_over(tmp_path):
    record = draw(tmp_path, "pconv", 0.1, save=2)
    (tmp_path / record["saved"][0]["picture"]).unlink()
    one = group_of(tmp_path).evaluations[0]
    assert len(saved_of(one)) == len(record["saved"]) - 1
    assert len(common_cases(group_of(tmp_path), 100)) == len(record["saved"]) - 1


def test_pictures_are_embedded_small():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (700, 500, 3), np.uint8))
    uri = embed(noise, 256)
    assert uri.startswith("data:image/jpeg;base64,")
    assert Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).size == (183, 256)
    assert noise.size == (500, 700)
