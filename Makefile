# Everything a newcomer needs: `make ask Q="…"` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
Q ?= Quanti accordi hanno firmato Stati Uniti e Kazakistan?
export Q

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev ask serve test lint gate eval bench train clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(VENV)/.base  ## make .venv with the rag command in it (doing it twice costs nothing)

ask: setup  ## ask the documents: make ask Q="…" (builds the index on first use)
	@$(BIN)/rag ask "$$Q"

serve: setup  ## the web page and the API on http://127.0.0.1:8000
	@$(BIN)/rag serve

test: $(VENV)/.dev  ## all tests, with coverage
	@$(BIN)/python -m pytest -q -n auto --dist loadfile --ignore=tests/web --cov --cov-report=
	@$(BIN)/python -m pytest -q tests/web --cov --cov-append --cov-report=term:skip-covered --cov-report=xml

lint: $(VENV)/.dev  ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

gate: $(VENV)/.dev  ## fail when a retrieval or abstention figure fell below eval/expected.json
	@$(BIN)/rag index --quiet
	@$(BIN)/rag eval --gate

eval: $(VENV)/.dev  ## run the evaluation set on the seeds and write the report
	@$(BIN)/rag index --quiet
	@$(BIN)/rag eval

train: $(VENV)/.train  ## make the bundled model and translation table again, from ../shared/data
	@$(BIN)/python -m training.translation
	@$(BIN)/python -m training.run

clean:  ## remove the environment and everything generated
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage coverage.xml
	find index -mindepth 1 ! -name README.md -delete

# Each stamp is newer than what it was installed from, so that doing it twice costs nothing.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Fonte needs Python 3.11 or newer.") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Setting up .venv (once) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

# torch first and pinned: left to itself, another package pulls in several GB of CUDA.
$(VENV)/.torch: constraints.txt | $(VENV)/bin/python
	@echo "Installing torch (once) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH_OPTIONS) \
	  "$$(grep '^torch==' constraints.txt)"
	@touch $@

$(VENV)/.dev: $(VENV)/.base $(VENV)/.torch
	@echo "Installing what the tests need (once) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

$(VENV)/.train: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[train]"
	@touch $@
