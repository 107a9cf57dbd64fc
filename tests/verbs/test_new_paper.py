import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.verbs.new_paper import FILES, new_paper

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_seven_files(clone):
    written = new_paper(["gated_fill"], clone)
    assert len(written) == len(FILES) + 1 == 7
    assert "class GatedFill(InpaintingModule):" in (clone / "src/inpaintlab/models/gated_fill/module.py").read_text()
    assert "channels: ${paper.channels}" in (clone / "conf/model/gated_fill.yaml").read_text()
    floors = (clone / "pyproject.toml").read_text()
    assert floors.count(" | inpaintlab.models.gated_fill | inpaintlab.models.classical") == 1


@pytest.mark.parametrize("words", [[], ["Gated"], ["2018"], ["a", "b"], ["../a"], ["a-b"], ["name="], ["a__b"]])
def test_a_name_that_will_not_do(words, clone):
    with pytest.raises(UserError, match="expected the name of one paper in small letters"):
        new_paper(words, clone)
    assert [path.name for path in clone.iterdir()] == ["pyproject.toml"]


def test_nothing_is_overwritten(clone):
    new_paper(["name=gated"], clone)
    before = {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=r"__init__\.py: exists already; choose another name"):
        new_paper(["gated"], clone)
    assert {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()} == before


def test_elsewhere_it_is_told(tmp_path):
    with pytest.raises(UserError, match="not a clone of inpaintlab"):
        new_paper(["gated"], tmp_path)


def test_imports_are_in_order_whatever_the_name(clone):
    for name in ("aot", "zits"):
        new_paper([name], clone)
        lines = (clone / f"src/inpaintlab/models/{name}/module.py").read_text().splitlines()
        imports = [line for line in lines if line.startswith("from inpaintlab")]
        assert imports == sorted(imports)


@pytest.mark.slow
def test_the_files_pass_ruff_the_floors_and_their_tests(tmp_path):
    """In a copy of the repository, since only there they are part of it."""
    for part in ("src", "conf", "tests/models/contract.py", "tests/models/__init__.py", "tests/__init__.py"):
        source, target = ROOT / part, tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    new_paper(["gated_fill"], tmp_path)
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    tools = Path(sys.executable).parent
    for words in (
        [tools / "ruff", "check", "."],
        [tools / "ruff", "format", "--check", "."],
        [tools / "lint-imports", "--no-cache"],
        [sys.executable, "-m", "pytest", "tests/models/gated_fill", "-q", "-p", "no:cacheprovider"],
    ):
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
