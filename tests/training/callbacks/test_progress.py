import sys

from inpaintlab.training.callbacks.progress import Progress
from tests.training.callbacks.toy import Toy, fit


def test_in_a_file_it_is_one_line_now_and_then(tmp_path, capsys):
    fit(tmp_path, [Progress(line_every=5)], Toy(iterations=10))
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    # iterations 5 and 10, validations at 4, 8 and 10
    assert [line.split()[1] for line in lines] == ["4/10", "5/10", "8/10", "10/10", "10/10"]
    assert "l1 0." in lines[1]
    assert "val/psnr_hole" in lines[1]


def test_it_counts_to_where_the_run_ends(tmp_path, capsys):
    fit(tmp_path, [Progress(line_every=5)], Toy(iterations=10), max_steps=5)
    assert capsys.readouterr().out.splitlines()[-1].split()[1] == "5/5"


def test_on_a_terminal_it_is_a_bar(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    progress = Progress(refresh_rate=2, line_every=1)
    assert progress.is_enabled
    fit(tmp_path, [progress], Toy(iterations=4))
    out = capsys.readouterr().out
    assert "\r" in out
    assert "val/psnr_hole=" in out
    assert "iteration" not in out
