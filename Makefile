# The whole project by name. Everything runs in .venv, which is made when it is missing.
#   make reproduce     all lessons (quick profile) and the report
#   make test          the tests
#   make lab           JupyterLab
# Without make (Windows), README.md has the same steps by hand.

PYTHON ?= python3
PROFILE ?= quick
BIN := .venv/bin
STAMP := .venv/.installed
# A file's tests stay together, since they share what they prepare, in the order of the files.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install reproduce smoke test attacks lint format figures notebooks lab lesson book clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), f"Python >= 3.11 is needed, {sys.version.split()[0]} was found; say make PYTHON=python3.12"'
	@echo "Making .venv and installing (7 GB with PyTorch's CUDA libraries, a few minutes) ..."
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[dev,export]'
	@touch $(STAMP)

install: $(STAMP)  ## .venv with everything in it

reproduce: $(STAMP)  ## run every lesson headlessly and write out/quick/report.html (PROFILE=smoke|quick|paper)
	@$(BIN)/scn reproduce --profile $(PROFILE)

smoke: $(STAMP)  ## every lesson in miniature: does it run?
	@$(BIN)/scn reproduce --profile smoke

test: $(STAMP)  ## the tests
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

attacks: $(STAMP)  ## attack everything that reads, writes or runs; what was tried: data/results/attacks.csv
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) tests/robustness --attacks data/results/attacks.csv

lint: $(STAMP)  ## style, and that the notebooks are those of notebooks/source
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m scnlib.course.notebooks --check

format: $(STAMP)  ## mend the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

figures: $(STAMP)  ## figures/ from data/results
	$(BIN)/python -m scnlib.figures

notebooks: $(STAMP)  ## notebooks/*.ipynb from notebooks/source
	$(BIN)/python -m scnlib.course.notebooks

lab: $(STAMP)  ## JupyterLab at the first lesson
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

lesson: $(STAMP)  ## one lesson headlessly: make lesson NN=04 PROFILE=quick
	@$(BIN)/scn reproduce $(NN) --profile $(PROFILE)

book: $(STAMP)  ## a site of the executed lessons, to read without network: out/book/index.html (PROFILE=quick)
	@$(BIN)/python -c 'import myst_nb, sphinx_book_theme, ziamath' 2>/dev/null || $(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[dev,book]'
	@$(BIN)/python -m book.build --profile $(PROFILE)

clean:  ## remove what runs and renders wrote; .venv and data/results stay
	rm -rf out data/cache .pytest_cache .ruff_cache *.egg-info
	find scnlib tests -name __pycache__ -type d -prune -exec rm -rf {} +
