import numpy as np
import pytest
from experiments.figures.first_screen import GAP, LABEL, SCENES, draw_scene, main
from PIL import Image

from inpaintlab.basics.errors import UserError


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.photograph)
def test_a_scene_is_a_colour_picture_with_a_hole_that_the_seed_decides(scene):
    picture, hole = draw_scene(scene, 64, seed=0)
    assert picture.shape == (64, 64, 3)
    assert 0.02 < hole.mean() < 0.4
    assert np.array_equal(draw_scene(scene, 64, seed=0)[1], hole)
    assert not np.array_equal(draw_scene(scene, 64, seed=1)[1], hole)


@pytest.mark.slow
def test_the_sheet_shows_hole_fills_and_original(tmp_path):
    main([str(tmp_path / "sheet.png"), "models=mean_color,telea", "side=64"])
    sheet = Image.open(tmp_path / "sheet.png")
    assert sheet.size == (4 * (64 + GAP) - GAP, len(SCENES) * (64 + LABEL + GAP) - GAP)
    truth, hole = draw_scene(SCENES[0], 64, seed=2)
    row = np.asarray(sheet)[LABEL : LABEL + 64]
    telea, original = (row[:, column * (64 + GAP) :][:, :64] for column in (2, 3))
    assert np.array_equal(original, truth)
    assert np.array_equal(telea[~hole], truth[~hole])
    assert not np.array_equal(telea[hole], truth[hole])


@pytest.mark.parametrize("words", [[], ["a.png", "b.png"], ["a.png", "size=3"]])
def test_wrong_words_are_told(words):
    with pytest.raises((UserError, SystemExit)):
        main(words)
