import json

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.tracking import evaluation_log, workspace
from inpaintlab.tracking.panels import Selection
from tests.tracking.records import record
from tests.tracking.server import stand_in

CHOICE = Selection("standard", ("psnr", "fid"), ("full", "hole"), ([0.1, 0.2], "regular", "all"))


def sections(specification):
    found = specification["spec"]["section"]["panelBankConfig"]["sections"]
    return {section["name"]: section["panels"] for section in found}


def drawn(panels):
    """The metrics of all panels, in order."""
    return [metric for panel in panels for metric in panel["config"].get("metrics", [])]


def test_a_section_for_each_measure_with_a_bar_for_each_bucket_and_region():
    found = sections(workspace.specification(workspace.build("me", "p", CHOICE)))
    assert list(found) == ["PSNR (dB)", "FID", "Evaluated pictures", "Training", "Pictures while training"]
    assert drawn(found["PSNR (dB)"]) == [
        "by_ratio/standard/full/psnr",
        "by_ratio/standard/hole/psnr",
        "summary_metrics.standard/full/10-20/psnr",
        "summary_metrics.standard/hole/10-20/psnr",
        "summary_metrics.standard/full/regular/psnr",
        "summary_metrics.standard/hole/regular/psnr",
        "summary_metrics.standard/full/all/psnr",
        "summary_metrics.standard/hole/all/psnr",
    ]
    assert not [metric for metric in drawn(found["FID"]) if "hole/" in metric]
    assert {panel["config"]["xAxis"] for panel in found["Training"]} == {"iteration"}
    assert found["PSNR (dB)"][2]["config"]["chartTitle"] == "PSNR (dB) ↑, full, holes (0.1, 0.2]"


def test_what_is_drawn_is_what_an_evaluation_logs():
    found = sections(workspace.specification(workspace.build("me", "p", CHOICE)))
    logged = evaluation_log.summary(record())
    curves = {key for point in evaluation_log.curves(record()) for key in point}
    for metric in drawn(found["PSNR (dB)"]):
        assert metric.removeprefix("summary_metrics.") in logged or metric in curves


def test_runs_are_grouped_by_model_and_mask():
    (runs,) = workspace.specification(workspace.build("me", "p", CHOICE))["spec"]["section"]["runSets"]
    assert runs["grouping"] == [
        {"section": "config", "name": "model.value"},
        {"section": "config", "name": "mask.value"},
    ]


def test_a_word_that_is_no_measure_or_region_is_named():
    with pytest.raises(UserError, match=r"measures=\[psnrr\]: expected some of psnr"):
        Selection("standard", ("psnrr",), ("full",), ("all",))
    with pytest.raises(UserError, match=r"regions=\[rim\]: expected some of full"):
        Selection("standard", ("psnr",), ("rim",), ("all",))


def test_the_second_save_writes_over_the_first(monkeypatch):
    server = stand_in(monkeypatch)
    address = workspace.save(workspace.build("me", "p", CHOICE))
    assert address == "https://wandb.ai/me/p?nw=inpaintlab"
    fewer = Selection("standard", ("psnr",), ("full",), ("all",))
    assert workspace.save(workspace.build("me", "p", fewer)) == address
    (view,) = server.views.values()
    assert view["name"] == "nw-inpaintlab-v"
    names = [section["name"] for section in json.loads(view["spec"])["section"]["panelBankConfig"]["sections"]]
    assert names[:2] == ["PSNR (dB)", "Evaluated pictures"]
