import csv
import io
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from inpaintlab.report.as_csv import as_csv
from inpaintlab.report.as_html import as_html
from inpaintlab.report.as_latex import as_latex, escape
from inpaintlab.report.as_markdown import as_markdown
from inpaintlab.report.document import compose
from tests.report.drawn import draw, fid, three_models


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluations")
    three_models(folder)
    awkward = "a_b & <c> 50% $x$ {y} #1 ~ ^ \\"
    draw(folder / "odd", awkward, 0.3, distributions=fid([20.0]), command='inpaintlab evaluate name="<script>"')
    draw(folder / "other", "pconv", 0.05, count=3, pictures_sha256="c" * 64)
    (folder / "old").mkdir()
    (folder / "old" / "evaluation.json").write_text('{"schema": 1}')
    return folder


@pytest.fixture(scope="module")
def document(folder):
    return compose([folder], "auto", 40, 0)


@pytest.fixture(scope="module")
def page(document):
    return as_html(document, 2)


def test_markdown_tells_everything_once(document):
    text = as_markdown(document)
    assert "## Set 1: photos, test, 48 px, masks: frozen set ffffffffffff" in text
    assert "> Not comparable with set 1: pictures: cccccccccccc, not aaaaaaaaaaaa." in text
    assert "## † Published" in text
    assert "- command: `inpaintlab evaluate model=pconv`" in text
    assert "evaluate again" in text
    value = document.sections[0].scores[0].blocks[0].lines[0].entries[0]
    assert f"**{value.text}** [{value.interval[0]}, {value.interval[1]}]" in text


def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head(document):
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in as_markdown(document).splitlines()]
    rows = 0
    for before, width in pairwise(widths):
        assert width == before or not (width and before)
        rows += bool(width)
    assert rows > 100


def test_latex_is_whole(document):
    text = as_latex(document)
    stack = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []
    bare = re.sub(r"\\[\\&%$#_{}]", "", text)
    assert bare.count("{") == bare.count("}")
    lines = [line.removesuffix("{!}{%") for line in bare.splitlines() if not line.startswith("%")]
    assert not any("%" in line for line in lines)  # nothing is lost in a comment
    for rule in ("toprule", "bottomrule"):
        assert text.count(f"\\{rule}") == text.count("\\begin{tabular}")
    assert not re.search(r"[^\x00-\x7f]", re.sub(r"[éöü]", "", text))


def test_every_row_of_a_latex_table_has_as_many_cells_as_columns(document):
    for body in re.findall(r"\\begin\{tabular\}(.*?)\\bottomrule", as_latex(document), re.DOTALL):
        columns = len(re.match(r"\{(l(r+))\}", body)[1])
        for row in (line for line in body.splitlines() if line.endswith("\\\\")):
            spans = [int(width) for width in re.findall(r"\\multicolumn\{(\d+)\}", row)]
            assert len(re.findall(r"(?<!\\)&", row)) + 1 + sum(width - 1 for width in spans) == columns


def test_latex_escapes_by_hand():
    assert escape("a_b & 5% [1]") == r"a\_b \& 5\% {[}1{]}"
    assert escape("\\~^<$>") == r"\textbackslash{}\textasciitilde{}\textasciicircum{}$<$\$$>$"


def test_latex_shows_best_intervals_and_published(document):
    text = as_latex(document)
    first = document.sections[0].scores[0].blocks[0].lines[0].entries[0]
    assert rf"\textbf{{{first.text}}}" in text
    assert rf"{{\scriptsize {{[}}{first.interval[0]}, {first.interval[1]}{{]}}}}" in text
    assert r"\textcolor{gray}{PConv $^\dagger$" in text


def test_csv_holds_every_number_unrounded(document, folder):
    rows = list(csv.DictReader(io.StringIO(as_csv(document))))
    assert {row["kind"] for row in rows} == {"score", "distribution", "significance", "cost", "published"}
    (row,) = (
        row
        for row in rows
        if (row["kind"], row["set"], row["method"], row["measure"], row["bucket"])
        == ("score", "1", "madf", "psnr", "all")
        and (row["output"], row["region"]) == ("completed", "full")
    )
    entry = next(line for line in document.sections[0].scores[0].blocks[0].lines if line.label == "madf").entries[0]
    assert float(row["value"]) == pytest.approx(entry.value, rel=1e-8)
    assert (float(row["low"]), float(row["high"])) == pytest.approx(entry.bounds, rel=1e-8)
    assert (row["pictures"], row["border"], row["protocol"], row["best"]) == ("18", "all", "standard", "")
    tests = {row["quantity"] for row in rows if row["kind"] == "significance"}
    assert tests == {"median difference", "p", "N"}


class Page(HTMLParser):
    """Collect what a browser would fetch, and whether the tags close."""

    VOID = ("meta", "link", "img", "input", "br", "use", "path")

    def __init__(self):
        super().__init__()
        self.links, self.stack, self.images, self.ids, self.targets = [], [], [], [], []
        self.texts, self.published = [], []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.stack.append(tag)
            self.published.append(any(k == "class" and "published" in v for k, v in attrs))

    def handle_startendtag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
                self.links.append(value)
            if name == "id":
                self.ids.append(value)
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            while self.stack[-1] in ("li", "p", "option", "dd", "dt") and self.stack[-1] != tag:
                self.stack.pop()
                self.published.pop()
            assert self.stack.pop() == tag
            self.published.pop()

    def handle_data(self, data):
        self.texts.append((data, any(self.published)))


@pytest.fixture(scope="module")
def parsed(page):
    parser = Page()
    parser.feed(page)
    parser.close()
    return parser


@pytest.mark.slow
def test_the_page_fetches_nothing(page, parsed):
    assert parsed.stack == []
    assert parsed.links
    assert all(link.startswith(("data:", "#")) for link in parsed.links)
    assert not re.search(r"url\((?!#)|@import|fetch\(|XMLHttpRequest|import\(", page)
    addresses = set(re.findall(r"https?://[^\"'\s<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names, never fetched
    assert "default-src 'none'" in page


def test_ids_are_unique_and_every_link_has_its_target(parsed):
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)


def test_every_picture_has_a_text(parsed):
    shown = [image for image in parsed.images if image.get("src")]
    assert len(shown) > 20
    assert all(image["alt"] for image in shown)


def test_names_cannot_break_the_page(page):
    assert "<script>" not in page.replace("<script>\n", "", 1)
    assert "a_b &amp; &lt;c&gt;" in page


def test_numbers_of_the_page_are_those_of_the_tables(document, parsed):
    words = {text.strip() for text, _ in parsed.texts}
    for table in document.sections[0].scores:
        for block in table.blocks:
            for line in block.lines:
                assert {entry.text for entry in line.entries if entry} <= words


def test_published_lines_are_marked(parsed):
    daggers = [marked for text, marked in parsed.texts if text.strip() == "PConv †"]
    assert daggers
    assert all(daggers)


def test_plots_take_the_colours_of_the_page(page):
    svgs = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(svgs) >= 4
    assert all("var(--series-" in svg for svg in svgs)
    assert "currentColor" in svgs[0]
    assert not any(color in svg for svg in svgs for color in ("#010203", "#040506", "#0072b2"))


def test_pictures_can_be_left_out_and_one_evaluation_is_told_to_be_alone(tmp_path):
    draw(tmp_path / "x", "pconv", 0.1, count=2, save=2, buckets=((0.1, 0.2),))
    document = compose([tmp_path], "none", 10, 0)
    page = as_html(document, 0)
    assert "data:image" not in page
    assert "1 evaluation in 1 comparable set." in page
    assert "nothing to compare it with" in page
    assert as_html(document, 1).count('class="strip"') == 3  # one case, the best, the worst
