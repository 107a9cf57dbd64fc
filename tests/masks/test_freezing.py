import json

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.errors import InstantiationException
from PIL import Image

from inpaintlab.basics import configs
from inpaintlab.basics.errors import UserError
from inpaintlab.masks.files import Files
from inpaintlab.masks.freezing import cell_seed, freeze
from inpaintlab.masks.manifest import read_manifest


def config(output, *words):
    small = ["size=32", "count=2", "buckets=[[0.1,0.2],[0.4,0.5]]", f"output={output}"]
    with initialize_config_dir(configs.FOLDER, version_base="1.3"):
        return compose("masks", overrides=[*small, *words])


@pytest.fixture
def frozen(tmp_path):
    freeze(config(tmp_path / "set"))
    return tmp_path / "set"


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_defaults_are_those_of_the_paper():
    with initialize_config_dir(configs.FOLDER, version_base="1.3"):
        cfg = compose("masks")
    assert (cfg.size, cfg.count, cfg.borders) == (512, 1000, ["touch", "clear"])
    assert cfg.buckets == [[0.01, 0.1], [0.1, 0.2], [0.2, 0.3], [0.3, 0.4], [0.4, 0.5], [0.5, 0.6]]


def test_every_file_lies_in_its_cell_and_is_white_in_the_hole(frozen):
    names = {
        f"{bucket}/{border}/0000{index}.png"
        for bucket in ("0.1-0.2", "0.4-0.5")
        for border in ("touch", "clear")
        for index in (0, 1)
    }
    assert set(contents(frozen)) == names | {"manifest.json"}
    for name in names:
        with Image.open(frozen / name) as picture:
            assert (picture.mode, picture.size) == ("1", (32, 32))
            hole = np.asarray(picture)
        low, high = map(float, name.split("/")[0].split("-"))
        assert low < hole.mean() <= high
        inner = hole[3:-3, 3:-3].sum()  # round(50 / 512 * 32) = 3
        assert (inner == hole.sum()) == ("clear" in name)


def test_manifest_says_how_each_mask_came_about(frozen):
    manifest = read_manifest(frozen)
    assert manifest["schema"] == 1
    assert (manifest["size"], manifest["seed"], manifest["count"]) == (32, 0, 2)
    assert manifest["mask"]["_target_"] == "inpaintlab.masks.irregular.Irregular"
    entry = manifest["files"][3]
    assert entry["path"] == "0.1-0.2/clear/00001.png"
    assert entry["seed"] == cell_seed(0, [0.1, 0.2], "clear", 1)
    hole = np.asarray(Image.open(frozen / entry["path"]))
    assert entry["hole_ratio"] == hole.mean()


def test_contact_sheet_lies_beside_the_masks(frozen):
    with Image.open(frozen.with_name("set_sheet.png")) as sheet:
        assert sheet.width > 4 * 112
        assert np.asarray(sheet).std() > 20


def test_same_words_same_bytes_whatever_else_is_written(frozen, tmp_path):
    freeze(config(tmp_path / "other", "buckets=[[0.4,0.5]]", "borders=[clear]"))
    one, other = contents(frozen), contents(tmp_path / "other")
    shared = [name for name in other if name.endswith("png")]
    assert len(shared) == 2
    assert all(one[name] == other[name] for name in shared)
    freeze(config(tmp_path / "third", "seed=1"))
    assert contents(tmp_path / "third")[shared[0]] != one[shared[0]]


def test_goes_on_where_it_stopped(frozen, capsys):
    before = contents(frozen)
    kept, altered, lost = (frozen / f"0.4-0.5/{name}.png" for name in ("clear/00000", "clear/00001", "touch/00000"))
    stamp = kept.stat().st_mtime_ns
    altered.write_bytes(b"altered")
    lost.unlink()
    manifest = json.loads((frozen / "manifest.json").read_text())
    manifest["complete"], manifest["files"] = False, manifest["files"][:-1]
    (frozen / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="the set is not complete; call `inpaintlab masks` again"):
        read_manifest(frozen)
    freeze(config(frozen))
    assert contents(frozen) == before
    assert kept.stat().st_mtime_ns == stamp
    assert "0.4-0.5/clear: 2 masks" in capsys.readouterr().out


def test_another_set_in_the_same_folder_is_refused(frozen):
    with pytest.raises(UserError, match=r"holds masks of another count: 2; choose another folder"):
        freeze(config(frozen, "count=3"))
    with pytest.raises(UserError, match=r"holds masks of another mask: .*Irregular"):
        freeze(config(frozen, "mask=squares"))


def test_a_set_that_another_version_began_does_not_go_on(frozen):
    manifest = json.loads((frozen / "manifest.json").read_text())
    assert manifest["mask"].pop("drawings") == {"inpaintlab.masks.irregular.Irregular": 2}
    (frozen / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match=r"holds masks of another mask: .*choose another folder"):
        freeze(config(frozen))
    assert read_manifest(frozen)["complete"]  # its files are judged on as before


def test_read_manifest_finds_altered_and_missing_files(frozen):
    path = frozen / "0.1-0.2/touch/00001.png"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(UserError, match=r"0.1-0.2/touch/00001.png: missing or altered since it was frozen"):
        read_manifest(frozen)
    path.unlink()
    with pytest.raises(UserError, match="missing or altered"):
        read_manifest(frozen)


@pytest.mark.parametrize("text", ["{", '{"schema": 99}', "[]"])
def test_read_manifest_refuses_other_files(tmp_path, text):
    with pytest.raises(UserError, match=r"manifest.json: no readable manifest"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=r"manifest.json: (no readable manifest|expected schema 1)"):
        read_manifest(tmp_path)


def test_frozen_masks_are_read_back_by_files(frozen):
    folder = frozen / "0.4-0.5/clear"
    maker = Files(root=str(folder), pairing="index", ratio=(0.4, 0.5), border="clear")
    known = maker.for_picture(1, "any", (32, 32), torch.Generator())
    assert (known[0].numpy() == 0).tolist() == np.asarray(Image.open(folder / "00001.png")).tolist()
    everything = Files(root=str(frozen))
    assert len(everything.paths) == 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["size=4"], "size=4: expected at least 8"),
        (["count=0"], "count=0: expected at least 1"),
        (["borders=[near]"], r"borders=\['near'\]: expected some of any, touch, clear"),
        (["mask=center"], r"mask Center: found no mask of 32x32"),
    ],
)
def test_refuses(tmp_path, words, message):
    with pytest.raises(UserError, match=message):
        freeze(config(tmp_path / "set", *words))


def test_a_maker_that_cannot_meet_the_rule_says_why(tmp_path):
    with pytest.raises(InstantiationException, match=r"missing=0\.8 lies outside ratio"):
        freeze(config(tmp_path / "set", "mask=pixels"))
