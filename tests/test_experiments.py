"""Every experiment composes, job by job; the small form of each is a network that fits its pictures."""

import re
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import instantiate
from omegaconf import OmegaConf

import inpaintlab.sweeps.jobs  # noqa: F401, its resolver names the folders of jobs
from inpaintlab.basics.configs import FOLDER

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"
NAMES = sorted(path.parent.name for path in EXPERIMENTS.glob("*/sweep.yaml"))
TABLES = {
    "madf_components", "madf_supervision", "madf_complexity", "all_models_by_ratio", "pconv_vs_conv",
    "pconv_loss_terms", "blind_components", "blind_convergence", "context_encoder_discriminators",
    "context_encoder_study", "dcgan_perceptual", "dcgan_baselines", "dcgan_svhn", "context_encoder_comparison",
    "context_encoder_transfer", "bundled",
}  # fmt: skip
HEADINGS = ["## Question", "## Expectation", "## Cost", "## Command", "## Small-scale result", "## What it shows"]
GIVEN = ["hydra.searchpath=[file://" + FOLDER + "]", "experiment=x", "hardware=cpu"]


def composed(folder, form, *words):
    with initialize_config_dir(str(folder), version_base="1.3"):
        cfg = compose(form, overrides=[*GIVEN, *words], return_hydra_config=True)
    cfg.hydra.runtime.output_dir = "run"
    HydraConfig.instance().set_config(cfg)
    return cfg


@cache
def jobs(name, form):
    """Return the words of every job, as Hydra's own sweeper expands them."""
    params = composed(EXPERIMENTS / name, form).hydra.sweeper.params
    sweeps = OverridesParser.create().parse_overrides([f"{key}={value}" for key, value in params.items()])
    assert all(sweep.is_sweep_override() for sweep in sweeps)
    return [
        [f"{sweep.key_or_group}={value}" for sweep, value in zip(sweeps, values, strict=True)]
        for values in product(*(list(sweep.sweep_string_iterator()) for sweep in sweeps))
    ]


def resolved(name, form, job):
    cfg = composed(EXPERIMENTS / name, form, *job)
    for key in ("model", "paper", "mask", "trainer"):
        assert not OmegaConf.missing_keys(cfg[key]), f"{name}: {job}"
        OmegaConf.to_container(cfg[key], resolve=True)
    return cfg


def built(cfg, device):
    with torch.device(device):
        model = instantiate(cfg.model, _convert_="all")
    assert cfg.data.size % model.divisor == 0
    return model


def test_there_is_one_experiment_for_each_table():
    assert set(NAMES) == TABLES


FIGURES = {
    "MADF": [1, *range(5, 13)],
    "PConv": range(1, 14),
    "Blind": [1, *range(3, 11)],
    "Context encoder": range(10, 17),
    "DCGAN": [1, 2, *range(4, 9)],
}
"""Numbers of the figures that are no diagrams of a network."""
PAPERS_TABLES = {
    "MADF": ["I", "II", "III", "IV"],
    "PConv": ["1"],
    "Blind": ["1", "2", "3"],
    "Context encoder": ["I", "VI", "VII"],
    "DCGAN": [],
}


def test_every_table_and_figure_of_the_papers_has_its_row():
    lines = (EXPERIMENTS / "README.md").read_text(encoding="utf-8").split("## Every table")[1].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][2:]
    figures, tables, paper = {}, {}, ""
    for name, what, made in rows:
        paper = name or paper
        assert made
        numbers, shown = what.split(":")[0], figures.setdefault(paper, [])
        for first, last in re.findall(r"(?<![\dIVX])(\d+)(?: to (\d+))?", numbers.partition("Fig")[2]):
            shown += range(int(first), int(last or first) + 1)
        tables.setdefault(paper, []).extend(re.findall(r"Table ([\dIVX]+)", numbers))
    assert {name: sorted(shown) for name, shown in figures.items()} == {n: list(f) for n, f in FIGURES.items()}
    assert tables == PAPERS_TABLES


def test_whatever_the_table_links_is_there():
    text = (EXPERIMENTS / "README.md").read_text(encoding="utf-8")
    assert not [link for link in re.findall(r"\]\(([^)]+)\)", text) if not (EXPERIMENTS / link).exists()]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_job_of_the_full_form_composes(name):
    settings = set()
    for job in jobs(name, "sweep"):
        cfg = resolved(name, "sweep", job)
        settings.add(
            str([OmegaConf.to_container(node, resolve=True) for node in (cfg.model, cfg.mask)]) + cfg.choices.data
        )
        assert cfg.notice is None
        if "context_encoder" not in cfg.model._target_:  # it looks at values, and here there are none
            built(cfg, "meta")
    assert len(settings) == len(jobs(name, "sweep")) > 1, "two jobs are the same"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("all_models_by_ratio", ["model=madf_256"]),
        ("all_models_by_ratio", ["model=pconv_256"]),
        ("madf_complexity", ["variant=madf_k0"]),
        ("madf_components", ["variant=madf_k0"]),
        ("madf_supervision", []),
        ("pconv_loss_terms", ["variant=full"]),
        ("pconv_vs_conv", []),
    ],
)
def test_the_papers_with_nvidias_masks_test_12000_pictures_with_each_mask_once(name, words):
    cfg = composed(EXPERIMENTS / name, "sweep", *words, "mask.root=x")
    assert cfg.choices.mask == "nvidia" == cfg.paper.masks
    assert cfg.mask.pairing == "once"
    assert cfg.data.limit == {"val": 12000, "test": 12000}
    text = (EXPERIMENTS / name / "README.md").read_text(encoding="utf-8")
    assert re.search(
        rf"^    inpaintlab sweep experiment={name}(?! scale).* mask\.root=<nvidia masks>", text, re.MULTILINE
    )


def test_every_model_is_in_the_full_commands_of_the_table_by_ratio():
    """Masks in files need a folder, which no maker of drawn ones knows: two commands, which leave no job out."""
    text = (EXPERIMENTS / "all_models_by_ratio" / "README.md").read_text(encoding="utf-8")
    full = text.split("experiment=all_models_by_ratio scale=")[0]
    named = [name for group in re.findall(r"model=(\w+(?:,\w+)+)", full) for name in group.split(",")]
    assert named == [job[0].removeprefix("model=") for job in jobs("all_models_by_ratio", "sweep")]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_job_of_the_small_form_is_a_network_that_fits(name):
    assert len(jobs(name, "small")) == len(jobs(name, "sweep"))
    for job in jobs(name, "small"):
        cfg = resolved(name, "small", job)
        model = built(cfg, "cpu")
        assert cfg.data.size <= 64
        assert 0 < model.iterations <= 1000
        assert sum(parameter.numel() for parameter in model.parameters()) < 5_000_000
        assert "iterations" in cfg.notice


@pytest.mark.parametrize("name", NAMES)
def test_every_readme_answers_the_same_questions(name):
    lines = (EXPERIMENTS / name / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("## ")] == HEADINGS
    text = "\n".join(lines)
    assert re.search(rf"^    inpaintlab sweep experiment={name}(?! scale)", text, re.MULTILINE)
    assert f"    inpaintlab sweep experiment={name} scale=small" in text
    result, shown = text.split("## Small-scale result")[1].split("## What it shows")
    assert re.search(r"\d{4}-\d\d-\d\d, .*\d minutes", " ".join(result.split())), "date and minutes"
    assert len(re.findall(r"^\| .*\d", result, re.MULTILINE)) >= 2, "a table"
    assert shown.strip()
    assert "@" not in text


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.rglob("*.*")), ids=lambda path: "/".join(path.parts[-2:]))
def test_no_picture_and_no_path_of_a_machine_in_experiments(path):
    assert path.suffix in (".yaml", ".md", ".py", ".pyc"), path
    if path.suffix != ".pyc":
        text = path.read_text(encoding="utf-8")
        assert not [word for word in ("/work/", "/tmp/", "/home/", "/root/") if word in text]
