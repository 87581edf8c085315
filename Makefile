# The door: a clean clone needs Python 3.11 (or newer) and make. uv is used when it is there.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench prove

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
ASSETS := static/vendor/.stamp
PY ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := $(shell command -v uv 2>/dev/null)
INSTALL = $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,\
	$(BIN)/python -m pip install --quiet --disable-pip-version-check)
ARGS ?=

help:
	@echo "make run    start the dashboard with demo data"
	@echo "make test   run the tests            (ARGS=\"-k word\" goes to pytest)"
	@echo "make check  lint, types, templates"
	@echo "make bench  measure imports and exports against psql, sqlite3, SQL by hand and others"
	@echo "make prove  the long proofs: random kills, big files, round trips, undo"

run: $(RUNTIME) $(ASSETS)
	@exec $(BIN)/python -m scripts.run

test: $(DEV) $(ASSETS)
	@$(BIN)/python -m pytest -n 3 --dist loadscope $(ARGS)

check: $(DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/djlint templates --lint --quiet

bench: $(DEV)
	@$(BIN)/python -m bench $(ARGS)
	@$(BIN)/python -m bench.upsert $(filter --save,$(ARGS))
	@$(BIN)/python -m bench.workbook $(filter --save,$(ARGS))
	@$(BIN)/python -m bench.export $(filter --save,$(ARGS))
	@$(BIN)/python -m bench.xlsx_writing $(filter --save,$(ARGS))

prove: $(DEV)
	@$(BIN)/python -m bench.prove $(ARGS)
	@$(BIN)/python -m bench.conversation $(filter --sqlite,$(ARGS))
	@$(BIN)/python -m bench.export_kills $(filter --sqlite,$(ARGS))
	@$(BIN)/python -m bench.sync_kills $(ARGS)

setup: $(DEV) $(ASSETS)

$(BIN)/python:
	@test -n "$(PY)" || { echo "JobEngine needs Python 3.11 or newer on PATH (or: make PY=/path/to/python)."; exit 1; }
	@echo "Making the environment in $(VENV) ..."
	@$(if $(UV),$(UV) venv --quiet --seed --allow-existing --python $(PY) $(VENV),$(PY) -m venv $(VENV))

$(RUNTIME): requirements.txt | $(BIN)/python
	@echo "Installing Python packages ..."
	@$(INSTALL) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing the tools for tests and checks ..."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

$(ASSETS): package.json package-lock.json scripts/assets.py | $(RUNTIME)
	@echo "Fetching the front-end packages ..."
	@$(BIN)/python scripts/assets.py
	@mkdir -p $(@D) && touch $@
