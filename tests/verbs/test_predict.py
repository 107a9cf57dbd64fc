import shutil
import struct
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.filling import pictures as module
from inpaintlab.filling import pixels
from inpaintlab.filling.pictures import predict
from inpaintlab.filling.pixels import complete
from inpaintlab.models.lama import LaMa
from inpaintlab.verbs.predict import main
from tests.helpers.composing import composed
from tests.helpers.process import run as start_verb
from tests.training.callbacks.toy import Toy


def picture(size=(20, 30), channels=3, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, channels), dtype=np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


def mask(size=(20, 30), white=(slice(5, 9), slice(4, 12))):
    hole = np.zeros(size, np.uint8)
    hole[white] = 255
    return hole


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def load(path):
    return np.array(Image.open(path))


@pytest.fixture
def run(tmp_path):
    """Predict with Telea from ``images`` to ``out``, both in tmp_path."""

    def start(*words, **given):
        given = {"images": tmp_path / "images", "masks": tmp_path / "masks", "output": tmp_path / "out"} | given
        words = [*words, *(f"{key}={value}" for key, value in given.items() if value is not None)]
        return predict(composed("predict", "model=telea", "device=cpu", *words))

    return start


def test_one_picture_with_one_mask(tmp_path, run):
    image, hole = picture(), mask()
    outcome = run(images=save(tmp_path / "a.jpg.png", image), masks=save(tmp_path / "m.png", hole))
    assert outcome.written == [tmp_path / "out" / "a.jpg.png"]
    result = load(outcome.written[0])
    assert np.array_equal(result[hole == 0], image[hole == 0])
    assert not np.array_equal(result[hole > 0], image[hole > 0])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg.png"]  # no temporary file is left


def test_refinement_is_a_word_for_models_that_have_it(tmp_path, run):
    """The word sets what the model was trained with; without it nothing changes."""
    with pytest.raises(UserError, match="refine=True: Telea has no refinement; leave the word out"):
        run("refine=true", images=save(tmp_path / "a.png", picture()), masks=save(tmp_path / "m.png", mask()))
    model = LaMa(width=4, blocks=1, refine=True)
    module.set_refining(model, None)
    assert model.refining is True
    module.set_refining(model, False)
    assert model.refining is False


def test_a_folder_with_masks_of_the_same_names(tmp_path, run):
    for name, seed in (("a", 1), ("sub/b", 2)):
        save(tmp_path / "images" / f"{name}.png", picture(seed=seed))
    save(tmp_path / "masks" / "a.png", mask())
    save(tmp_path / "masks" / "sub" / "b.bmp", mask(white=(slice(0, 3), slice(0, 3))))
    outcome = run()
    assert not outcome.failed
    for name, seed, rows in (("a", 1, slice(5, 9)), ("sub/b", 2, slice(0, 3))):
        changed = (load(tmp_path / "out" / f"{name}.png") != picture(seed=seed)).any(axis=(1, 2))
        assert changed[rows].any()
        assert changed.sum() <= rows.stop - rows.start


@pytest.mark.parametrize("words", [(), ("output_format=same",)])
def test_it_goes_on_after_bad_files_and_says_so(tmp_path, run, words):
    save(tmp_path / "images" / "a.png", picture())
    save(tmp_path / "images" / "full.png", picture())
    save(tmp_path / "images" / "large.png", picture((40, 30)))
    save(tmp_path / "images" / "maskless.png", picture())
    save(tmp_path / "images" / "grey-mask.png", picture())
    (tmp_path / "images" / "text.png").write_text("no picture")
    for name in ("a", "large", "text"):
        save(tmp_path / "masks" / f"{name}.png", mask())
    save(tmp_path / "masks" / "full.png", np.full((20, 30), 255, np.uint8))
    save(tmp_path / "masks" / "grey-mask.png", np.full((20, 30), 99, np.uint8))
    outcome = run(*words)
    assert [path.name for path in outcome.written] == ["a.png", "grey-mask.png"]
    text = "\n".join(outcome.failed)
    for message in (
        "full.png: all hole with hole_is=white",
        "large.png: 20x30 px (height x width), but the picture has 40x30; set resize_mask=true",
        "maskless.png: no mask called maskless in",
        "text.png: unreadable picture",
    ):
        assert message in text
    assert len(outcome.failed) == 4
    assert "grey-mask.png: has grey values" in outcome.summary()
    assert outcome.summary().endswith("2 written, 4 failed")


def test_the_exit_status_tells_of_failures(tmp_path, monkeypatch, capsys):
    save(tmp_path / "a.png", picture())
    (tmp_path / "b.png").write_text("no picture")
    save(tmp_path / "m.png", mask())
    for name, status in (("a", 0), ("b", 1)):
        words = ["model=telea", f"images={tmp_path}/{name}.png", f"masks={tmp_path}/m.png", f"output={tmp_path}/out"]
        monkeypatch.setattr("sys.argv", ["predict", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == status
    assert "failed: " in capsys.readouterr().out


def test_a_mask_of_another_size_can_be_stretched(tmp_path, run):
    image = picture((40, 60))
    outcome = run("resize_mask=true", images=save(tmp_path / "a.png", image), masks=save(tmp_path / "m.png", mask()))
    changed = (load(outcome.written[0]) != image).any(axis=2)
    assert changed[10:18, 8:24].mean() > 0.9
    changed[10:18, 8:24] = False
    assert not changed.any()


def test_black_holes_and_thresholds(tmp_path, run):
    image = save(tmp_path / "a.png", picture())
    soft = mask()
    soft[soft > 0] = 200
    white = run("threshold=0.5", images=image, masks=save(tmp_path / "m.png", soft)).written[0]
    expected = load(white)
    black = run("hole_is=black", images=image, masks=save(tmp_path / "n.png", 255 - mask())).written[0]
    assert np.array_equal(load(black), expected)


def test_a_mask_without_hole_copies_the_picture_and_says_so(tmp_path, run):
    image = picture()
    outcome = run(images=save(tmp_path / "a.png", image), masks=save(tmp_path / "m.png", np.zeros((20, 30), np.uint8)))
    assert np.array_equal(load(outcome.written[0]), image)
    assert "a.png is written unchanged" in outcome.notices[0]
    assert "notice: " in outcome.summary()


def test_transparency_and_side_by_side(tmp_path, run):
    image = np.dstack([picture(), np.full((20, 30), 50, np.uint8)])
    outcome = run("side_by_side=true", images=save(tmp_path / "a.png", image), masks=save(tmp_path / "m.png", mask()))
    result, hole = load(outcome.written[0]), mask() > 0
    assert (result[..., 3] == np.where(hole, 255, 50)).all()
    shown = load(tmp_path / "out" / "side_by_side" / "a.png")
    assert shown.shape == (20, 90, 3)  # original, hole in red, completed
    assert np.array_equal(shown[:, :30], image[..., :3])
    assert (shown[:, 30:60][hole][:, 0] > 150).all()
    assert np.array_equal(shown[:, 60:], result[..., :3])


def test_the_input_is_never_overwritten(tmp_path, run):
    image = picture()
    save(tmp_path / "images" / "a.png", image)
    save(tmp_path / "masks" / "a.png", mask())
    for output in ("images", "masks"):
        with pytest.raises(UserError, match=r"a\.png is the input .*a\.png, which would be overwritten"):
            run(output=tmp_path / output)
    assert np.array_equal(load(tmp_path / "images" / "a.png"), image)


@pytest.mark.parametrize("word", ["side_by_side=true", "models=[telea,mean_color]"])
def test_no_other_file_overwrites_an_input_either(word, tmp_path):
    folder = "side_by_side" if word.startswith("side") else "sheet"
    image = save(tmp_path / folder / "a.png", picture())
    words = [f"images={image.parent}", f"masks={save(tmp_path / 'm.png', mask())}", f"output={tmp_path}", word]
    with pytest.raises(UserError, match="would be overwritten"):
        predict(composed("predict", *(["model=telea"] if folder == "side_by_side" else []), *words))
    assert np.array_equal(load(image), picture())


def test_no_result_overwrites_another(tmp_path, run):
    """``a.png`` beside ``side_by_side/a.png``: the sheet of the one has the name of the other's result."""
    for name in ("a.png", "side_by_side/a.png"):
        save(tmp_path / "images" / name, picture())
    with pytest.raises(UserError, match=r"side_by_side/a\.png is the result for .*, which would be overwritten"):
        run("side_by_side=true", masks=save(tmp_path / "m.png", mask()))
    assert not (tmp_path / "out").exists()


def test_a_sheet_is_a_png_whatever_the_result(tmp_path):
    image = save(tmp_path / "side_by_side" / "a.png", picture())
    words = [f"images={image.parent}", f"masks={save(tmp_path / 'm.png', mask())}", f"output={tmp_path}"]
    with pytest.raises(UserError, match="is the input"):
        predict(composed("predict", "model=telea", "output_format=jpg", "side_by_side=true", *words))
    assert np.array_equal(load(image), picture())


def test_results_and_masks_below_the_pictures_are_no_pictures(tmp_path, run):
    save(tmp_path / "images" / "a.png", picture())
    save(tmp_path / "images" / "masks" / "a.png", mask())
    for _ in range(2):
        outcome = run(masks=tmp_path / "images" / "masks", output=tmp_path / "images" / "out")
        assert (len(outcome.written), outcome.failed) == (1, [])


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (9, 17)])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_fits_a_network_with_a_divisor(size, channels):
    model = Toy(divisor=8)
    pixels = picture(size, channels).reshape(*size, channels)
    hole = np.zeros(size, bool)
    hole[0, -1] = True
    result = complete(model, pixels, hole)
    assert (result.dtype, result.shape) == (np.uint8, pixels.shape)
    assert np.array_equal(result[~hole], pixels[~hole])


def test_a_grey_model_fills_each_channel_of_a_colour_picture():
    model = Toy(channels=1)
    pixels = picture((12, 12))
    hole = np.zeros((12, 12), bool)
    hole[3:6, 3:6] = True
    result = complete(model, pixels, hole)
    for channel in range(3):
        assert np.array_equal(
            result[..., channel : channel + 1], complete(model, pixels[..., channel : channel + 1], hole)
        )


def test_a_prediction_that_is_not_finite_is_refused():
    model = Toy()
    model.network.weight.data.fill_(torch.nan)
    with pytest.raises(UserError, match="not finite"):
        complete(model, picture(), np.ones((20, 30), bool))


def save_checkpoint(path, **arguments):
    model = Toy(**arguments)
    state = {
        "model": "tests.training.callbacks.toy.Toy",
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
    }
    torch.save(state, path)
    return model


def test_a_blind_model_takes_no_masks(tmp_path):
    model = save_checkpoint(tmp_path / "blind.ckpt", blind=True, divisor=8)
    image = save(tmp_path / "a.png", picture())
    words = [f"ckpt={tmp_path}/blind.ckpt", "trust=tests", f"images={image}", f"output={tmp_path}/out", "device=cpu"]
    outcome = predict(composed("predict", *words))
    assert np.array_equal(load(outcome.written[0]), complete(model, picture(), None))
    assert not (load(outcome.written[0]) == picture()).all(axis=2).any()  # every pixel may change
    with pytest.raises(UserError, match="Toy is blind and takes none"):
        predict(composed("predict", *words, f"masks={save(tmp_path / 'm.png', mask())}"))


def test_any_other_model_needs_masks(tmp_path, run):
    with pytest.raises(UserError, match=r"masks=<file or folder> or box=x,y,w,h is needed: Telea must be told"):
        run(images=save(tmp_path / "a.png", picture()), masks=None)


def test_pictures_are_needed():
    with pytest.raises(UserError, match=r"images=<file or folder> is needed"):
        predict(composed("predict", "model=telea"))


def test_what_is_wrong_with_files_is_told_before_a_model_is_loaded(tmp_path, run, monkeypatch):
    monkeypatch.setattr(module, "load_models", lambda cfg: pytest.fail("loaded"))
    (tmp_path / "text.png").write_text("no picture")
    hole = save(tmp_path / "m.png", mask())
    assert "unreadable picture" in run(images=tmp_path / "text.png", masks=hole).failed[0]
    assert "but the picture has 40x30" in run(images=save(tmp_path / "a.png", picture((40, 30))), masks=hole).failed[0]


def test_out_of_memory_costs_one_picture_only(tmp_path, run, monkeypatch):
    for name in ("a", "b"):
        save(tmp_path / "images" / f"{name}.png", picture((20, 30) if name == "b" else (40, 30)))
        save(tmp_path / "masks" / f"{name}.png", mask((20, 30) if name == "b" else (40, 30)))

    def small(model, values, *others):
        if len(values) > 30:
            raise MemoryError
        return complete(model, values, *others)

    monkeypatch.setattr(pixels, "complete", small)
    outcome = run()
    assert [path.name for path in outcome.written] == ["b.png"]
    assert "a.png: MemoryError" in outcome.failed[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"images": "nowhere"}, "images=nowhere: no such file or folder"),
        ({"masks": "nowhere"}, "masks=nowhere: no such file or folder"),
        ({"hole_is": "red"}, "hole_is=red: expected white or black"),
        ({"channel": "red"}, "channel=red: expected luma or alpha"),
        ({"threshold": 128}, "threshold=128: expected a share of full white"),
    ],
)
def test_wrong_words_are_named(tmp_path, run, words, message):
    save(tmp_path / "images" / "a.png", picture())
    save(tmp_path / "masks" / "a.png", mask())
    with pytest.raises(UserError, match=message):
        run(**words)


def test_empty_folders_and_names_that_collide(tmp_path, run):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    with pytest.raises(UserError, match=r"masks=.*: no masks in this folder"):
        run()
    save(tmp_path / "masks" / "a.png", mask())
    with pytest.raises(UserError, match=r"images=.*: no pictures in this folder"):
        run()
    save(tmp_path / "images" / "a.png", picture())
    shutil.copy(tmp_path / "masks" / "a.png", tmp_path / "masks" / "a.bmp")
    with pytest.raises(UserError, match="belong to the same picture"):
        run()
    (tmp_path / "masks" / "a.bmp").unlink()
    save(tmp_path / "images" / "a.bmp", picture())
    with pytest.raises(UserError, match=r"would both become .*a\.png; rename"):
        run()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("square", [True, False])
def test_what_is_filled_is_what_a_viewer_shows_white(orientation, square, tmp_path, run):
    """A mask is turned by its EXIF as its picture is; each may have an orientation of its own."""
    from inpaintlab.basics.pictures import TURNS

    size = (24, 24) if square else (20, 30)
    image, hole = picture(size), mask(size)
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}.get(orientation, TURNS.get(orientation))
    lying = Image.fromarray(hole) if back is None else Image.fromarray(hole).transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying.save(tmp_path / "m.png", exif=exif)
    outcome = run(images=save(tmp_path / "a.png", image), masks=tmp_path / "m.png")
    assert not outcome.failed
    changed = (load(outcome.written[0]) != image).any(2)
    assert changed[hole > 0].any()
    assert not changed[hole == 0].any()


def test_a_box_is_a_hole_beside_a_mask_or_alone(tmp_path, run):
    image = picture()
    outcome = run("box='4,5,8,4'", images=save(tmp_path / "a.png", image), masks=None)
    changed = (load(outcome.written[0]) != image).any(2)
    assert changed.any()
    assert not changed[mask() == 0].any()


@pytest.mark.parametrize("box", ["1,2,3", "1,1,0,4", "a,b,c,d"])
def test_what_is_no_box(box, tmp_path, run):
    with pytest.raises(UserError, match=f"box={box}: expected"):
        run(f"box='{box}'", images=save(tmp_path / "a.png", picture()), masks=None)


def test_a_box_outside_of_a_picture(tmp_path, run):
    outcome = run("box='50,2,3,4'", images=save(tmp_path / "a.png", picture()), masks=None)
    assert "lies outside of the 30x20 px picture" in outcome.failed[0]


def test_grow_and_feather_reach_so_many_pixels(tmp_path, run):
    image = picture((40, 60))
    hole = mask((40, 60), (slice(15, 20), slice(20, 30)))
    given = {"images": save(tmp_path / "a.png", image), "masks": save(tmp_path / "m.png", hole)}
    for word, rows in (("grow=3", range(12, 23)), ("feather=3", range(12, 23))):
        changed = np.flatnonzero((load(run(word, **given).written[0]) != image).any((1, 2)))
        assert set(changed) <= set(rows)
        assert len(changed) > 6


@pytest.mark.parametrize(
    ("missing", "written", "failed", "skipped"), [("fail", 1, 1, 0), ("skip", 1, 0, 1), ("copy", 2, 0, 0)]
)
def test_pictures_without_a_mask(missing, written, failed, skipped, tmp_path, run):
    for name in "ab":
        save(tmp_path / "images" / f"{name}.png", picture())
    save(tmp_path / "masks" / "a.png", mask())
    outcome = run(f"missing={missing}")
    assert (len(outcome.written), len(outcome.failed), outcome.skipped) == (written, failed, skipped)
    if missing == "copy":
        assert np.array_equal(load(tmp_path / "out" / "b.png"), picture())


def test_several_models_and_their_sheet(tmp_path):
    image = save(tmp_path / "a.png", picture((64, 80)))
    hole = save(tmp_path / "m.png", mask((64, 80)))
    words = [
        f"images={image}",
        f"masks={hole}",
        f"output={tmp_path / 'out'}",
        "models=[telea,mean_color,navier_stokes]",
    ]
    outcome = predict(composed("predict", *words))
    assert [path.parent.name for path in outcome.written] == ["telea", "mean_color", "navier_stokes"]
    sheet = load(tmp_path / "out" / "sheet" / "a.png")
    assert sheet.shape[0] > 512
    assert sheet.shape[1] > 640


@pytest.mark.parametrize("kind", ["same", "jpg", "webp", "tiff"])
def test_output_formats(kind, tmp_path, run):
    image = tmp_path / "a.jpeg"
    Image.fromarray(picture((64, 64))).save(image)
    outcome = run(f"output_format={kind}", images=image, masks=save(tmp_path / "m.png", mask((64, 64))))
    (path,) = outcome.written
    assert path.name == {"same": "a.jpeg", "jpg": "a.jpg", "webp": "a.webp", "tiff": "a.tif"}[kind]
    assert Image.open(path).format == {"same": "JPEG", "jpg": "JPEG", "webp": "WEBP", "tiff": "TIFF"}[kind]
    assert any("lossy" in notice for notice in outcome.notices) is (kind != "tiff")


def test_the_verb_itself_takes_several_models(tmp_path):
    save(tmp_path / "a b.png", picture((64, 80)))
    save(tmp_path / "m.png", mask((64, 80)))
    words = ["models=telea,mean_color", "images=a b.png", "masks=m.png", "output=out (1)"]
    answer = start_verb("inpaintlab.verbs.cli", "predict", *words, cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "2 written, 0 failed" in answer.stdout
    assert (tmp_path / "out (1)" / "sheet" / "a b.png").is_file()


@pytest.mark.parametrize(("library", "name"), [(object(), "patchmatch"), (None, "bundled")])
def test_without_a_model_patchmatch_fills_or_the_network_that_comes_along(library, name, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda package: library)
    monkeypatch.setattr(module, "find_filler", lambda name, *how: SimpleNamespace(name=name, blind=True))
    (model,) = module.load_models(composed("predict", "images=x", "device=cpu")).values()
    assert model.name == name


def test_pictures_that_cannot_be_read_are_counted(tmp_path, run):
    save(tmp_path / "images" / "a.png", picture())
    save(tmp_path / "masks" / "a.png", mask())
    for name in ("b.heic", "c.HEIC", "d.jxl", "notes.txt"):
        (tmp_path / "images" / name).touch()
    assert "not read: 2 .heic, 1 .jxl" in run().summary()


def test_names_are_the_same_in_every_form_of_unicode(tmp_path, run):
    save(tmp_path / "images" / "e\u0301te\u0301.png", picture())
    save(tmp_path / "masks" / "\u00e9t\u00e9.png", mask())
    assert not run().failed


def test_whatever_one_file_raises_the_others_go_on(tmp_path, run, monkeypatch):
    for name in "ab":
        save(tmp_path / "images" / f"{name}.png", picture())
        save(tmp_path / "masks" / f"{name}.png", mask())
    whole = module.read_picture

    def odd(path):
        if path.name == "a.png":
            raise struct.error("required argument is not an integer")
        return whole(path)

    monkeypatch.setattr(module, "read_picture", odd)
    outcome = run()
    assert [path.name for path in outcome.written] == ["b.png"]
    assert "a.png: error: required argument" in outcome.failed[0]
