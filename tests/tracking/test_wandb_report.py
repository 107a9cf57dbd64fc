import json

from inpaintlab.tracking import wandb_report
from inpaintlab.tracking.panels import Selection
from tests.tracking.server import stand_in

CHOICE = Selection("lama", ("psnr", "ssim", "fid"), ("full", "hole"), ([0.1, 0.2], "all"))


def grids(specification):
    """{heading: the grid below it}."""
    found, heading = {}, None
    for block in specification["spec"]["blocks"]:
        if block["type"] == "heading":
            heading = block["children"][0]["text"]
        elif block["type"] == "panel-grid":
            found[heading] = block["metadata"]
    return found


def panels(grid):
    return grid["panelBankSectionConfig"]["panels"]


def test_a_grid_for_each_measure_then_the_tables_then_training():
    found = grids(wandb_report.specification(wandb_report.build("me", "p", CHOICE)))
    assert list(found) == ["PSNR (dB)", "SSIM", "FID", "All numbers", "Distributions", "Pictures", "Training"]
    metrics = [metric for panel in panels(found["FID"]) for metric in panel["config"]["metrics"]]
    assert metrics == [
        "by_ratio/lama/full/fid",
        "summary_metrics.lama/full/10-20/fid",
        "summary_metrics.lama/full/all/fid",
    ]
    assert "evaluation/rows" in json.dumps(panels(found["All numbers"]))
    assert "evaluation/pictures" in json.dumps(panels(found["Pictures"]))


def test_evaluations_are_kept_from_trainings_and_grouped_by_model_and_mask():
    found = grids(wandb_report.specification(wandb_report.build("me", "p", CHOICE)))
    (runs,) = found["PSNR (dB)"]["runSets"]
    assert [key["name"] for key in runs["grouping"]] == ["model.value", "mask.value"]
    assert "jobType" in json.dumps(runs["filters"])
    assert '"evaluate"' in json.dumps(runs["filters"])
    assert '"train"' in json.dumps(found["Training"]["runSets"][0]["filters"])
    assert "project" not in runs  # the report's own


def test_no_panel_lies_on_another():
    for grid in grids(wandb_report.specification(wandb_report.build("me", "p", CHOICE))).values():
        taken = [
            (x, y)
            for panel in panels(grid)
            for x in range(panel["layout"]["x"], panel["layout"]["x"] + panel["layout"]["w"])
            for y in range(panel["layout"]["y"], panel["layout"]["y"] + panel["layout"]["h"])
        ]
        assert len(taken) == len(set(taken))
        assert max(x for x, _ in taken) < 24


def test_the_second_save_writes_over_the_first_even_if_it_was_renamed(monkeypatch):
    server = stand_in(monkeypatch)
    address = wandb_report.save(wandb_report.build("me", "p", CHOICE))
    assert address.startswith("https://wandb.ai/me/p/reports/")
    assert [project.name for project in server.projects] == ["p"]
    (identity,) = server.views
    server.views[identity]["displayName"] = "Ours"
    server.views["other"] = {**server.views[identity], "description": "Somebody else's"}
    wandb_report.save(wandb_report.build("me", "p", CHOICE))
    assert set(server.views) == {identity, "other"}
    assert server.views["other"]["description"] == "Somebody else's"
