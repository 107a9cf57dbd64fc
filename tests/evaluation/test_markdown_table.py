from inpaintlab.evaluation.markdown_table import as_markdown


def row(protocol, psnr, region="full", output="composited", bucket=(0.1, 0.2), **more):
    where = {"bucket": list(bucket), "border": "any", "protocol": protocol, "output": output, "region": region}
    return {**where, "pictures": 3, "identical": 1, "psnr": psnr, "ssim": (psnr or 50) / 100, **more}


def record(rows, judged="completed", distributions=()):
    names = dict.fromkeys(one["protocol"] for one in rows)
    return {"judged": judged, "protocols": names, "rows": rows, "distributions": list(distributions)}


def test_one_protocol_has_its_main_view_alone():
    rows = [row("standard", 30.0), row("standard", 20.0, "hole"), row("standard", 25.0, "boundary")]
    text = as_markdown(record([*rows, row("standard", 10.0, output="raw")]))
    assert text == (
        "### standard (composited)\n\n"
        "| bucket | border | pictures | psnr | ssim | psnr_hole | ssim_hole | identical |\n"
        "| :--- | :--- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| (0.1, 0.2] | any | 3 | 30.00 | 0.3000 | 20.00 | 0.2000 | 1 |\n"
    )


def test_a_raw_model_is_shown_raw_where_the_protocol_can():
    text = as_markdown(record([row("a", 30.0), row("a", 31.5, output="raw"), row("b", 28.0)], judged="raw"))
    assert "### a (raw)" in text
    assert "### b (composited)" in text


def test_the_difference_of_protocols_is_largest_minus_smallest_of_each_measure():
    rows = [row("a", 30.0, l1=0.1), row("b", 33.5), row("c", 31.0, l1=0.3), row("a", 99.0, "hole")]
    rows += [row("a", 20.0, bucket=(0.4, 0.5)), row("b", None, bucket=(0.4, 0.5))]
    table = as_markdown(record(rows)).rpartition("###")[2].splitlines()
    assert table[0].startswith(" How far the protocols differ: largest minus smallest")
    assert table[2] == "| bucket | border | pictures | psnr | ssim | l1 |"
    assert table[4] == "| (0.1, 0.2] | any | 3 | 3.50 | 0.0350 | 0.2000 |"
    assert table[5] == "| (0.4, 0.5] | any | 3 | - | 0.3000 | - |"


def test_beside_a_distance_stand_its_network_and_weights():
    found = {"bucket": [0.1, 0.2], "border": "any", "protocol": "a", "output": "composited", "measure": "fid"}
    found |= {"value": 12.345, "n": 3, "network": "FID-2048 x", "weights_sha256": "ab" * 32, "note": None}
    text = as_markdown(record([row("a", 30.0)], distributions=[found]))
    assert "| 12.35 |" in text or "| 12.34 |" in text
    assert f"fid: N = pictures; FID-2048 x, weights sha256 {'ab' * 32}" in text
