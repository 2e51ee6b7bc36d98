# make reproduce   from parameters to report
# make test        the tests and the linters
# make help        all targets
#
# Needs Python 3.11 or newer and make. Everything is installed into .venv; after that nothing needs the network.

VENV  := .venv
STAMP := $(VENV)/.installed
# The first Python that is new enough; PYTHON=/path/to/python3.12 names another.
PYTHON := $(shell for python in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$python"; break; }; done)

export PATH := $(abspath $(VENV)/bin):$(PATH)
export HF_HUB_OFFLINE := 1
export DVC_NO_ANALYTICS := 1
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help install reproduce test rehearse lint format report lock clean

help:
	@echo "make reproduce             run what is missing and open with results/<scale>/report/index.html"
	@echo "make reproduce PRETRAIN=1  the same, pre-training the miniature CLIPs anew (some 40 minutes more on two free cores)"
	@echo "make test                  tests and linters"
	@echo "make rehearse              every learner and protocol for one step on full-size CLIPs with random weights"
	@echo "make lint                  linters only         make format   let them rewrite the files"
	@echo "make lock                  renew requirements.lock (needs uv)"
	@echo "make clean                 remove what a run leaves beside its results: logs, caches, finished cells"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml tools/install.py
	@test -n "$(PYTHON)" || { echo "reprompt: no Python 3.11 or newer found (python3 is: $$(python3 -V 2>&1)); install one," \
		"or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "reprompt: $(PYTHON) is not Python 3.11 or newer ($$("$(PYTHON)" -V 2>&1))" >&2; exit 1; }
	@"$(PYTHON)" tools/install.py $(VENV)

reproduce: $(STAMP)
	@reprompt reproduce $(if $(PRETRAIN),--pretrain)

test: $(STAMP) lint
	@python -m pytest -n 2 --dist loadgroup

rehearse: $(STAMP)
	@python -m pytest -n 0 -s tests/rehearsal

lint: $(STAMP)
	@ruff check --quiet .
	@ruff format --check --quiet .
	@PYTHONPATH=src lint-imports --no-logo --no-cache
	@snakefmt --check Snakefile rules
	@snakemake --lint

format: $(STAMP)
	@ruff check --fix --quiet . ; ruff format --quiet . ; snakefmt Snakefile rules

lock:
	env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL uv pip compile --no-config --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements.lock

clean:
	rm -rf logs .cells .reprompt .snakemake .pytest_cache .ruff_cache
