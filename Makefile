# Any word a=b after the target reaches Hydra: make train model=pconv data=folder data.root=pictures
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# A verb is a module of verbs/.
VERBS := $(subst _,-,$(filter-out __init__ cli,$(basename $(notdir $(wildcard src/inpaintlab/verbs/*.py)))))

.DEFAULT_GOAL := help
.PHONY: help setup $(VERBS) test check lint browser bench docs clean

help:  ## show this list
	@grep -E '^[a-z$$()A-Z ]+:.*## ' $(MAKEFILE_LIST) | sed 's/$$(VERBS)/$(VERBS)/' | awk -F ':.*## ' '{printf "  %-40s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV)

# Stamps: the environment is made once and again only when pyproject.toml changes.
$(VENV)/.installed: $(BIN)/python pyproject.toml
	@echo "installing into $(VENV), once: several GB where PyTorch comes with CUDA"
	@$(BIN)/python -m pip install --disable-pip-version-check -q -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[dev]'
	@touch $@

setup: $(VENV)/.installed-dev  ## make the environment with everything that development needs

$(VERBS): $(VENV)/.installed  ## run a verb; words a=b go to Hydra; train without model= is the quickstart
	@$(BIN)/inpaintlab $@ $(filter-out PYTHON=% VENV=%,$(MAKEOVERRIDES))

check: lint  ## lint and quick tests: before every commit
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m 'not slow'

lint: setup  ## ruff, import floors, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

test: setup  ## every test; no network, no accelerator
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

browser: setup  ## pages in a headless browser; needs chromium (apt-get install chromium)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/browser/check_*.py -m browser

# latent_seam.py, strategies.py and large_pictures.py measure pictures and checkpoints that they are given by hand.
bench: setup  ## speed and memory, one script per claim
	@for script in $(filter-out %/latent_seam.py %/strategies.py %/large_pictures.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

$(VENV)/.installed-docs: $(VENV)/.installed
	@$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[docs]'
	@touch $@

docs: $(VENV)/.installed-docs  ## the pages as a site in build/site
	$(BIN)/mkdocs build --strict

clean:  ## remove the environment and caches; runs and data stay
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .import_linter_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
