import csv
import json
import math

import pytest
import torch

from inpaintlab.errors import UserError
from inpaintlab.evaluate import evaluate, pool
from tests.composing import composed

FAST = ("data.size=32", "limit=3", "device=cpu", "buckets=[[0.1,0.2],[0.4,0.5]]")


@pytest.fixture
def checkpoint(tmp_path):
    """A trained Toy that says it was trained on 24 pixels."""
    from tests.callbacks.toy import Toy

    model = Toy(divisor=16)
    path = tmp_path / "runs" / "toy" / "20260101-000000" / "checkpoints" / "last.ckpt"
    path.parent.mkdir(parents=True)
    torch.save(
        {
            "model": "tests.callbacks.toy.Toy",
            "state_dict": model.state_dict(),
            "hyper_parameters": dict(model.hparams),
            "datamodule_hyper_parameters": {"size": 24, "channels": 3},
        },
        path,
    )
    return path


def test_a_classical_method_over_buckets(tmp_path, capsys):
    record = evaluate(composed("evaluate", "model=telea", f"output={tmp_path}", "borders=[any,clear]", *FAST))
    assert json.loads((tmp_path / "evaluation.json").read_text()) == record
    where = [(row["bucket"], row["border"]) for row in record["rows"]]
    assert where == [*(([a, b], c) for a, b in ((0.1, 0.2), (0.4, 0.5)) for c in ("any", "clear")), ("all", "all")]
    assert (record["name"], record["size"], record["choices"]) == ("telea", 32, {"data": "photos", "mask": "irregular"})
    assert record["rows"][0]["psnr"] > record["rows"][2]["psnr"]  # larger holes are harder
    assert record["rows"][0]["pictures"] == 3
    assert record["rows"][-1]["pictures"] == 12

    pictures = list(csv.DictReader((tmp_path / "pictures.csv").open()))
    assert len(pictures) == 12
    for row in record["rows"][:-1]:
        bucket = f"({row['bucket'][0]}, {row['bucket'][1]}]"
        mine = [float(p["psnr_hole"]) for p in pictures if (p["bucket"], p["border"]) == (bucket, row["border"])]
        assert sum(mine) / 3 == pytest.approx(row["psnr_hole"], rel=1e-4)
    assert len({p["name"] for p in pictures}) == 3
    assert (tmp_path / "table.md").read_text() in capsys.readouterr().out


def test_every_model_sees_the_same_pictures_and_masks(tmp_path):
    from inpaintlab.metrics.inpainting import InpaintingMetrics

    seen = {}
    for name in ("telea", "mean_color"):
        batches = seen[name] = []

        class Watched(InpaintingMetrics):
            def update(self, picture, batch, batches=batches):
                batches.append(batch)
                return super().update(picture, batch)

        cfg = composed("evaluate", f"model={name}", f"output={tmp_path}", *FAST)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("inpaintlab.metrics.inpainting.InpaintingMetrics", Watched)
            evaluate(cfg)
    for first, second in zip(*seen.values(), strict=True):
        assert torch.equal(first.image, second.image)
        assert torch.equal(first.known, second.known)
    shares = [batch.hole.mean((1, 2, 3)) for batch in seen["telea"]]
    assert ((shares[0] > 0.1) & (shares[0] <= 0.2)).all()
    assert ((shares[1] > 0.4) & (shares[1] <= 0.5)).all()


def test_a_checkpoint_brings_its_size_and_name(tmp_path, checkpoint):
    words = ("limit=2", "device=cpu", "buckets=null", "mask=center", f"ckpt={checkpoint}", f"output={tmp_path}")
    record = evaluate(composed("evaluate", *words))
    assert (record["name"], record["size"], record["iteration"]) == ("toy/20260101-000000", 24, 0)
    assert [row["bucket"] for row in record["rows"]] == [None]
    record = evaluate(composed("evaluate", *words, "data.size=40", "name=mine"))
    assert (record["name"], record["size"]) == ("mine", 40)


def test_a_checkpoint_without_a_size_asks_for_it(tmp_path, checkpoint):
    content = torch.load(checkpoint)
    del content["datamodule_hyper_parameters"]
    torch.save(content, checkpoint)
    with pytest.raises(UserError, match=r"does not tell the size of its training; give data\.size="):
        evaluate(composed("evaluate", f"ckpt={checkpoint}", "device=cpu", f"output={tmp_path}"))


def test_without_an_output_folder_no_evaluation_replaces_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("telea", "mean_color"):
        evaluate(composed("evaluate", f"model={name}", *FAST))
    found = sorted(str(path.parent) for path in tmp_path.rglob("evaluation.json"))
    assert found == [str(tmp_path / "evaluation" / n / "photos-irregular-test") for n in ("mean_color", "telea")]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("split=x", "split=x: expected test, val or train"),
        ("limit=0", "limit=0: expected at least 1"),
        ("borders=[]", "buckets and borders: expected at least one each"),
        ("buckets=[[0.5,0.1]]", r"ratio=\[0.5, 0.1\]"),
        ("ckpt=no.ckpt", "give either ckpt=.* or model="),
    ],
)
def test_wrong_words_are_named(tmp_path, word, message):
    with pytest.raises(Exception, match=message) as caught:
        evaluate(composed("evaluate", "model=telea", f"output={tmp_path}", *FAST, word))
    from inpaintlab.reporting import user_message

    assert user_message(caught.value)


def test_pooled_means_leave_out_what_does_not_exist():
    measures = ("psnr", "ssim", "l1", "psnr_hole", "ssim_hole", "l1_hole")
    pictures = [dict.fromkeys(measures, value) for value in (1.0, 3.0)] + [
        {**dict.fromkeys(measures, 0.0), "psnr": None}
    ]
    row = pool(pictures)
    assert (row["pictures"], row["psnr"], row["identical"]) == (3, 2.0, 1)
    assert math.isclose(row["ssim"], 4 / 3)
