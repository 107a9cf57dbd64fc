import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.data.folder import Folder
from inpaintlab.masks.center import Center
from inpaintlab.models.classical import NearestPatch
from inpaintlab.models.classical import nearest_patch as module
from inpaintlab.models.classical.nearest_patch import nearest

SIZE = 24


def scene(seed, height=40, width=40):
    """Smooth noise: neighbouring crops are alike, pictures are not."""
    small = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def tensor(image, channels=3):
    pixels = np.array(image if channels == 3 else image.convert("L")).reshape(image.height, image.width, channels)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


@pytest.fixture
def folder(tmp_path):
    """train/ with eight squares of the size that is judged, test/ with one."""
    for split, seeds in (("train", range(8)), ("test", [100])):
        (tmp_path / split).mkdir()
        for seed in seeds:
            scene(seed, SIZE, SIZE).save(tmp_path / split / f"{seed}.png")
    return tmp_path


@pytest.fixture
def known():
    known = torch.ones(1, 1, SIZE, SIZE)
    known[..., 6:18, 5:20] = 0
    return known


def make_data(folder, **arguments):
    layout = {split: [split] for split in ("train", "test") if (folder / split).is_dir()}
    settings = {"size": SIZE, "channels": 3, "batch_size": 2, "obtain": "", "split_file": None, "layout": layout}
    return Folder(
        **(settings | {"root": str(folder), "mask": Center(), "val_fraction": 0.0, "test_fraction": 0.0} | arguments)
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_it_finds_the_picture_itself(folder, known, channels):
    model = NearestPatch(pictures=str(folder))
    image = torch.cat([tensor(scene(seed, SIZE, SIZE), channels) for seed in (5, 100, 0)])
    batch = known.expand(3, -1, -1, -1)
    assert torch.equal(model.inpaint(image * batch, batch), image)


def test_it_finds_the_right_one_of_shifted_crops(tmp_path):
    """Sixteen crops of one scene; the one asked for is a little brighter than any of them."""
    whole = scene(1, 60, 60)
    crops = {(x, y): whole.crop((x, y, x + SIZE, y + SIZE)) for x in range(0, 32, 8) for y in range(0, 32, 8)}
    for (x, y), crop in crops.items():
        crop.save(tmp_path / f"{x}-{y}.png")
    image = (tensor(crops[16, 8]) * 0.98 + 0.01).clamp(0, 1)
    known = torch.ones(1, 1, SIZE, SIZE)
    known[..., 4:20, 8:20] = 0
    filled = NearestPatch(pictures=str(tmp_path)).inpaint(image * known, known)
    assert torch.equal(filled, torch.where(known > 0, image, tensor(crops[16, 8])))


def test_it_is_the_least_distance_in_whatever_chunks(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (4, 3, 5, 7), generator=generator).float()
    candidates = torch.randint(0, 256, (23, 3, 5, 7), generator=generator).byte()
    known = torch.rand(4, 1, 5, 7, generator=generator) > 0.6
    difference = (pictures.numpy()[:, None] - candidates.numpy()[None].astype(float)) * known.numpy()[:, None]
    expected = (difference**2).sum((2, 3, 4)).argmin(1)
    for values in (1, 3 * 5 * 7 * 4, 2**23):
        monkeypatch.setattr(module, "CHUNK_VALUES", values)
        assert nearest(pictures, known, candidates).tolist() == expected.tolist()
    twice = torch.cat([candidates, candidates])
    assert nearest(pictures, known, twice).tolist() == expected.tolist()  # of equal ones the first


def test_the_hole_of_candidates_does_not_count(tmp_path, known):
    """The candidate that agrees where pixels are known wins, however far off it is in the hole."""
    image = tensor(scene(3, SIZE, SIZE))
    agreeing = torch.where(known > 0, image, 1 - image)
    near = (image + 0.05).clamp(0, 1)
    for name, picture in (("agreeing", agreeing), ("near", near)):
        pixels = picture[0].mul(255).round().byte().permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    filled = NearestPatch(pictures=str(tmp_path)).inpaint(image * known, known)
    torch.testing.assert_close(filled, agreeing, atol=1e-6, rtol=0)


def test_evaluate_gives_it_the_training_pictures(folder, known):
    model = NearestPatch()
    model.prepare(make_data(folder))
    for seed in range(8):
        image = tensor(scene(seed, SIZE, SIZE))
        assert torch.equal(model.inpaint(image * known, known), image)
    judged = tensor(scene(100, SIZE, SIZE))
    assert not torch.equal(model.inpaint(judged * known, known), judged)  # a test picture is no candidate


def test_training_pictures_are_cut_as_judged_ones_are(tmp_path, known):
    (tmp_path / "train").mkdir()
    scene(0, 52, 70).save(tmp_path / "train" / "a.png")
    data = make_data(tmp_path, center_crop=40, horizontal_flip=True, zoom=(2.0, 2.0), layout={"train": ["train"]})
    model = NearestPatch()
    model.prepare(data)
    expected = tensor(scene(0, 52, 70).resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=(15, 6, 55, 46)))
    filled = model.inpaint(torch.zeros(1, 3, SIZE, SIZE), known)
    assert torch.equal(filled * (1 - known), expected * (1 - known))


def test_a_given_folder_comes_first_and_the_limit_spreads(folder, known):
    model = NearestPatch(pictures=str(folder / "test"), limit=1)
    model.prepare(make_data(folder))
    judged = tensor(scene(100, SIZE, SIZE))
    assert torch.equal(model.inpaint(judged * known, known), judged)
    few = NearestPatch(limit=4)
    few.prepare(make_data(folder))
    found = []
    for seed in range(8):
        image = tensor(scene(seed, SIZE, SIZE))
        found.append(torch.equal(few.inpaint(image * known, known), image))
    assert found == [True, False] * 4


def test_pictures_of_another_shape(folder):
    known = torch.ones(1, 1, 17, 31)
    known[..., 4:9, 4:20] = 0
    image = torch.rand(1, 3, 17, 31)
    assert NearestPatch(pictures=str(folder)).inpaint(image * known, known).shape == image.shape


def test_unreadable_pictures(folder, known):
    (folder / "train" / "broken.png").write_bytes(b"no picture")
    image = tensor(scene(2, SIZE, SIZE))
    model = NearestPatch()
    model.prepare(make_data(folder))
    with pytest.raises(UserError, match=r"broken\.png: unreadable picture"):
        model.inpaint(image * known, known)
    model.prepare(make_data(folder, on_bad_image="skip"))
    assert torch.equal(model.inpaint(image * known, known), image)
    for path in (folder / "train").iterdir():
        path.write_bytes(b"no picture")
    model.prepare(make_data(folder, on_bad_image="skip"))
    with pytest.raises(UserError, match="none of the 9 pictures to choose from is readable"):
        model.inpaint(image * known, known)


def test_nothing_to_choose_from(tmp_path, known):
    with pytest.raises(UserError, match=r"needs pictures to choose from: model\.pictures=<folder>"):
        NearestPatch().inpaint(torch.rand(1, 3, SIZE, SIZE) * known, known)
    with pytest.raises(UserError, match=r"model\.pictures=nowhere: no such folder"):
        NearestPatch(pictures="nowhere")
    with pytest.raises(UserError, match="no pictures in"):
        NearestPatch(pictures=str(tmp_path))
    (tmp_path / "test").mkdir()
    scene(0).save(tmp_path / "test" / "a.png")
    with pytest.raises(UserError, match="Folder has no training pictures to choose from"):
        NearestPatch().prepare(make_data(tmp_path))
