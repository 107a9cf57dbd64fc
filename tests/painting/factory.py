"""A page's server with models in threads, in place of processes: torch is imported once, and nothing is waited for."""

import io
import multiprocessing.dummy
import time

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from inpaintlab.painting.desk import Desk
from inpaintlab.painting.jobs import ModelQueue
from inpaintlab.painting.server import make_app

ADDRESS = "http://127.0.0.1:8766"


def in_thread(label, name=None, **settings):
    """A queue whose model runs in a thread."""
    return ModelQueue(label, (name or label, "cpu", None), context=multiprocessing.dummy, **settings)


def desk(folder, models=("telea", "mean_color"), photo=None, megapixels=1.0):
    return Desk({name: in_thread(name) for name in models}, {name: name for name in models}, photo, folder, megapixels)


def client(made):
    return TestClient(make_app(made), base_url=ADDRESS)


def pixels(height=24, width=32, channels=3, seed=0):
    """Smooth colours with some noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    ramp = np.stack([rows * 6, columns * 5, rows + columns], -1)[..., :channels]
    return (ramp + rng.integers(0, 20, (height, width, channels))).astype(np.uint8)


def hole(height=24, width=32):
    there = np.zeros((height, width), bool)
    there[8:14, 10:20] = True
    return there


def encoded(array, kind="PNG", **options):
    """A picture's file; a bool array is a mask, white where True."""
    array = array.astype(np.uint8) * 255 if array.dtype == bool else array
    buffer = io.BytesIO()
    Image.fromarray(array.squeeze()).save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(body):
    return np.asarray(Image.open(io.BytesIO(body)))


def until(holds, seconds=300):
    """Wait for something that happens in another thread."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
