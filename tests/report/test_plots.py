import re

from inpaintlab.report.drawing import SERIES
from inpaintlab.report.findings import read_folders
from inpaintlab.report.grouping import make_groups
from inpaintlab.report.plots import cost_plots, ratio_plots, series_of
from inpaintlab.report.scores import mean_intervals
from tests.report.drawn import draw, three_models


def plots_of(folder):
    group = make_groups(read_folders([folder]).evaluations)[0][0]
    intervals = {one.label: mean_intervals(one, 20, 0) for one in group.evaluations}
    series = series_of([one.label for one in group.evaluations])
    return ratio_plots(group, intervals, series), cost_plots(group, [], series)


def test_each_model_has_its_name_and_its_colour_in_each_plot(tmp_path):
    three_models(tmp_path)
    ratio, cost = plots_of(tmp_path)
    assert (len(ratio), len(cost)) == (2, 2)  # whole and hole; parameters and time
    for svg in [*ratio, *cost]:
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
        assert {"pconv", "madf", "telea"} <= set(texts)
        assert {f"var(--series-{number})" for number in range(3)} <= set(re.findall(r"var\(--series-\d\)", svg))


def test_a_plot_per_border(tmp_path):
    draw(tmp_path, "pconv", 0.1, count=2, save=0, borders=("touch", "clear"))
    assert len(plots_of(tmp_path)[0]) == 4


def test_one_bucket_is_no_line_and_one_model_no_comparison(tmp_path):
    draw(tmp_path, "pconv", 0.1, count=2, save=0, buckets=((0.1, 0.2),))
    assert plots_of(tmp_path) == ([], [])


def test_colours_are_numbered_once_per_model():
    assert series_of(["b", "a", "b"]) == {"b": 0, "a": 1}
    assert len(set(SERIES)) == len(SERIES)
