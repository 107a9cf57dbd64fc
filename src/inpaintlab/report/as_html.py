"""The report as one self-contained page: nothing in it is fetched from anywhere."""

from pathlib import Path

from inpaintlab.report.document import Document, Section, draw, facts, warnings
from inpaintlab.report.drawing import SERIES
from inpaintlab.report.home_paths import without_home
from inpaintlab.report.literature import count_words
from inpaintlab.report.tables import Table, upper_heads

FOLDER = Path(__file__).parent / "page"


def as_html(document: Document, pictures: int) -> str:
    """Return the page with at most ``pictures`` cases side by side per section."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        facts=facts,
        warnings=warnings,
        upper_heads=upper_heads,
        without_home=without_home,
        counted=count_words,
        color=lambda label: color(document, label),
    )
    template = environment.get_template("page.html")
    return template.render(
        document=document,
        sections=[(section, draw(document, section, pictures)) for section in document.sections],
        style=Markup((FOLDER / "page.css").read_text(encoding="utf-8")),
        script=Markup((FOLDER / "page.js").read_text(encoding="utf-8")),
        markup=Markup,
        parts=parts_of,
    )


def color(document: Document, label: str) -> int | None:
    """Return the number of a model's colour; None for what is no model."""
    number = document.series.get(label)
    return None if number is None else number % len(SERIES)


def parts_of(section: Section) -> list[tuple[str, list[Table], list[Table]]]:
    """Return (title, tables shown, tables folded) of a section."""
    parts = [
        ("Scores", section.scores),
        ("Distributions", section.distributions),
        ("Significance", section.significance),
    ]
    return [
        (title, [table for table in tables if table.main], [table for table in tables if not table.main])
        for title, tables in parts
        if tables
    ]
