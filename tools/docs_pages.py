"""A hook of mkdocs: what lies beside ``docs/`` joins the pages, so that links of a plain checkout hold there.

READMEs, CONTRIBUTING and the like, with their pictures and scripts, keep their paths below the site's root.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
BESIDE = (
    "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "SECURITY.md", "examples/*.*", "experiments/**/*.*",
    "tools/*.*", "src/inpaintlab/data/*.csv", "src/inpaintlab/**/*.md", "src/inpaintlab/**/*.png",
)  # fmt: skip
KINDS = (".cff", ".csv", ".md", ".png", ".py", ".yaml")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files beside ``docs/``."""
    for path in sorted(path for pattern in BESIDE for path in ROOT.glob(pattern) if path.suffix in KINDS):
        files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Let the links of pages in ``docs/``, which becomes the root, stay below it; READMEs keep their paths."""
    if "/" not in page.file.src_uri:
        return re.sub(r"\]\((?:\.\./|docs/)", "](", markdown)
    return markdown
