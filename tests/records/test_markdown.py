from inpaintlab.records.markdown import markdown


def test_golden():
    rows = [
        {"name": "a|b", "psnr": 20.126, "l1": 0.5, "fid": None},
        {"name": "c", "psnr": float("nan"), "l1": 0.25, "fid": None},
    ]
    assert markdown(rows) == (
        "| name | psnr | l1 |\n| :--- | ---: | ---: |\n| a\\|b | 20.13 | 0.5000 |\n| c | - | 0.2500 |\n"
    )


def test_the_best_is_bold_among_rivals_only():
    rows = [{"data": d, "psnr": p, "l1": x} for d, p, x in (("x", 1.0, 0.1), ("x", 2.0, 0.2), ("y", 9.0, 0.9))]
    lines = markdown(rows, rivals=["data"]).splitlines()[2:]
    assert lines == ["| x | 1.00 | **0.1000** |", "| x | **2.00** | 0.2000 |", "| y | 9.00 | 0.9000 |"]


def test_measures_of_whole_sets_have_their_own_decimals_and_sides():
    rows = [{"set": "x", "kid": 0.0123456, "p_ids": 12.5}, {"set": "x", "kid": 0.0123444, "p_ids": 1.0}]
    lines = markdown(rows, rivals=["set"]).splitlines()[2:]
    assert lines == ["| x | 0.01235 | **12.50** |", "| x | **0.01234** | 1.00 |"]
