"""The report as Markdown."""

from inpaintlab.records.markdown import code, escape
from inpaintlab.report.document import Document, Section, facts, verdicts, warnings
from inpaintlab.report.tables import Entry, Line, Table


def as_markdown(document: Document) -> str:
    """Return the whole document; what only a page can show (plots, pictures) is left out."""
    parts = [_list("Verdict", told)] if (told := verdicts(document)) else []
    parts += [f"## {table.title}\n\n{plain_markdown(table)}" for table in (*document.runs, *document.other_costs)]
    parts += [_section(section, document) for section in document.sections]
    if document.published:
        tables = "\n".join(table_markdown(table) for table in document.published)
        parts.append(f"## † Published\n\nPrinted in papers, not measured here; never in bold.\n\n{tables}")
    parts += [f"## {table.title}\n\n{plain_markdown(table)}" for table in document.unfinished]
    if document.repeated:
        parts.append(_list(f"Evaluations that repeat another, left out: {len(document.repeated)}", document.repeated))
    if document.broken:
        parts.append(_list(f"Unreadable files, left out: {len(document.broken)}", document.broken))
    return "\n".join(parts)


def _list(title: str, lines: list[str]) -> str:
    return f"## {title}\n\n" + "".join(f"- {escape(line)}\n" for line in lines)


def _section(section: Section, document: Document) -> str:
    group = section.group
    parts = [f"## Set {group.number}: {escape(group.title)}\n"]
    parts += [f"> {escape(line)}\n" for line in warnings(section)]
    parts.append(
        "In brackets: 95 % bootstrap interval over pictures "
        f"({document.resamples} resamples, seed {document.seed}). Bold: the best of a column.\n"
    )
    parts.append("### Scores\n")
    parts += [table_markdown(table) for table in section.scores]
    for title, tables in (
        ("Distributions", section.distributions),
        ("Significance", [table for table in section.significance if table.main]),
        ("Cost", [section.cost]),
    ):
        if tables:
            parts += [f"### {title}\n", *(table_markdown(table) for table in tables)]
    parts.append("### How it was made\n")
    parts += [f"- {name}: {code(value)}" for name, value in group.key.items()]
    for one in group.evaluations:
        parts.append(
            f"\n**{escape(one.label)}**\n\n" + "\n".join(f"- {name}: {code(value)}" for name, value in facts(one))
        )
    return "\n".join(parts) + "\n"


def table_markdown(table: Table) -> str:
    """Lay out one table with its title and notes."""
    return f"#### {escape(table.title)}\n\n{plain_markdown(table)}" + "".join(
        f"\n{escape(note)}\n" for note in table.notes
    )


def plain_markdown(table: Table) -> str:
    """Lay out the rows alone; the measure is a column where there are several."""
    several = len(table.blocks) > 1 or bool(table.blocks and table.blocks[0].measure)
    head = [*(["measure"] if several else []), table.heading]
    head += [" ".join(word for word in (column.top, column.bottom) if word) for column in table.columns]
    lines = [head, [*([":---"] if several else []), ":---", *("---:" for _ in table.columns)]]
    for block in table.blocks:
        for line in block.lines:
            entries = [_entry(entry) for entry in line.entries]
            lines.append([*([block.name] if several else []), _label(line), *entries])
    return "".join(f"| {' | '.join(escape(word) for word in line)} |\n" for line in lines)


def _label(line: Line) -> str:
    return f"*{line.label}*" + (f" ({line.cite})" if line.cite else "") if line.published else line.label


def _entry(entry: Entry | None) -> str:
    if entry is None:
        return "-"
    text = f"**{entry.text}**" if entry.best else entry.text
    return f"{text} [{entry.interval[0]}, {entry.interval[1]}]" if entry.interval else text
