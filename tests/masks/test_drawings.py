import hashlib

import numpy as np
import torch

from inpaintlab.masks.drawings import DRAWINGS, drawings, with_drawings
from inpaintlab.masks.irregular import Irregular
from inpaintlab.masks.text import Text
from inpaintlab.masks.text_squares import TextSquares

IRREGULAR, SQUARES = ({"_target_": f"inpaintlab.masks.{name}"} for name in ("irregular.Irregular", "squares.Squares"))


def test_changed_makers_are_found_within_others():
    mixture = {"_target_": "inpaintlab.masks.mixture.Mixture", "makers": {"a": IRREGULAR, "b": SQUARES}}
    assert drawings(mixture) == {"inpaintlab.masks.irregular.Irregular": 2}
    assert with_drawings(mixture) == {**mixture, "drawings": {"inpaintlab.masks.irregular.Irregular": 2}}
    assert with_drawings(SQUARES) == SQUARES


def test_what_a_key_draws_changes_only_with_the_number(monkeypatch):
    # Golden: the first 4 masks of the present drawing. Where they change, raise the number, then note the new hash.
    page = np.random.default_rng(0).integers(0, 400, (512, 512)).astype(np.uint16)
    page[page > 40] = 0
    monkeypatch.setattr("inpaintlab.masks.text.draw_page", lambda *_: page)  # letters are the font's matter
    now = {}
    for maker in (Irregular, Text, TextSquares):
        masks = [maker(ratio=(0.05, 0.5))((64, 64), torch.Generator().manual_seed(seed)) for seed in range(4)]
        sha256 = hashlib.sha256(torch.stack(masks).bool().numpy().tobytes()).hexdigest()
        now[maker.__name__] = (DRAWINGS[f"{maker.__module__}.{maker.__qualname__}"], sha256[:16])
    assert now == {
        "Irregular": (2, "097e18f64d862f4d"),
        "Text": (2, "c0442fc680690841"),
        "TextSquares": (2, "2ae5c161d40cbfc6"),
    }
