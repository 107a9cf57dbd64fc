import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import write_json
from inpaintlab.evaluation.journal import Journal, cut_torn_tail


def line(cell, batch):
    return {"cell": cell, "batch": batch, "pictures": [[batch, f"{batch}.png", 0.1 + 0.2]], "scores": {}, "cost": {}}


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "out")
    assert journal.begin({"seed": 0}) is False
    return journal


def test_lines_come_in_the_order_of_cells_and_batches_whoever_wrote_them(journal):
    for rank, key in ((1, (1, 0)), (0, (0, 1)), (1, (0, 0)), (0, (1, 1))):
        journal.add(rank, line(*key))
    assert [(x["cell"], x["batch"]) for x in journal.lines()] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert next(journal.lines()) == line(0, 0)  # floats survive bit by bit


def test_infinite_and_missing_values_survive(journal):
    journal.add(0, {**line(0, 0), "scores": {"p": {"prediction": {"full": {"psnr": [float("inf"), float("nan")]}}}}})
    values = next(journal.lines())["scores"]["p"]["prediction"]["full"]["psnr"]
    assert values[0] == float("inf")
    assert values[1] != values[1]


@pytest.mark.parametrize("tail", [b'{"cell":0,"batch":1,"sco', b"{", b"\x00\x00\x00", b"x" * 200_000])
def test_a_torn_tail_is_cut_off(journal, tail):
    journal.add(0, line(0, 0))
    whole = (journal.folder / "0.jsonl").read_bytes()
    (journal.folder / "0.jsonl").write_bytes(whole + tail)
    assert set(journal.places()) == {(0, 0)}
    assert journal.begin({"seed": 0}) is False
    assert (journal.folder / "0.jsonl").read_bytes() == whole
    journal.add(0, line(0, 1))
    assert set(journal.places()) == {(0, 0), (0, 1)}


def test_a_file_that_is_torn_from_the_first_byte_is_emptied(tmp_path):
    path = tmp_path / "0.jsonl"
    path.write_bytes(b'{"cell":0')
    cut_torn_tail(path)
    assert path.read_bytes() == b""
    cut_torn_tail(path)


def test_a_damaged_line_in_the_middle_costs_that_batch_alone(journal):
    for batch in range(3):
        journal.add(0, line(0, batch))
    path = journal.folder / "0.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\x00" * 20 + b"\n" + lines[2])
    assert [x["batch"] for x in journal.lines()] == [0, 2]


def test_a_batch_that_two_processes_did_counts_once(journal):
    journal.add(0, line(0, 0))
    journal.add(1, line(0, 0))
    assert len(list(journal.lines())) == 1


def test_another_evaluation_in_the_same_folder_is_refused(journal):
    journal.add(0, line(0, 0))
    assert Journal(journal.output).begin({"seed": 0}) is False
    with pytest.raises(UserError, match=r"holds an evaluation with seed=0, not 1; choose another folder, or remove"):
        Journal(journal.output).begin({"seed": 1})


def test_an_evaluation_that_stopped_before_its_first_batch_makes_room(journal):
    (journal.folder / "0.jsonl").write_bytes(b'{"cell":0')
    assert Journal(journal.output).begin({"seed": 1}) is False
    journal.add(0, line(0, 0))
    with pytest.raises(UserError, match="holds an evaluation with seed=1, not 0"):
        journal.begin({"seed": 0})


def test_a_complete_evaluation_is_recognised_and_its_journal_removed(journal):
    journal.add(0, line(0, 0))
    write_json(journal.output / "evaluation.json", {"schema": 2, "settings": {"seed": 0}})
    assert journal.begin({"seed": 0}) is True
    assert not journal.folder.exists()
    with pytest.raises(UserError, match="holds an evaluation with seed=0, not 1"):
        journal.begin({"seed": 1})


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_file_that_is_no_evaluation_is_named(tmp_path, text):
    (tmp_path / "evaluation.json").write_text(text)
    with pytest.raises(UserError, match=r"evaluation.json: .*remove it, or choose another output folder"):
        Journal(tmp_path).begin({"seed": 0})
