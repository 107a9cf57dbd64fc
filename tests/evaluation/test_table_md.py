from types import SimpleNamespace

from inpaintlab.evaluation.table_md import as_markdown
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.records.rows import Means, SetScore


def row(protocol, psnr, region="full", output="completed", bucket=(0.1, 0.2), **more):
    where = {"bucket": list(bucket), "border": "any", "protocol": protocol, "output": output, "region": region}
    return {**where, "pictures": 3, "identical": 1, "psnr": psnr, "ssim": (psnr or 50) / 100, **more}


def record(rows, blind=False, distributions=()):
    names = dict.fromkeys(one["protocol"] for one in rows)
    made = SimpleNamespace(blind=blind, protocols=names, rows=[Means.from_plain(one) for one in rows])
    made.distributions = [SetScore.from_plain(one) for one in distributions]
    made.view_of = lambda protocol: EvaluationRecord.view_of(made, protocol)
    return made


def test_one_protocol_has_its_main_view_alone():
    rows = [row("standard", 30.0), row("standard", 20.0, "hole"), row("standard", 25.0, "boundary")]
    text = as_markdown(record([*rows, row("standard", 10.0, output="prediction")]))
    assert text == (
        "### standard (completed)\n\n"
        "| bucket | border | pictures | psnr | ssim | psnr_hole | ssim_hole | identical |\n"
        "| :--- | :--- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| (0.1, 0.2] | any | 3 | 30.00 | 0.3000 | 20.00 | 0.2000 | 1 |\n"
    )


def test_a_blind_model_is_shown_by_its_prediction_where_the_protocol_can():
    text = as_markdown(record([row("a", 30.0), row("a", 31.5, output="prediction"), row("b", 28.0)], blind=True))
    assert "### a (prediction)" in text
    assert "### b (completed)" in text


def test_the_difference_of_protocols_is_largest_minus_smallest_of_each_measure():
    rows = [row("a", 30.0, l1=0.1), row("b", 33.5), row("c", 31.0, l1=0.3), row("a", 99.0, "hole")]
    rows += [row("a", 20.0, bucket=(0.4, 0.5)), row("b", None, bucket=(0.4, 0.5))]
    table = as_markdown(record(rows)).rpartition("###")[2].splitlines()
    assert table[0].startswith(" How far the protocols differ: largest minus smallest")
    assert table[2] == "| bucket | border | pictures | psnr | ssim | l1 |"
    assert table[4] == "| (0.1, 0.2] | any | 3 | 3.50 | 0.0350 | 0.2000 |"
    assert table[5] == "| (0.4, 0.5] | any | 3 | - | 0.3000 | - |"


def test_beside_a_distance_stand_its_network_and_weights():
    found = {"bucket": [0.1, 0.2], "border": "any", "protocol": "a", "output": "completed", "measure": "fid"}
    found |= {"value": 12.345, "n": 3, "network": "FID-2048 x", "weights_sha256": "ab" * 32, "note": None}
    text = as_markdown(record([row("a", 30.0)], distributions=[found]))
    assert "| 12.35 |" in text or "| 12.34 |" in text
    assert f"fid: N = pictures; FID-2048 x, weights sha256 {'ab' * 32}" in text
