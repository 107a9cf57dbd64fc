import csv
import json

import numpy as np
import pytest
import torch
from PIL import Image

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.messages import user_message
from inpaintlab.masks import nvidia
from inpaintlab.records.picture_rows import CSV, write_csv
from inpaintlab.verbs.evaluate import evaluate
from tests.evaluation.evaluating import FAST, judged
from tests.evaluation.frozen import freeze_set
from tests.evaluation.networks import Corners
from tests.helpers.composing import composed
from tests.helpers.process import run


@pytest.fixture
def checkpoint(tmp_path):
    """A trained Toy that says it was trained on 24 pixels."""
    from tests.training.callbacks.toy import Toy

    model = Toy(divisor=16)
    path = tmp_path / "runs" / "toy" / "20260101-000000" / "checkpoints" / "last.ckpt"
    path.parent.mkdir(parents=True)
    torch.save(
        {
            "model": "tests.training.callbacks.toy.Toy",
            "state_dict": model.state_dict(),
            "hyper_parameters": dict(model.hparams),
            "datamodule_hyper_parameters": {"size": 24, "channels": 3},
        },
        path,
    )
    return path


@pytest.fixture
def particular(checkpoint):
    """The same, trained on squashed pictures resized by areas."""
    content = torch.load(checkpoint, weights_only=True)
    content["datamodule_hyper_parameters"] |= {"eval_fit": "squash", "zoom": [1.5, 1.5], "interpolation": "area"}
    torch.save(content, checkpoint)
    return checkpoint


def cells(record):
    return list(dict.fromkeys((json.dumps(row["bucket"]), row["border"]) for row in record["rows"]))


def main_rows(record):
    return [row for row in record["rows"] if (row["output"], row["region"]) == ("completed", "full")]


def read_pictures(folder):
    write_csv(folder)
    return list(csv.DictReader((folder / CSV).open()))


def read_png(path):
    return np.asarray(Image.open(path))


def test_a_classical_method_over_buckets(tmp_path, capsys):
    record = judged(tmp_path, "borders=[any,clear]", model="telea")
    pairs = [(bucket, border) for bucket in ("[0.1, 0.2]", "[0.4, 0.5]") for border in ("any", "clear")]
    assert cells(record) == [*pairs, ('"all"', "all")]
    assert (record["schema"], record["name"], record["size"], record["blind"]) == (3, "telea", 32, False)
    assert record["choices"] == {"model": "telea", "data": "photos", "mask": "irregular"}
    assert record["command"].startswith("inpaintlab evaluate model=telea data.size=32")
    rows = main_rows(record)
    assert rows[0]["psnr"] > rows[2]["psnr"]  # larger holes are harder
    assert [row["pictures"] for row in rows] == [5, 5, 5, 5, 20]
    assert record["cost"]["pictures"] == 20
    *_, title, head, line = capsys.readouterr().out.splitlines()[:-1]
    assert title.startswith("photos (test), 32 px, masks: irregular; 20 pictures, all hole ratios; protocol standard")
    assert head.strip() == "PSNR (dB), hole ↑  SSIM, hole ↑  GMSD ↓  seconds per picture"
    place = {"bucket": "all", "output": "completed", "region": "hole"}
    hole = next(row for row in record["rows"] if place.items() <= row.items())
    assert line.split()[:2] == ["telea", f"{hole['psnr']:.2f}"]


def test_a_checkpoint_brings_its_cut_and_its_interpolation_along(particular, tmp_path):
    words = ("data.size=null", "data.channels=null", "limit=2", "trust=tests")
    data = judged(tmp_path / "own", *words, f"ckpt={particular}", model=None)["settings"]["data"]
    assert (data["eval_fit"], data["zoom"], data["interpolation"]) == ("squash", [1.5, 1.5], "area")
    given = (*words, "data.eval_fit=crop", "data.interpolation=lanczos")
    data = judged(tmp_path / "given", *given, f"ckpt={particular}", model=None)["settings"]["data"]
    assert (data["eval_fit"], data["zoom"], data["interpolation"]) == ("crop", [1.5, 1.5], "lanczos")


def test_every_picture_once_with_the_buckets_in_turn(tmp_path):
    record = judged(tmp_path, "pairing=once", "save=all", model="telea")
    rows = [row for row in read_pictures(tmp_path) if (row["output"], row["region"]) == ("completed", "full")]
    assert [(row["bucket"], row["index"]) for row in rows] == [
        *(("(0.1, 0.2]", index) for index in ("0", "30", "60")),
        *(("(0.4, 0.5]", index) for index in ("15", "45")),
    ]
    assert [row["pictures"] for row in main_rows(record)] == [3, 2, 5]
    assert record["cost"]["pictures"] == len(record["saved"]) == 5
    assert len(list((tmp_path / "truth").iterdir())) == 5
    assert all((tmp_path / entry["truth"]).is_file() for entry in record["saved"])
    assert record["settings"]["pairing"] == "once"


def test_each_file_of_a_folder_goes_to_one_picture(tmp_path):
    """Masks i with pictures i; six pictures are one too many."""
    for number in range(5):
        hole = np.zeros((32, 32), np.uint8)
        hole[: number + 2] = 255
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(hole).save(tmp_path / "masks" / f"{number}.png")
    words = ("mask=files", f"mask.root={tmp_path / 'masks'}", "buckets=null", "pairing=once")
    judged(tmp_path / "out", *words, model="telea")
    ratios = [row["hole_ratio"] for row in read_pictures(tmp_path / "out")[::6]]
    assert [round(float(ratio) * 32) for ratio in ratios] == [2, 3, 4, 5, 6]
    with pytest.raises(UserError, match=r"pairing=once: 5 masks, and .* is picture 6"):
        judged(tmp_path / "more", *words, "limit=6", model="telea")


@pytest.fixture
def nvidia_masks(tmp_path, monkeypatch):
    """Stand-ins for the testing set: three bands in each of the six bins, each at another height."""
    monkeypatch.setattr(nvidia, "BIN_FILES", 3)
    folder = tmp_path / "nvidia" / "mask" / "testing_mask_dataset"
    folder.mkdir(parents=True)
    for number in range(18):
        hole = np.zeros((32, 32), np.uint8)
        hole[number % 3 : number % 3 + (3, 6, 9, 12, 15, 18)[number // 3]] = 255
        Image.fromarray(hole).save(folder / f"{number:05}.png")
    return folder


def holes_by_picture(folder, record):
    """Return (bucket, number of the mask's file) of every saved picture, in the order of the pictures."""
    numbers = {}
    for path in sorted(folder.iterdir()):
        numbers[read_png(path).tobytes()] = int(path.stem)
    out = folder.parents[2] / "out"
    entries = sorted(record["saved"], key=lambda entry: entry["index"])
    return [(entry["bucket"], numbers[(read_png(out / entry["mask"]) * np.uint8(255)).tobytes()]) for entry in entries]


def test_nvidias_masks_once_in_their_buckets(nvidia_masks, tmp_path):
    """The buckets come in turn, and picture i of each has mask i of its bin; a seventh picture is one too many."""
    words = ("mask=nvidia", f"mask.root={tmp_path / 'nvidia'}", "pairing=once", "save=all")
    record = judged(tmp_path / "out", *words, "limit=6", model="telea")
    small, large = [0.1, 0.2], [0.4, 0.5]
    assert holes_by_picture(nvidia_masks, record) == [
        (small, 3), (large, 12), (small, 4), (large, 13), (small, 5), (large, 14),
    ]  # fmt: skip
    with pytest.raises(UserError, match=r"pairing=once: 3 masks, and .* is picture 4"):
        judged(tmp_path / "more", *words, "limit=7", model="telea")


def test_nvidias_masks_once_as_they_are(nvidia_masks, tmp_path):
    words = ("mask=nvidia", f"mask.root={tmp_path / 'nvidia'}", "pairing=once", "save=all", "buckets=null")
    record = judged(tmp_path / "out", *words, "limit=18", model="telea")
    assert [number for _, number in holes_by_picture(nvidia_masks, record)] == list(range(18))


def test_frozen_masks_once(tmp_path):
    """Two masks in each of four cells are eight pictures, the cells in turn; a ninth has none."""
    frozen = freeze_set(tmp_path / "set")
    words = (f"masks={frozen}", "pairing=once", "save=all")
    record = judged(tmp_path / "out", *words, "limit=8")
    entries = sorted(record["saved"], key=lambda entry: entry["index"])
    cells = [(f"{low}-{high}", border) for low, high in ((0.1, 0.2), (0.4, 0.5)) for border in ("touch", "clear")]
    for place, entry in enumerate(entries):
        (bucket, border), number = cells[place % 4], place // 4
        assert ("-".join(map(str, entry["bucket"])), entry["border"]) == (bucket, border)
        assert (
            read_png(tmp_path / "out" / entry["mask"]) == read_png(frozen / bucket / border / f"{number:05}.png")
        ).all()
    assert len(entries) == 8
    with pytest.raises(UserError, match=r"pairing=once: 2 masks, and .* is picture 3"):
        judged(tmp_path / "more", *words, "limit=9")


def test_the_rows_are_the_means_of_the_pictures(tmp_path):
    record = judged(tmp_path, model="telea")
    pictures = read_pictures(tmp_path)
    assert list(pictures[0]) == [
        *("bucket", "border", "index", "name", "hole_ratio", "protocol", "output", "region"),
        *("mse", "psnr", "ssim", "l1", "gmsd"),
    ]
    assert len(pictures) == 2 * 5 * 2 * 3  # cells, pictures, outputs, regions
    for row in record["rows"]:
        bucket = row["bucket"] if row["bucket"] == "all" else f"({row['bucket'][0]}, {row['bucket'][1]}]"
        mine = [p for p in pictures if bucket in ("all", p["bucket"])]
        mine = [p for p in mine if (p["output"], p["region"]) == (row["output"], row["region"])]
        for measure in ("psnr", "ssim", "l1"):
            assert np.mean([float(p[measure]) for p in mine]) == pytest.approx(row[measure], rel=1e-8)
    assert {p["index"] for p in pictures} == {"0", "15", "30", "45", "60"}
    assert len({p["name"] for p in pictures}) == 5
    low, high = (float(p["hole_ratio"]) for p in (pictures[0], pictures[-1]))
    assert 0.1 < low <= 0.2
    assert 0.4 < high <= 0.5


def test_the_measures_are_those_of_scikit_image(tmp_path):
    from skimage.metrics import peak_signal_noise_ratio

    record = judged(tmp_path, "save=all", model="telea")
    pictures = {(p["bucket"], int(p["index"])): p for p in read_pictures(tmp_path) if p["output"] == "completed" and
                p["region"] == "full"}  # fmt: skip
    assert len(record["saved"]) == 10
    for entry in record["saved"]:
        truth, picture = read_png(tmp_path / entry["truth"]), read_png(tmp_path / entry["picture"])
        row = pictures[f"({entry['bucket'][0]}, {entry['bucket'][1]}]", entry["index"]]
        assert row["name"] == entry["name"]
        assert float(row["psnr"]) == pytest.approx(peak_signal_noise_ratio(truth, picture), rel=1e-6)
        assert float(row["l1"]) == pytest.approx(np.abs(truth.astype(float) - picture).mean() / 255, rel=1e-6)
        hole = read_png(tmp_path / entry["mask"])
        assert float(row["hole_ratio"]) == pytest.approx(hole.mean(), rel=1e-8)
        assert (picture[~hole] == truth[~hole]).all()


def test_every_model_sees_the_same_pictures_and_masks(tmp_path):
    records = [judged(tmp_path / name, "save=all", model=name) for name in ("telea", "mean_color")]
    assert records[0]["pictures_sha256"] == records[1]["pictures_sha256"]
    assert records[0]["masks"] == records[1]["masks"]
    for kind in ("truth", "masks"):
        first, second = (
            {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name / kind).rglob("*.png")}
            for name in ("telea", "mean_color")
        )
        assert first == second
        assert len(first) == (5 if kind == "truth" else 10)


def test_saved_pictures_are_few_and_spread(tmp_path):
    record = judged(tmp_path, "save=2")
    assert [(entry["bucket"], entry["index"]) for entry in record["saved"]] == [
        ([0.1, 0.2], 0), ([0.1, 0.2], 30), ([0.4, 0.5], 0), ([0.4, 0.5], 30),
    ]  # fmt: skip
    assert record["saved"][3]["picture"] == "pictures/0.4-0.5/any/00030.png"
    assert sorted(path.name for path in (tmp_path / "truth").iterdir()) == ["00000.png", "00030.png"]
    assert judged(tmp_path / "none", "save=0")["saved"] == []
    assert sorted(path.name for path in (tmp_path / "none").iterdir()) == [
        "evaluation.json", "pictures.parquet", "table.md",
    ]  # fmt: skip


def test_a_frozen_set_goes_with_the_pictures_cyclically(tmp_path):
    frozen = freeze_set(tmp_path / "set")
    record = judged(tmp_path / "out", f"masks={frozen}", "save=all")
    pairs = [(bucket, border) for bucket in ("[0.1, 0.2]", "[0.4, 0.5]") for border in ("touch", "clear")]
    assert cells(record) == [*pairs, ('"all"', "all")]
    for entry in record["saved"]:
        low, high = entry["bucket"]
        mask = read_png(frozen / f"{low}-{high}" / entry["border"] / f"{entry['index'] % 2:05}.png")
        assert (read_png(tmp_path / "out" / entry["mask"]) == mask).all()
    masks = record["masks"]
    assert (masks["source"], masks["folder"], masks["maker"]) == ("frozen", str(frozen), None)
    assert (len(masks["sha256"]), record["choices"]["mask"]) == (64, "set")


def test_the_regular_hole_is_the_central_square_of_half_the_side(tmp_path):
    record = judged(tmp_path, "regular=true", "save=1")
    assert cells(record)[-2:] == [('"all"', "all"), ('"regular"', "any")]
    hole = read_png(tmp_path / record["saved"][-1]["mask"])
    assert hole[8:24, 8:24].all()
    assert hole.sum() == 256
    assert [row["pictures"] for row in main_rows(record)] == [5, 5, 10, 5]  # the pool leaves it out


def test_masks_as_they_are(tmp_path):
    record = judged(tmp_path, "buckets=null", "mask=center")
    assert cells(record) == [("null", "any")]
    assert read_pictures(tmp_path)[0]["bucket"] == "as they are"


def test_a_picture_without_error_is_counted_apart(tmp_path):
    for name, value in (("black", 0), ("white", 255)):
        path = tmp_path / "set" / "test" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (value,) * 3).save(path)
    words = ["data=folder", f"data.root={tmp_path}/set", "data.layout={test:[test]}", "mask=center", "buckets=null"]
    record = judged(tmp_path / "out", *words, model="unchanged")  # leaves the hole black
    full, hole = (row for row in record["rows"] if row["output"] == "completed" and row["region"] != "boundary")
    assert (full["pictures"], full["identical"]) == (2, 1)
    assert full["psnr"] == pytest.approx(10 * np.log10(4))  # the white one: a quarter of it is black
    assert hole["psnr"] == pytest.approx(0)
    assert [p["psnr"] for p in read_pictures(tmp_path / "out") if p["name"] == "test/black.png"] == [""] * 6


def test_protocols_are_scored_in_one_pass(tmp_path, monkeypatch):
    from inpaintlab.models.classical.mean_color import MeanColor

    calls = []
    inpaint = MeanColor.inpaint
    monkeypatch.setattr(MeanColor, "inpaint", lambda *args: (calls.append(1), inpaint(*args))[1])
    record = judged(tmp_path, "protocol=[standard,lama,mat]")
    assert len(calls) == 2 * 3  # cells, batches
    assert list(record["protocols"]) == ["standard", "lama", "mat"]
    assert {row["protocol"] for row in record["rows"]} == {"standard", "lama", "mat"}
    table = (tmp_path / "table.md").read_text()
    for heading in ("### standard", "### lama", "### mat", "### How far the protocols differ"):
        assert heading in table


INJECTED = [
    word
    for measure in ("fid", "inception_score", "ids")
    for word in (
        f"~protocols.standard.distributions.{measure}",
        f"+protocols.standard.distributions.{measure}={{network:{{_target_:tests.evaluation.networks.Corners}}}}",
    )
]


def test_distributions_of_an_injected_network(tmp_path, capsys):
    Corners.seen.clear()
    words = ["measures=[psnr,fid,inception_score,ids]", "limit=12", "regular=true"]
    record = judged(tmp_path, *words, *INJECTED)
    # 2 outputs of 12 pictures in 3 cells, and the truth once
    assert sum(Corners.seen) == 2 * 3 * 12 + 12
    rows = [row for row in record["distributions"] if row["output"] == "completed"]
    found = [(json.dumps(row["bucket"]), row["measure"], row["n"]) for row in rows]
    names = ("fid", "inception_score", "p_ids", "u_ids")
    places = (("[0.1, 0.2]", 12), ("[0.4, 0.5]", 12), ('"all"', 12), ('"regular"', 12))
    assert found == [(bucket, name, n) for bucket, n in places for name in names]
    assert {(row["protocol"], row["network"], len(row["weights_sha256"])) for row in rows} == {
        ("standard", "FID-12 corners", 64)
    }
    assert all(row["value"] is not None for row in rows)
    out = capsys.readouterr().out
    assert out.count("warning: fid, inception_score, p_ids, u_ids: of only 12 pictures; under 10,000") == 1
    table = (tmp_path / "table.md").read_text()
    assert "FID-12 corners, weights sha256 " in table
    assert "all buckets: " in table
    assert "every picture once, the buckets in turn" in table
    pooled = [row["note"] for row in rows if row["bucket"] == "all"]
    assert all(note.endswith("every picture once, the buckets in turn") for note in pooled)


def test_the_distance_is_that_of_the_saved_pictures(tmp_path):
    """FID anew, by its definition, from the PNG files."""
    from scipy.linalg import sqrtm

    record = judged(tmp_path, "measures=[fid]", "save=all", "limit=20", *INJECTED, model="telea")
    values = {json.dumps(r["bucket"]): r["value"] for r in record["distributions"] if r["output"] == "completed"}

    def features(kind, entries):
        pictures = np.stack([read_png(tmp_path / entry[kind]) for entry in entries])
        return Corners()(torch.from_numpy(pictures).permute(0, 3, 1, 2))["features"].numpy()

    for bucket in ([0.1, 0.2], [0.4, 0.5], "all"):
        entries = [entry for entry in record["saved"] if entry["bucket"] == bucket]
        if bucket == "all":  # every truth once, the buckets in turn
            first, second = ([e for e in record["saved"] if e["bucket"] == b] for b in ([0.1, 0.2], [0.4, 0.5]))
            entries = [(first, second)[place % 2][place] for place in range(20)]
            assert len({entry["index"] for entry in entries}) == 20
        real, fake = features("truth", entries), features("picture", entries)
        (m1, s1), (m2, s2) = ((x.mean(0), np.cov(x.T)) for x in (real, fake))
        expected = ((m1 - m2) ** 2).sum() + np.trace(s1 + s2 - 2 * sqrtm(s1 @ s2).real)
        assert values[json.dumps(bucket)] == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_a_checkpoint_brings_its_size_and_name(tmp_path, checkpoint):
    words = ("limit=2", "device=cpu", "buckets=null", "mask=center", f"ckpt={checkpoint}", "trust=tests")
    record = evaluate(composed("evaluate", *words, f"output={tmp_path}/a"))
    assert (record.name, record.size, record.iteration) == ("toy", 24, 0)
    assert len(record.ckpt_sha256) == 64
    record = evaluate(composed("evaluate", *words, "data.size=40", "name=mine", f"output={tmp_path}/b"))
    assert (record.name, record.size) == ("mine", 40)
    with pytest.raises(UserError, match=r"holds an evaluation with name=.mine., not "):
        evaluate(composed("evaluate", *words, "data.size=40", f"output={tmp_path}/b"))


def test_a_checkpoint_without_a_size_asks_for_it(tmp_path, checkpoint):
    content = torch.load(checkpoint)
    del content["datamodule_hyper_parameters"]
    torch.save(content, checkpoint)
    with pytest.raises(UserError, match=r"does not tell the size of its training; give data\.size="):
        evaluate(composed("evaluate", f"ckpt={checkpoint}", "trust=tests", "device=cpu", f"output={tmp_path}"))


def test_a_blind_model_is_judged_by_its_whole_prediction(tmp_path, checkpoint):
    content = torch.load(checkpoint)
    content["hyper_parameters"]["blind"] = True
    torch.save(content, checkpoint)
    words = ("limit=2", "device=cpu", "buckets=null", "mask=center", "data.size=32")
    record = evaluate(composed("evaluate", f"ckpt={checkpoint}", "trust=tests", *words, f"output={tmp_path}/a"))
    assert record.blind
    assert "### standard (prediction)" in (tmp_path / "a" / "table.md").read_text()
    entry = record.saved[0]
    picture, truth, hole = (read_png(tmp_path / "a" / path) for path in (entry.picture, entry.truth, entry.mask))
    assert (picture[~hole] != truth[~hole]).any()


def test_a_prediction_that_is_not_finite_is_refused(tmp_path, checkpoint):
    content = torch.load(checkpoint)
    content["state_dict"]["network.bias"].fill_(torch.nan)
    torch.save(content, checkpoint)
    with pytest.raises(UserError, match=r"chelsea-000: the model's prediction is not finite; use another checkpoint"):
        evaluate(composed("evaluate", f"ckpt={checkpoint}", "trust=tests", *FAST, f"output={tmp_path}/a"))


def test_pictures_of_different_sizes_come_one_by_one(tmp_path):
    for name, size in (("a", (40, 32)), ("b", (32, 48)), ("c", (33, 35))):
        path = tmp_path / "set" / "test" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise(size, 80).convert("RGB").save(path)
    words = [f"data.root={tmp_path}/set", "data=folder", "data.layout={test:[test]}", "data.eval_fit=whole"]
    words += ["data.val_fraction=0", "data.test_fraction=0"]
    record = judged(tmp_path / "out", *words, "save=all")
    assert [read_png(tmp_path / "out" / e["picture"]).shape for e in record["saved"][:3]] == [
        (32, 40, 3), (48, 32, 3), (35, 33, 3),
    ]  # fmt: skip
    assert record["cost"]["batch_size"] == 1
    frozen = freeze_set(tmp_path / "masks")
    with pytest.raises(
        Exception, match=r"00000.png: 32x32 px, but picture test/a.png has 32x40 .*; freeze masks"
    ) as told:
        judged(tmp_path / "other", *words, f"masks={frozen}")
    assert user_message(told.value)


def test_grey_pictures(tmp_path):
    record = judged(tmp_path, "data.channels=1", "save=1")
    assert read_png(tmp_path / record["saved"][0]["picture"]).shape == (32, 32)
    assert record["channels"] == 1


def test_without_an_output_folder_no_evaluation_replaces_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("telea", "mean_color"):
        evaluate(composed("evaluate", f"model={name}", *FAST))
    found = sorted(str(path.parent) for path in tmp_path.rglob("evaluation.json"))
    assert found == [str(tmp_path / "evaluation" / n / "photos-irregular-test") for n in ("mean_color", "telea")]


def test_a_method_that_wants_the_training_pictures_gets_them_once(tmp_path, monkeypatch):
    from inpaintlab.models.classical.mean_color import MeanColor

    given = []
    monkeypatch.setattr(
        MeanColor, "prepare", lambda self, data: given.append(len(data.dataset("train"))), raising=False
    )
    judged(tmp_path)
    assert len(given) == 1
    assert given[0] > 0


BAD = [
    ("split=x", "split=x: expected test, val or train"),
    ("limit=0", "limit=0: expected at least 1"),
    ("save=some", "save=some: expected a number of pictures for each bucket and border, all, or 0"),
    ("save=-1", "save=-1: expected a number"),
    ("devices=0", "devices=0: expected a number of processes, 1 or more"),
    (
        "measures=[]",
        r"measures=\[\]: expected some of psnr, ssim, l1, ms_ssim, gmsd, lpips, fid, kid, inception_score, ids",
    ),
    ("measures=[psnr,niqe]", r"measures=\[psnr,niqe\]: expected some of"),
    ("borders=[]", r"borders=\[\]: expected some of any, touch, clear"),
    ("borders=[near]", r"borders=\[near\]: expected some of"),
    ("buckets=[]", r"buckets=\[\]: expected at least one; buckets=null"),
    ("buckets=[[0.5,0.1]]", r"ratio=\[0.5, 0.1\]"),
    ("buckets=[0.5]", r"buckets: 0.5 is no bucket; expected \[low, high\]"),
    ("buckets=[[0.1,0.2],[0.1,0.2]]", "a pair is given twice"),
    ("protocol=[]", r"protocol=\[\]: expected at least one"),
    ("ckpt=no.ckpt", "give either ckpt=.* or model="),
    ("masks=no_such_set", "no_such_set/manifest.json: no readable manifest"),
    ("device=toaster", "device=toaster: not to be had here"),
    ("data.size=null", "data.size=null; give data.size="),
    ("logger=csv", "logger: an evaluation is logged to W&B alone; use logger=wandb"),
]


@pytest.mark.parametrize(("word", "message"), BAD)
def test_wrong_words_are_named(tmp_path, word, message):
    with pytest.raises(Exception, match=message) as caught:
        judged(tmp_path, word)
    told = user_message(caught.value)
    assert told
    assert "\n" not in told
    assert not (tmp_path / "journal").exists()


def test_a_frozen_set_of_another_size_is_refused_at_once(tmp_path):
    frozen = freeze_set(tmp_path / "set")
    with pytest.raises(UserError, match=r"masks of 32 px, but the pictures are 40 px; use data.size=32, or freeze"):
        judged(tmp_path / "out", f"masks={frozen}", "data.size=40")


def test_what_is_usual_is_measured_where_the_protocol_has_it(tmp_path):
    record = judged(tmp_path / "a", "protocol=[lama,mat]")
    assert record["measures"] == ["psnr", "ssim", "l1"]
    assert judged(tmp_path / "b")["measures"] == ["psnr", "ssim", "l1", "gmsd"]


def test_a_measure_that_no_protocol_defines_is_refused(tmp_path):
    with pytest.raises(UserError, match="measures: fid is defined by none of the protocols standard; leave it out"):
        judged(tmp_path, "measures=[psnr,fid]", "~protocols.standard.distributions.fid")


def test_weights_that_are_not_there_are_told_before_any_prediction(tmp_path, monkeypatch):
    monkeypatch.setattr("inpaintlab.evaluation.predictions.predict", lambda *_: 1 / 0)
    for measure, key in (("fid", "weights.inception2015"), ("lpips", "weights.lpips_alex")):
        with pytest.raises(UserError, match=rf"^{key}=no.pth: no such file"):
            judged(tmp_path, f"measures=[psnr,{measure}]", f"{key}=no.pth")


@pytest.mark.slow
def test_several_models_are_judged_side_by_side(tmp_path):
    """The command as it is typed: a process for each model, none of which looks into the working folder."""
    (tmp_path / "hydra.py").write_text("raise SystemExit('the folder was looked into')")
    words = ["model=telea", "against=mean_color,nothing_of_this_name", *FAST, "output=o"]
    answer = run("inpaintlab.verbs.evaluate", *words, cwd=tmp_path)
    assert answer.returncode != 0
    assert sorted(path.parent.name for path in tmp_path.glob("o/*/evaluation.json")) == ["mean_color", "telea"]
    assert answer.stdout.count("PSNR (dB), hole ↑") == 1  # one table for both
    lines = [line.split()[0] for line in answer.stdout.splitlines()[-4:] if line]
    assert lines == ["telea", "mean_color", "nothing_of_this_name"]  # one that fails costs the others nothing


def test_csv_is_written_on_request_and_of_what_is_complete(tmp_path):
    judged(tmp_path)
    assert not (tmp_path / "pictures.csv").exists()
    judged(tmp_path, "csv=true")
    assert len((tmp_path / "pictures.csv").read_text().splitlines()) == 1 + 2 * 5 * 6  # buckets, pictures, views
    with pytest.raises(UserError, match="csv=3: expected true or false"):
        judged(tmp_path, "csv=3")
