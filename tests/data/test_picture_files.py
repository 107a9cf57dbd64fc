import struct

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


ODD = [
    (0x0128, 2, b"2\0\0\0"),  # ResolutionUnit as text
    (0x0112, 2, b"6\0\0\0"),
    (0x0213, 2, b"1\0\0\0"),
    (0x011A, 10, struct.pack("<I", 26)),  # XResolution as a negative fraction, elsewhere in the file
]


@pytest.mark.parametrize(("tag", "kind", "value"), ODD)
def test_exif_that_cannot_be_written_again_is_left_out_and_told(tag, kind, value, tmp_path):
    entry = struct.pack("<HHI", tag, kind, 1 if kind == 10 else 2) + value
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0) + struct.pack("<ii", -72, 1)
    Image.fromarray(RGB).save(tmp_path / "a.jpg", exif=exif)
    source = read_picture(tmp_path / "a.jpg")
    result = written(tmp_path / "out.png", source)
    assert np.array_equal(np.array(result), source.pixels)
    if tag != 0x0112:  # the pixels are upright, so nothing of it is to be written
        assert source.exif is not None or "its EXIF cannot be written again" in source.notices[0]


def test_garbage_for_exif_changes_nothing(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.jpg", exif=b"Exif\0\0garbagegarbage")
    source = read_picture(tmp_path / "a.jpg")
    assert source.pixels.shape == RGB.shape
    written(tmp_path / "out.png", source)


def test_pages_that_are_not_filled_are_told(tmp_path):
    page = Image.fromarray(RGB)
    page.save(tmp_path / "scan.tif", save_all=True, append_images=[Image.fromarray(255 - RGB)])
    source = read_picture(tmp_path / "scan.tif")
    assert np.array_equal(source.pixels, RGB)
    assert source.notices == ("scan.tif: 2 pages or frames, the first is filled",)


@pytest.mark.parametrize(("kind", "ending"), [("png", "png"), ("jpg", "jpg"), ("webp", "webp"), ("tiff", "tif")])
def test_every_format_keeps_what_it_can(kind, ending, tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "a description"
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif, dpi=(300, 300))
    source = read_picture(tmp_path / "a.png")
    assert source.kind == "png"
    alpha = np.full(RGB.shape[:2], 9, np.uint8)
    lost = write_picture(tmp_path / f"out.{ending}", source.pixels, source, alpha, kind)
    result = read_picture(tmp_path / f"out.{ending}")
    assert result.kind == kind
    assert b"a description" in result.exif
    assert bool(lost) is (kind == "jpg")
    assert (result.alpha is None) is (kind == "jpg")
    if kind in ("png", "tiff"):
        assert np.array_equal(result.pixels, RGB)
    if kind in ("png", "jpg", "tiff"):
        assert result.dpi == pytest.approx((300, 300), abs=0.1)
