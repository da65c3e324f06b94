# Two commands: `make run` for a served list from nothing, `make test` for the fast tests.
# Needs make and Python 3.11 or newer with venv; everything else is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help install install-dev run serve test test-slow check audit bench format lock clean

help:
	@echo "make run        install, then turn the embedded sample into a release"
	@echo "make serve      serve the current release on http://127.0.0.1:8000"
	@echo "make test       install, then the fast tests"
	@echo "make test-slow  the tests that need a browser, PostgreSQL, faults or load"
	@echo "make check      ruff, mypy, import-linter, sqlfluff"
	@echo "make audit      known vulnerabilities of the locked packages, where the database can be reached"
	@echo "make bench      benchmarks, each against another system or a limit"
	@echo "make format     put code and SQL in form"
	@echo "make lock       resolve the dependencies anew"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# The locks name every package with its hashes, so nothing is resolved here and --no-deps is right.
.venv/.installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the locked packages into .venv (a few minutes the first time)"
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	@echo "Installing the development packages"
	@$(PIP) install --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

install: .venv/.installed

install-dev: .venv/.installed-dev

run: install
	@$(BIN)/playbill run

serve: install
	@$(BIN)/playbill serve

# One thread a worker: more of them would wait for each other on two cores.
test: install-dev
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

test-slow: install-dev
	@$(BIN)/python -m pytest -m slow

check: install-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/sqlfluff lint --disable-progress-bar warehouse/sql
	@$(BIN)/python -m pytest tests/architecture

audit: install-dev
	@.ci/audit

bench: install-dev
	@$(BIN)/python -m bench

format: install-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix warehouse/sql

# Needs uv. No index address is written into the locks.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --quiet --extra build -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --quiet --extra build --extra dev --extra postgres -o requirements-dev.lock

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
