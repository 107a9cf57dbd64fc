import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.pictures import open_image
from inpaintlab.data import images
from inpaintlab.data.images import decode, read_image, to_tensor


def one_pixel(path, value, mode):
    Image.new(mode, (1, 1), value).save(path)
    return path


@pytest.mark.parametrize(
    ("suffix", "mode", "value", "rgb"),
    [
        ("png", "RGB", (10, 20, 30), (10, 20, 30)),
        ("png", "L", 77, (77, 77, 77)),
        ("png", "1", 1, (255, 255, 255)),
        ("png", "LA", (100, 0), (255, 255, 255)),  # wholly transparent: white, whatever colour lies under it
        ("png", "RGBA", (0, 0, 0, 51), (204, 204, 204)),  # 0.2 * 0 + 0.8 * 255
        ("png", "I;16", 257 * 100, (100, 100, 100)),  # scaled, not clipped
        ("tif", "I;16", 65535, (255, 255, 255)),
        ("tif", "I", 257 * 3, (3, 3, 3)),
        ("tif", "F", 0.5, (128, 128, 128)),
        ("tif", "CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("bmp", "RGB", (1, 2, 3), (1, 2, 3)),
        ("webp", "RGB", (255, 255, 255), (255, 255, 255)),
        ("pgm", "L", 9, (9, 9, 9)),
    ],
)
def test_every_mode_becomes_rgb(tmp_path, suffix, mode, value, rgb):
    image = read_image(one_pixel(tmp_path / f"a.{suffix}", value, mode), 3)
    assert image.mode == "RGB"
    assert image.getpixel((0, 0)) == rgb


def test_palette_with_transparency(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 100, 0])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "a.png", transparency=1)
    read = read_image(tmp_path / "a.png", 3)
    assert [read.getpixel((x, 0)) for x in (0, 1)] == [(200, 0, 0), (255, 255, 255)]


def test_grey_is_the_luma_of_bt601(tmp_path):
    path = one_pixel(tmp_path / "a.png", (200, 100, 50), "RGB")
    assert read_image(path, 1).mode == "L"
    assert read_image(path, 1).getpixel((0, 0)) == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)


def test_exif_orientation_is_applied(tmp_path):
    image = Image.new("RGB", (3, 2))
    image.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its left side: to be turned 90 degrees clockwise
    image.save(tmp_path / "a.png", exif=exif)
    upright = read_image(tmp_path / "a.png", 3)
    assert upright.size == (2, 3)
    assert upright.getpixel((1, 0)) == (255, 0, 0)


def test_tensor(tmp_path):
    image = Image.new("RGB", (3, 2))
    image.putpixel((2, 1), (0, 51, 255))
    tensor = to_tensor(image)
    assert tensor.shape == (3, 2, 3)
    assert tensor[:, 1, 2].tolist() == pytest.approx([0, 0.2, 1])
    assert to_tensor(image.convert("L")).shape == (1, 2, 3)


def test_a_large_jpeg_may_be_decoded_small(draw, tmp_path):
    path = draw(tmp_path / "a.jpg", size=(800, 640))
    assert decode(open_image(path), 3, path, shorter=100).size == (200, 160)
    assert decode(open_image(path), 3, path).size == (800, 640)


def test_truncated(draw, tmp_path):
    path = draw(tmp_path / "a.jpg", size=(200, 200))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"a\.jpg: unreadable picture \(.*truncated.*repair or remove"):
        read_image(path, 3)


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_foreign_file(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.png: unreadable picture \(no picture format"):
        read_image(tmp_path / "a.png", 3)


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"a\.png: no regular file"):
        read_image(tmp_path / "a.png", 3)


def test_decompression_bomb(draw, tmp_path, monkeypatch):
    monkeypatch.setattr(images.Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UserError, match=r"unreadable picture .*exceeds limit"):
        read_image(draw(tmp_path / "a.png"), 3)


@pytest.mark.parametrize("value", [255.0, -1.0, float("nan")])
def test_floats_of_unknown_range(tmp_path, value):
    with pytest.raises(UserError, match=r"mode F with values outside 0\.\.1\b"):
        read_image(one_pixel(tmp_path / "a.tif", value, "F"), 3)


def test_sixteen_bits_keep_their_order(tmp_path):
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)[None]
    Image.fromarray(ramp).save(tmp_path / "a.png")
    assert np.array_equal(np.array(read_image(tmp_path / "a.png", 1))[0], np.arange(256))


def test_the_check_at_start_needs_no_torch():
    code = "import sys, inpaintlab.data.location as _; sys.exit('torch' in sys.modules or 'lightning' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_tensor_lies_channel_by_channel(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, channels)).astype(np.uint8)
    tensor = to_tensor(Image.fromarray(pixels.squeeze()))
    assert tensor.is_contiguous()  # stacking a batch of others is three times as slow
    assert (tensor.numpy() == pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(255)).all()
