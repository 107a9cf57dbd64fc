import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def draw():
    """Write a mask file: white in ``white`` (rows, columns), black elsewhere; or a picture as given."""

    def draw(path, white=np.s_[2:6, 2:6], size=(8, 8), picture=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        if picture is None:
            pixels = np.zeros(size, np.uint8)
            pixels[white] = 255
            picture = Image.fromarray(pixels)
        picture.save(path)
        return path

    return draw
