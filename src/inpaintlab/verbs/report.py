"""``inpaintlab report``: join evaluations, runs and costs into tables and one page.

Reads every ``evaluation.json``, ``results.json`` and ``cost.json`` below the folders, and nothing else but the
pictures that the evaluations saved. Writes ``report.md``, ``report.tex``, ``report.csv`` and ``report.html``.

    inpaintlab report
    inpaintlab report runs=judged output=report
    inpaintlab report runs=[runs,evaluation] published=all pictures=24 output=report
"""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from inpaintlab.basics.errors import UserError, check_whole
from inpaintlab.basics.files import printable, write_text
from inpaintlab.basics.running import verb
from inpaintlab.report.document import Document, compose

SUFFIXES = (".md", ".tex", ".csv", ".html")


def report(cfg: DictConfig) -> str:
    """Write the files, or without ``output`` none, and return the Markdown."""
    from inpaintlab.report.as_markdown import as_markdown

    check_config(cfg)
    folders = [Path(folder) for folder in plain_list(cfg.runs)]
    published = OmegaConf.to_container(cfg.published) if isinstance(cfg.published, ListConfig) else cfg.published
    document = compose(folders, published, cfg.resamples, cfg.seed)
    text = printable(as_markdown(document))
    if cfg.output is not None:
        write_report(document, Path(cfg.output), text, cfg.pictures)
    return text


def plain_list(value: Any) -> list[Any]:
    """Return a list of one or many."""
    return list(value) if isinstance(value, ListConfig) else [value]


def check_config(cfg: DictConfig) -> None:
    """Refuse what cannot be meant, before anything is read."""
    if not plain_list(cfg.runs):
        raise UserError("runs=[]: expected at least one folder")
    if not all(isinstance(folder, str) for folder in plain_list(cfg.runs)):
        raise UserError(f"runs={cfg.runs}: expected a folder, or a list of some")
    for name, least in (("pictures", 0), ("resamples", 1), ("seed", 0)):
        check_whole(name, cfg[name], least)
    if cfg.output is not None and (Path(cfg.output).suffix in SUFFIXES or Path(cfg.output).is_file()):
        raise UserError(f"output={cfg.output}: expected a folder; report.md, .tex, .csv and .html are written into it")


def write_report(document: Document, output: Path, text: str, pictures: int) -> None:
    """Write the four files; all are made before the first is written, so that they are of one report."""
    from inpaintlab.report.as_csv import as_csv
    from inpaintlab.report.as_html import as_html
    from inpaintlab.report.as_latex import as_latex

    texts = (text, as_latex(document), as_csv(document), as_html(document, pictures))
    for suffix, content in zip(SUFFIXES, texts, strict=True):
        write_text(output / f"report{suffix}", printable(content))


@verb("report")
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    text = report(cfg)
    if cfg.output is None:
        print(text)
    else:
        print("".join(f"written: {Path(cfg.output) / f'report{suffix}'}\n" for suffix in SUFFIXES), end="")


if __name__ == "__main__":
    main()
