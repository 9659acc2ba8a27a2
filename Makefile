# Everything runs from here. `make` alone lists the targets; each does its own set-up.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PORT ?= 8000
VENV := .venv
BIN  := $(VENV)/bin
# Set-up runs again only when the lock's content changes, whatever git does to its time.
LOCKED := $(VENV)/locked-$(firstword $(shell sha256sum requirements/dev.txt))

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: $(LOCKED) ## the virtual environment with the locked packages
$(LOCKED):
	@requirements/install.sh $(VENV)
	@rm -f $(VENV)/locked-* && touch $@

.PHONY: help setup
