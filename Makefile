# Everything runs from here; `make` alone lists the targets. Each does its own set-up first.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# Images of containers like to forbid bytecode; then every command here compiles all libraries for itself.
unexport PYTHONDONTWRITEBYTECODE

PORT ?= 8000
TESTS ?= -n 2
POINTS ?= 500
SEED ?= 1
VENV := .venv
BIN  := $(VENV)/bin
GATE := .ci/gate
CODE := $(wildcard web bot payments models tests wsgi.py .ci/audit.py .ci/leaks.py)
# Set-up runs again only when the lock's content changes, whatever git does to its time.
LOCKED := $(VENV)/locked-$(firstword $(shell sha256sum requirements/dev.txt))

help: ## this list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

setup: $(LOCKED) ## make the virtual environment with the locked packages
	@:
$(LOCKED):
	@requirements/install.sh $(VENV)
	@rm -f $(VENV)/locked-* && touch $@

demo: setup ## the whole product in one process, on SQLite, at 127.0.0.1 (PORT=8000)
	@$(BIN)/flask --app wsgi demo --port $(PORT)

test: setup ## all tests, on SQLite and on PostgreSQL
	@$(BIN)/python -m tests.support.browser
	@$(BIN)/pytest $(TESTS)

check: setup ## every gate, then all tests: what CI runs
	@$(GATE) ruff      $(BIN)/ruff check $(CODE)
	@$(GATE) format    $(BIN)/ruff format --check $(CODE)
	@$(GATE) mypy      $(BIN)/mypy $(CODE)
	@$(GATE) imports   $(BIN)/lint-imports
	@$(GATE) templates $(BIN)/djlint templates --lint --check
	@$(GATE) deptry    $(BIN)/deptry .
	@$(GATE) database  $(BIN)/flask --app wsgi db check
	@$(GATE) audit     $(BIN)/python .ci/audit.py
	@$(GATE) leaks     $(BIN)/python .ci/leaks.py
	@$(MAKE) test

bench: setup ## what Till costs, against references of the same run (BENCH="pages start": only those)
	@$(BIN)/python -m tests.bench $(BENCH)

prove: setup ## the long proofs: kills (POINTS=500 SEED=1), floods, full disks, failovers; ends with a table of figures
	@$(BIN)/pytest -p no:randomly -o faulthandler_timeout=3600 -m prove --points $(POINTS) --seed $(SEED)

fuzz: setup ## the tests that make up their own input, with far more of it
	@$(BIN)/pytest $(TESTS) -m fuzz --hypothesis-profile=fuzz -rP

lock: ## renew requirements/*.txt from pyproject.toml (UPGRADE=--upgrade for newer versions)
	@requirements/lock.sh $(UPGRADE)

format: setup ## format the code and the templates
	@$(BIN)/ruff check --fix --exit-zero --quiet $(CODE)
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/djlint templates --reformat --quiet || true

clean: ## remove the virtual environment, the caches and the demo's files
	@rm -rf $(VENV) $(VENV)-lock .*_cache .hypothesis artefacts var
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup demo test check bench prove fuzz lock format clean
