# One command per job; every job sets up what it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# uv is minutes faster; pip is asked where uv finds no registry.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The tests of the whole system mostly wait: one worker more than there are cores keeps these busy.
WORKERS = $(shell $(BIN)/python -c "import os; print(os.cpu_count() + 1)")
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python

.PHONY: setup run test lint bench docs postgis lock clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "Graphmill needs Python 3.11 or newer: make PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --constraint requirements.lock uv
	$(UV) --requirement requirements.lock || $(PIP) --requirement requirements.lock
	$(UV) --no-deps --editable . || $(PIP) --no-deps --editable .
	@touch $@

run: setup
	$(BIN)/python -m examples.serve

# Bytecode is kept even where the environment forbids it: each worker and each process that a test starts would compile
# everything again.
test: export PYTHONDONTWRITEBYTECODE =
test: setup
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup --no-loadscope-reorder --cov --cov-report=term:skip-covered --cov-fail-under=95

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks

docs: setup
	$(BIN)/python -m docs.generate

# Debian's PostGIS, so that its tests are not skipped; as root. No server of Debian's is started.
postgis:
	mkdir -p /etc/postgresql-common/createcluster.d
	echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/graphmill.conf
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends postgresql-postgis

# Pins every dependency, without addresses.
lock:
	$(BIN)/uv pip compile pyproject.toml --group dev --no-emit-index-url --no-header --no-annotate --python-version 3.11 --output-file requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
