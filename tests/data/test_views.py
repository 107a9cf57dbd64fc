import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.data.views import Framing


def ramp(width, height):
    """A picture whose red is the column and green the row."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([columns, rows, 0 * rows], -1).astype(np.uint8))


def seen(view, image, seed=0):
    return np.array(view(image, torch.Generator().manual_seed(seed)))


def test_centre_crop_moves_no_pixel():
    # The shorter side has the size already: columns (21 - 16) // 2 = 2 to 17 of the file, bit by bit.
    assert np.array_equal(seen(Framing(16, "crop"), ramp(21, 16)), np.array(ramp(21, 16))[:, 2:18])


def test_crop_is_resizing_then_cropping():
    picture = seen(Framing(16, "crop"), ramp(200, 128)).astype(int)
    reference = np.array(ramp(200, 128).resize((25, 16), Image.Resampling.BICUBIC))[:, 4:20].astype(int)
    assert np.abs(picture - reference)[:, 2:-2].max() <= 1  # at the crop's border the filter sees no further


def test_random_patch_is_a_piece_of_the_file():
    view = Framing(16, "patch", random=True)
    corners = set()
    for seed in range(200):
        picture = seen(view, ramp(20, 18), seed)
        left, top = picture[0, 0, :2]
        assert np.array_equal(picture, np.array(ramp(20, 18))[top : top + 16, left : left + 16])
        corners.add((int(left), int(top)))
    assert corners == {(x, y) for x in range(5) for y in range(3)}


def test_patch_scales():
    widths = {
        int(np.ptp(seen(Framing(16, "patch", scales=(1.0, 0.5), random=True), ramp(64, 64), s)[8, :, 0]))
        for s in range(20)
    }
    assert min(widths) == 15
    assert max(widths) >= 29


@pytest.mark.parametrize(
    ("interpolation", "filter_"),
    [("bicubic", Image.Resampling.BICUBIC), ("bilinear", Image.Resampling.BILINEAR),
     ("lanczos", Image.Resampling.LANCZOS), ("area", Image.Resampling.BOX)],
)  # fmt: skip
@pytest.mark.parametrize("random", [False, True])
def test_interpolation_is_the_filter_of_every_resizing(interpolation, filter_, random):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8))
    picture = seen(Framing(16, "squash", interpolation=interpolation, random=random), noise)
    assert np.array_equal(picture, np.array(noise.resize((16, 16), filter_)))
    others = {"bicubic", "bilinear", "lanczos", "area"} - {interpolation}
    assert all(not np.array_equal(picture, seen(Framing(16, "squash", interpolation=o), noise)) for o in others)


def test_area_is_the_mean_over_whole_blocks():
    blocks = np.random.default_rng(0).integers(0, 256, (8, 4, 8, 4)).astype(np.uint8)
    picture = seen(Framing(8, "crop", interpolation="area"), Image.fromarray(blocks.reshape(32, 32)))
    assert np.abs(picture - blocks.mean((1, 3))).max() <= 1  # 8 bits after each of the two axes


def test_squash_shows_the_whole_picture():
    picture = seen(Framing(16, "squash"), ramp(200, 100))
    assert picture[0, 0, 0] < 12
    assert picture[-1, -1, 0] > 188


def test_centre_of_the_file_first():
    picture = seen(Framing(54, "crop", center_crop=108), ramp(178, 218))
    assert picture[0, 0].tolist()[:2] == pytest.approx([35, 55], abs=1)  # (178 - 108) / 2, (218 - 108) / 2
    assert picture[-1, -1].tolist()[:2] == pytest.approx([142, 162], abs=1)


def test_zoom_narrows_the_view():
    view = Framing(16, "crop", zoom=(2.0, 2.0), random=True)
    assert int(np.ptp(seen(view, ramp(64, 64))[:, :, 0])) == pytest.approx(
        30, abs=2
    )  # half of 64, less a pixel's width


def test_rotation_and_flip():
    turned = seen(Framing(16, "patch", rotations=(90,), random=True), ramp(16, 16))
    assert np.array_equal(turned, np.rot90(np.array(ramp(16, 16))))
    flip = Framing(16, "patch", horizontal_flip=True, random=True)
    first = [int(seen(flip, ramp(16, 16), seed)[0, 0, 0]) for seed in range(200)]
    assert set(first) == {0, 15}
    assert 70 <= first.count(15) <= 130


@pytest.mark.parametrize("fit", ["crop", "patch", "squash"])
@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (9, 40)])
@pytest.mark.parametrize("random", [False, True])
def test_small_and_thin_pictures_are_enlarged(fit, size, random):
    assert seen(Framing(32, fit, random=random), Image.new("RGB", size)).shape == (32, 32, 3)


def test_whole_is_untouched():
    assert seen(Framing(16, "whole"), ramp(21, 18)).shape == (18, 21, 3)


def test_without_random_nothing_is_drawn():
    generator = torch.Generator().manual_seed(5)
    Framing(16, "crop", zoom=(1.0, 2.0), horizontal_flip=True)(ramp(40, 40), generator)
    assert torch.equal(generator.get_state(), torch.Generator().manual_seed(5).get_state())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fit": "stretch"}, "'stretch' is not one of crop, squash, patch, whole"),
        ({"fit": "whole", "random": True}, r"data\.train_fit=whole"),
        ({"fit": "crop", "zoom": (0.5, 1.0)}, r"data\.zoom=\[0\.5, 1\.0\]: expected"),
        ({"fit": "crop", "zoom": (2.0, 1.0)}, r"data\.zoom="),
        ({"fit": "crop", "zoom": (2.0,)}, r"data\.zoom=\[2\.0\]: expected \[low, high\]"),
        ({"fit": "crop", "interpolation": "nearest"}, "data.interpolation=nearest: expected one of bicubic, bilinear"),
        ({"fit": "patch", "scales": ()}, r"data\.scales=\[\]"),
        ({"fit": "patch", "scales": (1.0, 0.0)}, r"data\.scales="),
        ({"fit": "patch", "rotations": (45,)}, r"data\.rotations=\[45\]: expected multiples of 90"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(UserError, match=message):
        Framing(16, **options)


def test_judged_pictures_are_decoded_in_full():
    assert Framing(16, "crop", zoom=(1.0, 1.5), random=True).shorter == 24
    assert Framing(16, "crop").shorter is None
    assert Framing(16, "patch", random=True).shorter is None
