"""What every method without training promises."""

import inspect
import warnings

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.models.classical import (
    Biharmonic,
    LowRank,
    MeanColor,
    NavierStokes,
    NearestPatch,
    PatchMatch,
    Telea,
    TotalVariation,
)
from tests.helpers.composing import composed
from tests.helpers.wheels import needs_patchmatch

NAMES = {
    "biharmonic": Biharmonic,
    "low_rank": LowRank,
    "mean_color": MeanColor,
    "navier_stokes": NavierStokes,
    "nearest_patch": NearestPatch,
    "patchmatch": PatchMatch,
    "telea": Telea,
    "total_variation": TotalVariation,
}
PARAMS = [pytest.param(name, marks=needs_patchmatch if name == "patchmatch" else ()) for name in NAMES]
SIZES = [(1, 1), (1, 9), (9, 1), (2, 3), (13, 18)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five pictures of noise."""
    path = tmp_path_factory.mktemp("candidates")
    for seed in range(5):
        pixels = np.random.default_rng(seed).integers(0, 256, (20, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path / f"{seed}.png")
    return path


@pytest.fixture(params=PARAMS)
def model(request, folder):
    settings = {"nearest_patch": {"pictures": str(folder)}, "low_rank": {"max_iterations": 50}}  # noise has a high rank
    return NAMES[request.param](**settings.get(request.param, {}))


def pictures(channels, height, width):
    """A batch of noise: nothing known, no hole, a half, a tenth, most of it a hole, and one known pixel."""
    generator = torch.Generator().manual_seed(height * width + channels)
    share = torch.tensor([1.0, 0.0, 0.5, 0.1, 0.8, 1.0]).view(-1, 1, 1, 1)
    known = (torch.rand(6, 1, height, width, generator=generator) >= share).float()
    known[5, 0, 0, 0] = 1
    return torch.randint(0, 256, (6, channels, height, width), generator=generator) / 255, known


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_any_picture(model, size, channels):
    image, known = pictures(channels, *size)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prediction = model.inpaint(image * known, known)
    assert prediction.shape == image.shape
    assert prediction.dtype == image.dtype
    assert prediction.min() >= 0  # NaN would fail too
    assert prediction.max() <= 1
    where = known.bool().expand_as(image)
    assert torch.equal(prediction[where], image[where])
    assert (prediction[0] == 0.5).all()  # nothing known
    assert torch.equal(prediction[1], image[1])  # nothing to fill

    one_by_one = [model.inpaint(image[i : i + 1] * known[i : i + 1], known[i : i + 1]) for i in range(6)]
    assert torch.equal(prediction, torch.cat(one_by_one))


@pytest.mark.parametrize("under", [float("nan"), float("inf"), 0.7])
def test_what_lies_under_the_hole_is_not_read(model, under):
    image, known = pictures(3, 12, 15)
    expected = model.inpaint(image * known, known)
    assert torch.equal(model.inpaint(torch.where(known > 0, image, under), known), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_types(model, dtype):
    image, known = (x[2:4].to(dtype) for x in pictures(3, 9, 8))
    prediction = model.inpaint(image * known, known)
    assert prediction.dtype == dtype
    assert torch.equal(prediction * known, image * known)


@pytest.mark.parametrize("name", PARAMS)
def test_yaml_holds_the_constructors_defaults(name):
    node = composed("evaluate", f"model={name}").model
    model = instantiate(node)
    assert type(model) is NAMES[name]
    assert node._target_ == f"inpaintlab.models.classical.{NAMES[name].__name__}"
    defaults = {key: value.default for key, value in inspect.signature(type(model)).parameters.items()}
    assert {key: value for key, value in node.items() if key != "_target_"} == defaults
    assert model.iterations == 0
    assert set(model.hparams) == set(defaults)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Telea(radius=0), r"model\.radius=0: expected more than 0"),
        (lambda: NavierStokes(radius=-1), r"model\.radius=-1: expected more than 0"),
        (lambda: PatchMatch(patch_size=0), r"model\.patch_size=0: expected a radius of at least 1"),
        (lambda: TotalVariation(tolerance=0), r"model\.tolerance=0: expected more than 0"),
        (lambda: TotalVariation(primal_step=-1), r"model\.primal_step=-1: expected more than 0"),
        (lambda: LowRank(max_iterations=0), r"model\.max_iterations=0: expected more than 0"),
        (lambda: LowRank(threshold=0), r"model\.threshold=0: expected more than 0"),
        (lambda: NearestPatch(limit=0), r"model\.limit=0: expected at least 1"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(UserError, match=message):
        make()
