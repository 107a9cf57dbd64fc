"""The report's tables as LaTeX, to be taken into a paper with ``\\input``."""

import re

from inpaintlab.report.document import Document
from inpaintlab.report.tables import Column, Entry, Line, Table, upper_heads

HEAD = """% Tables by `inpaintlab report`. In the preamble: \\usepackage{booktabs,graphicx,xcolor}
% The small second lines are 95 % bootstrap intervals over pictures. Grey lines with a dagger are published numbers.
"""
SPECIAL = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "†": r"$^\dagger$",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "∞": r"$\infty$",
    "⁹": "$^9$",
    "σ": r"$\sigma$",
    "ℓ": r"$\ell$",
    "…": r"\ldots{}",
    "–": "--",
    "’": "'",
    "[": "{[}",  # a row that begins with a bracket would be read as an argument of the line break before it
    "]": "{]}",
}
_SPECIAL = re.compile("|".join(map(re.escape, SPECIAL)))


def as_latex(document: Document) -> str:
    """Return a ``table`` environment for each table of the document."""
    parts = [HEAD, *(table_latex(table, "Training runs") for table in document.runs)]
    parts += [table_latex(table, "Cost") for table in document.other_costs]
    for section in document.sections:
        parts.append(f"% Set {section.group.number}: {_comment(section.group.title)}\n")
        title = f"Set {section.group.number} ({section.group.title})"
        tables = [*section.scores, *section.distributions, *(t for t in section.significance if t.main), section.cost]
        parts += [table_latex(table, title) for table in tables]
    parts += [table_latex(table, "Published") for table in document.published]
    return "\n".join(parts)


def escape(text: str) -> str:
    """Return the text with every sign that LaTeX would act on written out."""
    return _SPECIAL.sub(lambda match: SPECIAL[match[0]], " ".join(text.splitlines()))


def table_latex(table: Table, where: str) -> str:
    """Return one table with booktabs' rules, shrunk to the line's width where it is wider."""
    lines = [
        r"\begin{table}[t]",
        r"\centering",
        rf"\caption{{{escape(where)}: {escape(table.title)}. {escape(' '.join(table.notes))}}}",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        r"\toprule",
        *_head(table.columns, table.heading),
    ]
    for block in table.blocks:
        lines.append(r"\midrule")
        if block.measure or len(table.blocks) > 1:
            lines += [rf"\multicolumn{{{len(table.columns) + 1}}}{{l}}{{\emph{{{escape(block.name)}}}}} \\"]
        for line in block.lines:
            lines += _line(line)
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}}", r"\end{table}", ""])


def _head(columns: list[Column], heading: str) -> list[str]:
    tops = upper_heads(columns)
    first = [rf"\multicolumn{{{width}}}{{c}}{{{escape(top)}}}" for top, width in tops]
    rules, at = [], 2
    for _, width in tops:
        rules += [rf"\cmidrule(lr){{{at}-{at + width - 1}}}"] if width > 1 else []
        at += width
    second = [rf"{{\scriptsize {escape(column.bottom)}}}" if column.bottom else "" for column in columns]
    return [f"{escape(heading)} & {' & '.join(first)} \\\\", *rules, f" & {' & '.join(second)} \\\\"]


def _line(line: Line) -> list[str]:
    label = escape(line.label) + (rf" {{\scriptsize {escape(line.cite)}}}" if line.cite else "")
    words = [label, *(_entry(entry) for entry in line.entries)]
    if line.published:
        words = [rf"\textcolor{{gray}}{{{word}}}" for word in words]
    lines = [f"{' & '.join(words)} \\\\"]
    if any(entry and entry.interval for entry in line.entries):
        lines.append(f" & {' & '.join(_interval(entry) for entry in line.entries)} \\\\")
    return lines


def _entry(entry: Entry | None) -> str:
    if entry is None:
        return "--"
    text = escape(entry.text) if not re.fullmatch(r"[+-][\d.,]+", entry.text) else f"${entry.text}$"
    return rf"\textbf{{{text}}}" if entry.best else text


def _interval(entry: Entry | None) -> str:
    if entry is None or entry.interval is None:
        return ""
    return rf"{{\scriptsize {{[}}{entry.interval[0]}, {entry.interval[1]}{{]}}}}"


def _comment(text: str) -> str:
    return " ".join(text.splitlines())
