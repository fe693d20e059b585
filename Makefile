# Everything a developer does here. `make` alone tells what there is; each target sets up what it needs.
# Written for GNU Make 3.81 and newer, which is what macOS has.

PORT ?= 5000
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

BIN := .venv/bin
READY := .venv/ready
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help dev test check env lock build clean

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1@\2/p' Makefile | awk -F@ '{printf "  %-12s %s\n", $$1, $$2}'

dev: $(READY) ## Run everything here: http://localhost:5000 (PORT=5000 CATALOG=export.csv SHOPIFY_PLAN=plus)
	@exec $(BIN)/python -m local --port $(PORT) $(if $(CATALOG),--catalog '$(CATALOG)') \
	    $(if $(SHOPIFY_PLAN),--shopify-plan $(SHOPIFY_PLAN))

test: $(READY) ## Run all tests and measure their coverage (ARGS="-k login" for some of them)
	@$(BIN)/python -m pytest -n auto --cov --durations=5 $(ARGS)

check: $(READY) ## Check format, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

env: $(READY) ## Write a .env with fresh secrets, ready to be filled in
	@$(BIN)/python -m local.environment --write .env

lock: $(READY) ## Pin the dependencies that pyproject.toml names, with the hash of each file
	@$(COMPILE) --output-file lib/requirements.txt pyproject.toml
	@$(COMPILE) --extra dev --constraint lib/requirements.txt --output-file requirements-dev.txt pyproject.toml

build: $(READY) ## Fill lib/virtualenv with what every function carries; a deployment does this by itself
	@PYTHON=$(abspath $(BIN)/python) lib/build.sh

clean: ## Remove what these targets made, except .env and the local bucket
	@rm -rf .venv lib/virtualenv .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov test-results
	@find lib local packages tests \( -name __pycache__ -o -name __deployer__.zip -o -name .deployed \) -prune -exec rm -rf {} +

$(READY): requirements-dev.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Stockroom needs Python 3.11 or newer: install it, or name it with PYTHON=path/to/python3.11." >&2; exit 1; }
	@echo "Installing what requirements-dev.txt pins into .venv; the first time this takes about a minute."
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $(READY)
