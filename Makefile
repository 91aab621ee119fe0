# One command for each thing a developer does. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.stamp-run
DEV := $(VENV)/.stamp-dev
PYTEST := $(BIN)/python -m pytest

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PIP_NO_INPUT := 1
PIP := $(BIN)/python -m pip install -qq

.PHONY: help run test check unit e2e bench bench-floods bench-hostile bench-growth bench-reading bench-verify kills soak fuzz properties cover format venv dist lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# With job control a terminal is the demo's alone, so that Ctrl-C ends the demo in order and not make.
run: $(RUN) ## the demo: a daemon, sample mail, and what became of it
	@if [ -t 0 ]; then set -m; $(BIN)/bccd demo; else exec $(BIN)/bccd demo; fi

# Two at a time: half of the time is waiting for daemons. A file stays with one worker, for what its tests share.
test: $(DEV) ## every test; what lacks a server is skipped and named at the end
	$(PYTEST) -n 2 --dist loadfile

check: $(DEV) ## format, lint, types, layers and the fast tests: before every commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -m "not e2e and not postfix and not db and not corpora and not slow"

unit: $(DEV) ## only the fast tests
	$(PYTEST) -m "not e2e and not postfix and not db and not corpora and not slow"

e2e: $(DEV) ## only the tests that start a real daemon or a real Postfix
	$(PYTEST) -m "e2e or postfix"

# FUZZ_TARGETS names some of tests/fuzz/targets.py, FUZZ_SECONDS how long each is tried (180), FUZZ_SEED repeats a run.
fuzz: $(DEV) ## mutate what strangers send, 3 minutes a reader; FUZZ_SECONDS=20 for a short look
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=$(FUZZ_SEED) $(BIN)/python -m tests.fuzz $(FUZZ_TARGETS)

properties: $(DEV) ## the property tests with many more examples
	$(PYTEST) tests/properties --hypothesis-profile=fuzz --timeout=0

cover: $(DEV) ## every test, then which lines and branches no test reached
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

bench: $(DEV) ## bccd beside Postfix and others: what must be reached, and what is
	$(BIN)/python -m benchmarks

bench-floods: $(DEV) ## how long users wait while strangers flood the drop address
	$(BIN)/python -m benchmarks.floods

bench-hostile: $(DEV) ## what a daemon takes while peers do their worst: memory, other clients' replies
	$(BIN)/python -m benchmarks.hostile

bench-growth: $(DEV) ## whether filing and reading slow down at a million messages (takes long, 8 GB)
	$(BIN)/python -m benchmarks.growth

bench-reading: $(DEV) ## how well and how fast mail is read, the best peer beside ours
	$(BIN)/python -m benchmarks.reader

bench-verify: $(DEV) ## what it costs to find out who sent a mail, of 4 KB and of 25 MB
	$(BIN)/python -m benchmarks.verify

kills: $(DEV) ## kill the daemon 200 times on each database: no mail may be lost or doubled
	$(BIN)/python -m benchmarks.kills

soak: $(DEV) ## 30 minutes of mixed load with faults on each database: memory and descriptors must stay flat
	$(BIN)/python -m benchmarks.soak $(if $(MINUTES),--minutes $(MINUTES))

format: $(DEV) ## rewrite the code into house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

dist: $(DEV) ## an sdist and a wheel in dist/
	$(BIN)/python -m hatchling build

venv: $(DEV) ## only make .venv

# uv writes hashes for every platform and Python at once, which pip cannot; it is not needed otherwise.
UV ?= uv
LOCK := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: ## write requirements/*.txt anew from *.in (needs uv)
	cd requirements && $(LOCK) $(LOCKFLAGS) run.in -o run.txt
	cd requirements && $(LOCK) $(LOCKFLAGS) -c run.txt build.in -o build.txt
	cd requirements && $(LOCK) $(LOCKFLAGS) postgres.in -o postgres.txt
	cd requirements && $(LOCK) $(LOCKFLAGS) dev.in -o dev.txt

clean: ## remove .venv and everything that was built or cached
	rm -rf $(VENV) build dist .coverage .coverage.* htmlcov
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find bccd tests benchmarks migrations -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# A stamp is newer than the locks it was installed from; when a lock changes, pip brings .venv to it.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "bccd needs Python 3.11 or newer, and $(PYTHON) was not found: install it or name it with PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "bccd needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V): name a newer one with PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make a virtual environment: install its venv module (on Debian: apt-get install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements/run.txt requirements/build.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@
	@touch $(RUN)
