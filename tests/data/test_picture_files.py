import numpy as np
import pytest
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.data.picture_files import read_picture, write_picture

RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)


def written(path, source, pixels=None, alpha=None):
    write_picture(path, source.pixels if pixels is None else pixels, source, alpha)
    return Image.open(path)


@pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("L", 1), ("1", 1), ("P", 3), ("CMYK", 3)])
def test_modes(tmp_path, mode, channels):
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.fromarray(RGB).convert(mode).save(path)
    source = read_picture(path)
    assert source.pixels.shape == (6, 9, channels)
    assert source.alpha is None
    assert np.array_equal(
        np.array(Image.open(path).convert("RGB" if channels == 3 else "L")).ravel(), source.pixels.ravel()
    )
    assert written(tmp_path / "out.png", source).mode == ("RGB" if channels == 3 else "L")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_kept_beside_untouched_colours(tmp_path, mode):
    alpha = np.arange(54, dtype=np.uint8).reshape(6, 9)
    image = Image.fromarray(np.dstack([RGB, alpha])).convert("RGBA")
    if mode == "LA":
        image = image.convert("LA")
    if mode == "P":
        image = Image.fromarray(np.zeros((6, 9), np.uint8), "P")
        image.putpalette([10, 20, 30] * 256)
        image.info["transparency"] = 0
        alpha = np.zeros((6, 9))
    image.save(tmp_path / "a.png")
    source = read_picture(tmp_path / "a.png")
    assert np.array_equal(source.alpha, alpha)
    colours = RGB if mode == "RGBA" else np.array(image.convert("RGB" if mode == "P" else "L")).reshape(6, 9, -1)
    assert np.array_equal(source.pixels, colours)
    result = written(tmp_path / "out.png", source, alpha=source.alpha)
    assert result.mode == ("LA" if mode == "LA" else "RGBA")
    assert np.array_equal(np.array(result.getchannel("A")), alpha)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_upright_and_the_tag_is_reset(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a description"
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    source = read_picture(tmp_path / "a.png")
    assert source.pixels.shape == ((6, 9, 3) if orientation <= 4 else (9, 6, 3))
    result = written(tmp_path / "out.png", source)
    assert result.getexif().get(0x0112, 1) == 1
    assert result.getexif()[0x010E] == "a description"


def test_the_colour_profile_is_kept_where_it_fits(tmp_path):
    for mode, kept in (("RGB", b"profile"), ("CMYK", None)):
        Image.fromarray(RGB).convert(mode).save(tmp_path / "a.tif", icc_profile=b"profile")
        source = read_picture(tmp_path / "a.tif")
        assert source.icc == kept
        assert written(tmp_path / "out.png", source).info.get("icc_profile") == kept


def test_16_bits_are_read_as_8_and_said(tmp_path):
    Image.fromarray(RGB[..., 0].astype(np.uint16) * 257).save(tmp_path / "a.png")
    source = read_picture(tmp_path / "a.png")
    assert np.array_equal(source.pixels[..., 0], RGB[..., 0])
    assert "a.png: has more than 8 bits" in source.notices[0]


def test_16_bit_colour_is_said_too(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "a.png"), RGB[..., ::-1].astype(np.uint16) * 257)
    source = read_picture(tmp_path / "a.png")
    assert np.array_equal(source.pixels, RGB)
    assert source.notices


@pytest.mark.parametrize("keep", [0, 20, 60])
def test_a_broken_picture_is_named(tmp_path, keep):
    Image.fromarray(RGB).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:keep])
    with pytest.raises(UserError, match=r"a\.png: unreadable picture"):
        read_picture(tmp_path / "a.png")
