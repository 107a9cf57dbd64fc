import json
import shlex
import subprocess
import sys

import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.evaluation import complexity
from inpaintlab.evaluation.cost import cost
from inpaintlab.records.cost import CostRecord
from inpaintlab.verbs import cli
from tests.helpers.composing import composed
from tests.training.callbacks.toy import Toy, fit

TINY = ("model=pconv", "model.levels=2", "model.width=4", "device=cpu", "repeats=1")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Measure all but the memory, which takes another process; write to ``out``."""
    monkeypatch.setattr(complexity, "peak_memory", lambda subject, model, batch: 12.5)
    monkeypatch.chdir(tmp_path)

    def start(*words):
        return cost(composed("cost", "output=out", *words))

    return start


@pytest.fixture
def checkpoint(tmp_path):
    trainer = fit(tmp_path, [], max_steps=1, limit_val_batches=0)
    path = tmp_path / "runs" / "toy" / "20250101-000000" / "checkpoints" / "last.ckpt"
    trainer.save_checkpoint(path)
    return path


def test_the_record(run, tmp_path, capsys):
    """3 -> 4 by 7 x 7 at 8 x 8, 4 -> 8 by 5 x 5 at 4 x 4; 8 + 4 -> 4 by 3 x 3 at 8 x 8, 4 + 3 -> 3 at 16 x 16."""
    record = run(*TINY, "sizes=[16,32,16]", "batches=[2,1]")
    weights = 3 * 4 * 49, 4 * 8 * 25, 12 * 4 * 9, 7 * 3 * 9
    adds = weights[0] * 64 + weights[1] * 16 + weights[2] * 64 + weights[3] * 256
    assert record.multiply_adds == {"16": adds, "32": 4 * adds}
    # biases of the first and the last layer, scale and shift of BatchNorm between them
    assert record.parameters == record.parameters_trainable == sum(weights) + 4 + 3 + 2 * (8 + 4)
    assert record.parameters_by_part == {"network": record.parameters}
    places = [{"device": "cpu", "size": size, "batch": count} for size in (16, 32) for count in (2, 1)]
    assert [{key: row[key] for key in ("device", "size", "batch")} for row in record.latency] == places
    assert all(row["median_ms"] > 0 and row["runs"] == 1 for row in record.latency)
    assert record.peak_memory_mb == [{**place, "mb": 12.5} for place in places]
    assert (record.name, record.model, record.channels) == ("pconv", "inpaintlab.models.pconv.module.PConv", 3)
    assert (record.settings["levels"], record.settings["width"]) == (2, 4)
    assert record.ckpt is None
    assert record.notes == []
    assert record.threads == torch.get_num_threads()
    assert record.command.startswith("inpaintlab cost output=out model=pconv model.levels=2")
    assert json.loads((tmp_path / "out" / "cost.json").read_text()) == record.to_plain()
    assert CostRecord.from_plain(record.to_plain()) == record
    told = capsys.readouterr().out
    assert f"pconv: {record.parameters:,} parameters" in told
    assert "| device | size | batch | multiply-adds per picture | ms per picture | peak memory, MiB |" in told


def test_sizes_are_the_papers(run):
    record = run("model=telea", "device=cpu", "repeats=1")
    assert record.multiply_adds == {"256": None}
    assert record.parameters == 0
    assert record.latency[0]["median_ms"] > 0
    assert record.notes == ["a method without network: it has no parameters and no multiply-adds to count"]
    assert CostRecord.from_plain(record.to_plain()) == record


def test_other_sizes_are_padded_and_it_says_so(run):
    record = run(*TINY, "sizes=[13,16]", "name=mine")
    assert record.multiply_adds["13"] == record.multiply_adds["16"]
    assert record.notes == ["13 px are padded to 16, as in predict"]
    assert record.name == "mine"


def test_a_search_is_counted_whole_and_it_says_so(run):
    words = ("paper.size=16", "model.width=2", "model.latent=4", "device=cpu", "repeats=1")
    first, second = (
        run("model=dcgan", *words, f"model.search_iterations={steps}", f"model.restarts={restarts}")
        for steps, restarts in ((4, 1), (3, 2))
    )
    assert first.notes == ["a picture is a search: multiply-adds, time and memory are those of all its 4 steps"]
    assert "all its 6 steps" in second.notes[0]
    # two passes a step, and one at the end of each start
    assert first.multiply_adds["16"] * (2 * 3 * 2 + 2) == second.multiply_adds["16"] * (4 * 2 + 1)


def test_a_checkpoint(run, checkpoint):
    record = run(f"ckpt={checkpoint}", "trust=tests", "sizes=[16]", "device=cpu", "repeats=1")
    assert record.name == "toy"
    assert record.multiply_adds == {"16": 9 * 3 * 3 * 256}
    assert record.parameters == 84
    assert record.ckpt == str(checkpoint)


def test_a_checkpoint_that_does_not_tell_its_size(run, checkpoint):
    with pytest.raises(UserError, match=r"does not tell the size of its training; give sizes=\[256\]"):
        run(f"ckpt={checkpoint}", "trust=tests", "device=cpu")


def test_a_checkpoint_that_tells_its_size(run, checkpoint):
    saved = torch.load(checkpoint, weights_only=True)
    saved["datamodule_hyper_parameters"] = {"size": 24, "channels": 3}
    torch.save(saved, checkpoint)
    assert run(f"ckpt={checkpoint}", "trust=tests", "device=cpu", "repeats=1").multiply_adds == {
        "24": 9 * 3 * 3 * 24**2
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), r"give either model=<a paper's or a method's: pconv, telea> or ckpt=<a .ckpt file>"),
        (("model=telea", "ckpt=last.ckpt"), "give either model="),
        (("ckpt=nowhere.ckpt",), r"ckpt=nowhere.ckpt: no such file \(.*\); give the .ckpt file"),
        (
            ("model=telea", "sizes=[256,large]"),
            r"sizes=.*large.*expected whole numbers of at least 1.*sizes=\[256,512\]",
        ),
        (("model=telea", "sizes=[0]"), r"sizes=\[0\]: expected whole numbers of at least 1"),
        (("model=telea", "sizes=[]"), r"sizes=\[\]: expected whole numbers"),
        (("model=telea", "sizes=256"), r"sizes=256: expected whole numbers of at least 1, such as sizes=\[256,512\]"),
        (("model=telea", "sizes=[25.6]"), r"sizes=\[25.6\]: expected whole numbers"),
        (("model=telea", "batches=[1,-1]"), r"batches=\[1, -1\]: expected whole .* such as batches=\[1,8\]"),
        (("model=telea", "batches=null"), r"batches=None: expected whole"),
        (("model=telea", "repeats=0"), "repeats=0: expected a whole number of at least 1"),
        (("model=telea", "device=abacus"), "device=abacus: not to be had here"),
        (
            ("model=dcgan", "model.search_iterations=1", "sizes=[80]", "device=cpu"),
            "sizes: 80 px cannot be filled: picture of 128x128 px: this DCGAN makes 64x64",
        ),
        (("model=telea", "mask.side=40", "sizes=[32]"), "sizes: 32 px cannot be filled: side=40: the picture is only"),
    ],
)
def test_bad_input(run, words, message):
    with pytest.raises(UserError, match=message):
        run(*words)


def test_too_large_for_the_memory(run, monkeypatch):
    def fail(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(complexity, "latency", fail)
    with pytest.raises(UserError, match="sizes: 16 px are too many for the memory of cpu; leave them out"):
        run(*TINY, "sizes=[16]")


def test_words_are_checked_without_torch():
    code = (
        "import sys; sys.argv = ['cost', 'model=telea', 'repeats=0'];"
        "from inpaintlab.verbs.cost import main\n"
        "try: main()\n"
        "except SystemExit: sys.exit('torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    assert "error: repeats=0" in answer.stderr


def test_the_command(tmp_path, monkeypatch):
    """Typed, but for the memory's process, which ``test_complexity`` starts."""
    monkeypatch.setattr(complexity, "peak_memory", lambda subject, model, batch: 12.5)
    monkeypatch.chdir(tmp_path)
    words = [*TINY, "sizes=[16]", "batches=[2]"]
    monkeypatch.setattr(sys, "argv", ["inpaintlab", "cost", *words])
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # the verb sets it for good
    cli.main()
    record = CostRecord.read(tmp_path / "cost" / "pconv")
    assert [(row["batch"], row["mb"]) for row in record.peak_memory_mb] == [(2, 12.5)]
    assert shlex.split(record.command) == ["inpaintlab", "cost", *words]


def test_toy_is_the_model_of_the_checkpoint():
    """The number of parameters above: 3 x 3 x 9 weights and 3 biases."""
    assert sum(parameter.numel() for parameter in Toy().parameters()) == 84
