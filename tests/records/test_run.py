import json

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.records.cost import CostRecord, Setting
from inpaintlab.records.failure import JobFailure
from inpaintlab.records.run import RunCost, RunRecord, read_done

RUN = {"name": "a", "status": "done", "choices": {}, "overrides": [], "seed": 0, "schema": 1}


def test_a_run_is_read_back(tmp_path):
    assert read_done(tmp_path) is None
    cost = RunCost(parameters=3, train_seconds=90.0)
    record = RunRecord("a", "running", {}, [], 0, metrics={"val/psnr": 1.0, "test/psnr": 2.0}, cost=cost)
    record.write(tmp_path)
    assert RunRecord.read(tmp_path) == record
    assert read_done(tmp_path) is None
    record.status = "done"
    record.write(tmp_path)
    assert read_done(tmp_path).tested == {"psnr": 2.0}
    assert record.cost.minutes == 1.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema 2, expected 1"),
        ({"status": None}, "status: expected str"),
        ({"metrics": [1]}, "metrics: expected dict"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path, change, message):
    (tmp_path / "results.json").write_text(json.dumps({**RUN, **change}))
    with pytest.raises(UserError, match=message):
        RunRecord.read(tmp_path)


def test_a_cost_by_setting():
    row = {"device": "cpu", "size": 64, "batch": 1}
    cost = CostRecord("a", "m", 5, {"64": 7}, [{**row, "median_ms": 2.0}], [{**row, "mb": None}])
    assert cost.adds == {64: 7}
    assert cost.times == {Setting("cpu", 64, 1): 2.0}
    assert cost.memories == {Setting("cpu", 64, 1): None}
    assert str(Setting("cpu", 64, 1)) == "64 px, batch 1, cpu"
    assert CostRecord.from_plain(cost.to_plain()) == cost


def test_a_failure_of_the_first_sweeps_is_read_too(tmp_path):
    failure = JobFailure(1, "error: no", 2, "2026-01-01 00:00:00")
    failure.write(tmp_path)
    assert JobFailure.read(tmp_path) == failure
    plain = {key: value for key, value in failure.to_plain().items() if key != "schema"}
    (tmp_path / "failure.json").write_text(json.dumps(plain))
    assert JobFailure.read(tmp_path) == failure
