import json
from pathlib import Path

import pytest

from inpaintlab.report.as_csv import as_csv
from inpaintlab.report.as_html import as_html
from inpaintlab.report.as_latex import as_latex
from inpaintlab.report.as_markdown import as_markdown
from inpaintlab.report.document import compose
from inpaintlab.report.home_paths import without_home
from tests.report.drawn import draw


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ckpt=/home/alice/runs/x.ckpt", "ckpt=~/runs/x.ckpt"),
        ("/Users/Bob.Smith/a b", "~/a b"),
        (r"C:\Users\bob\x", r"~\x"),
        ("'/root/x' and /root", "'~/x' and ~"),
        ("/rooted/x /data/home.txt", "/rooted/x /data/home.txt"),
        (f"{Path.home()}/x", "~/x"),
    ],
)
def test_a_home_folder_is_written_as_a_shell_does(text, shown):
    assert without_home(text) == shown


def test_no_form_of_a_report_tells_whose_machine_it_was(tmp_path):
    masks = {"source": "frozen", "folder": "/home/alice/masks", "sha256": "f" * 64, "maker": None}
    for number, error in enumerate((0.1, 0.2)):
        draw(tmp_path / str(number), f"m{number}", error, save=1, count=3, masks=masks, ckpt="/home/alice/x.ckpt",
             command="inpaintlab evaluate ckpt=/home/alice/x.ckpt masks=/home/alice/masks")  # fmt: skip
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "evaluation.json").write_text(json.dumps({"schema": "/home/alice"}))
    document = compose([tmp_path], "none", 10, 0)
    for text in (as_markdown(document), as_latex(document), as_csv(document), as_html(document, 1)):
        assert "alice" not in text
    assert "ckpt=~/x.ckpt" in as_html(document, 1)
