import json

from inpaintlab.report.as_markdown import plain_markdown
from inpaintlab.report.costs import cost_axes, cost_table
from inpaintlab.report.document import compose
from inpaintlab.report.findings import read_folders
from inpaintlab.report.grouping import make_groups
from tests.report.drawn import draw


def write_cost(folder, name, parameters, adds, ms, device="cpu"):
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "schema": 1, "name": name, "model": name, "settings": {}, "parameters": parameters, "parameters_trainable": 0,
        "multiply_adds": {"64": adds, "256": 16 * adds},
        "peak_memory_mb": [{"device": device, "size": 64, "batch": 1, "mb": 12.4}],
        "latency": [{"device": device, "size": 64, "batch": 1, "median_ms": ms, "runs": 5}],
        "versions": {}, "commit": None, "command": "inpaintlab cost",
    }  # fmt: skip
    (folder / "cost.json").write_text(json.dumps(record))


def found_in(folder):
    found = read_folders([folder])
    return make_groups(found.evaluations)[0][0], found.costs


def evaluate(folder, name, error=0.1, **cost):
    draw(folder / name, name, error, count=1, save=0, size=64, buckets=((0.1, 0.2),), cost=cost)


def test_costs_join_by_name(tmp_path):
    evaluate(tmp_path, "pconv", 0.1)
    evaluate(tmp_path, "telea", 0.2, parameters=0, predict_seconds=3.0, pictures=60)
    write_cost(tmp_path / "cost", "pconv", 32_800_000, 19_000_000_000, 41.25)
    group, costs = found_in(tmp_path)
    table = cost_table(group, costs)
    assert [(c.top, c.bottom) for c in table.columns] == [
        ("parameters", "millions"), ("multiply-adds", "10⁹, 64 px"), ("multiply-adds", "10⁹, 256 px"),
        ("latency, ms", "64 px, batch 1, cpu"), ("peak memory, MiB", "64 px, batch 1, cpu"),
        ("evaluation", "ms per picture"), ("evaluation", "device"),
    ]  # fmt: skip
    texts = {line.label: [e and e.text for e in line.entries] for line in table.blocks[0].lines}
    assert texts["pconv"] == ["32.80", "19.00", "304.00", "41.2", "12", "10.0", "cpu, batch 4"]
    assert texts["telea"] == ["0", None, None, None, None, "50.0", "cpu, batch 4"]


def test_axes_hold_what_two_models_are_known_in(tmp_path):
    evaluate(tmp_path, "pconv", 0.1)
    evaluate(tmp_path, "madf", 0.2)
    evaluate(tmp_path, "telea", 0.3, parameters=0, predict_seconds=2.0)
    write_cost(tmp_path / "cost1", "pconv", 1_500_000, 10**9, 10.0)
    write_cost(tmp_path / "cost2", "madf", 3_000_000, 2 * 10**9, 20.0)
    axes = cost_axes(*found_in(tmp_path))
    assert axes == {
        "multiply-adds per picture at 64 px (10⁹)": {"pconv": 1.0, "madf": 2.0},
        "parameters (millions)": {"pconv": 1.5, "madf": 3.0},
        "latency per picture (ms): 64 px, batch 1, cpu": {"pconv": 10.0, "madf": 20.0},
        "prediction time in the evaluation (ms per picture): cpu, batch 4": {
            "pconv": 10.0,
            "madf": 10.0,
            "telea": 20.0,
        },
    }


def test_costs_without_an_evaluation_have_a_table_of_their_own(tmp_path):
    evaluate(tmp_path, "pconv")
    write_cost(tmp_path / "cost", "madf", 85_000_000, 10**9, 20.5)
    (table,) = compose([tmp_path], "none", 5, 0).other_costs
    assert table.title == "Cost of models that were not evaluated"
    assert "| madf | 85000000 | 1000000000 | 16000000000 | 20.5 | 12.4 |" in plain_markdown(table)


def test_times_of_other_devices_do_not_meet_on_an_axis(tmp_path):
    evaluate(tmp_path, "pconv", 0.1, parameters=0)
    evaluate(tmp_path, "telea", 0.2, parameters=0, device="cuda")
    assert cost_axes(*found_in(tmp_path)) == {}
