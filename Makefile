# Every target sets up what it needs in $(VENV); stamp files there make the second time quick.
#   PYTHON=python3.10    the Python to use instead of the one that tools/find_python.sh picks
#   VENV=.venv310        another folder, to keep two Pythons side by side
#   OTHER=python3.10     the Python of test-other, of the other TensorFlow; it goes to $(OTHER_VENV)
#   OUTPUT=DIR           where quickstart writes
#   DATA=DIR             the downloaded Ali-CCP files;  ARGS='--max_bad_rows 200' more arguments for aliccp
#   MODEL=DIR            the export that serve-check asks, instead of samples
#   TARGET=csv SECONDS=3600 SEED=1  what fuzz feeds, and for how long; config json edits expression csv
#                        tfrecord parquet calibration aliccp, with commas
#   TARGET=init FILES=3000 TRAINED=60  fuzz drafts configs from so many files, and trains on some
#   RUNS=10              trainings of each model for aliccp-table
#   PYTEST_ARGS='-k auc' more arguments for pytest;  JOBS=4 more worker processes

VENV ?= .venv
OTHER_VENV ?= $(VENV)-other
OUTPUT ?= runs/quickstart
JOBS ?= 2
RUNS ?= 10
FILES ?= 3000
TRAINED ?= 60
SEED ?= 1
SECONDS ?= 3600
TARGET ?=
KILLS ?= 300
PYTEST_ARGS ?=
MODEL ?=
ARGS ?=

BIN := $(VENV)/bin
# -qq: errors only; -q would still print a warning per configured location that is absent.
PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check install -qq
SAY_VERSIONS = $(BIN)/python -c 'import platform; from importlib.metadata import version; \
    print("Python", platform.python_version(), "with TensorFlow", version("tensorflow"))'
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist loadfile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup quickstart aliccp aliccp-table calibration-table test test-slow fuzz soak test-versions test-other serve-check lint format protos docs cluster-table bench bench-quick check-install dist clean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.installed ## make .venv and install the package there
	@echo "easy_esmm is installed in $(VENV)"

quickstart: $(VENV)/.installed ## simulate impressions, train, evaluate, export and score: under a minute
	@$(SAY_VERSIONS)
	@$(BIN)/python -m easy_esmm.quickstart --output_dir=$(OUTPUT)

aliccp: $(VENV)/.installed ## convert Ali-CCP from DATA=folder, train, evaluate, export; the paper's table
	@$(BIN)/python -m easy_esmm.aliccp_run --data='$(DATA)' $(ARGS)

aliccp-table: $(VENV)/.installed ## the ESMM paper's table from DATA=folder: seven models, each trained RUNS=10 times
	@$(BIN)/python -m easy_esmm.aliccp_table --data='$(DATA)' --runs=$(RUNS) $(ARGS)

calibration-table: $(VENV)/.installed ## calibrated rates against planted truth: the table of docs/calibration.md
	@$(BIN)/python -m benchmarks.calibration $(ARGS)

test: $(VENV)/.test ## run the tests, without the slow ones
	@$(SAY_VERSIONS)
	$(PYTEST) $(PYTEST_ARGS)

test-slow: $(VENV)/.test ## run the slow tests only
	$(PYTEST) -m slow $(PYTEST_ARGS)

fuzz: $(VENV)/.test ## SECONDS=3600 of random inputs for the readers, or for TARGET=config; TARGET=init: drafts
	@if [ '$(TARGET)' = init ]; then \
	    $(BIN)/python -m tests.drafting.fuzz --files=$(FILES) --trained=$(TRAINED) --seed=$(SEED); \
	else \
	    $(BIN)/python -m tests.fuzz.run $(if $(TARGET),--target='$(TARGET)') --seconds=$(SECONDS) --seed=$(SEED); \
	fi

soak: $(VENV)/.test ## kill trainings KILLS=300 times at random points, and compare the weights to the last bit
	$(BIN)/python -m tests.soak --kills=$(KILLS) --seed=$(SEED)

test-versions: $(VENV)/.test ## run the tests that say something about the Python and the TensorFlow
	@$(SAY_VERSIONS)
	$(PYTEST) -m 'versions and not slow' $(PYTEST_ARGS)

# Python 3.12 and later have another TensorFlow than 3.9 - 3.11: docs/compatibility.md.
test-other: $(VENV)/.test ## test-versions on the other TensorFlow; train on one, go on with the other
	@minors=$$($(BIN)/python -c 'import sys; print("11 10 9" if sys.version_info >= (3, 12) else "13 12")'); \
	if ! other=$$(PYTHON='$(OTHER)' sh tools/find_python.sh $$minors 2>&1); then \
	    echo "skipped, for want of a Python with the other TensorFlow: $$other"; \
	else \
	    $(MAKE) --no-print-directory VENV=$(OTHER_VENV) PYTHON="$$other" test-versions && \
	    EASY_ESMM_OTHER_PYTHON=$(abspath $(OTHER_VENV))/bin/python $(BIN)/python -m pytest -m slow tests/across; \
	fi

serve-check: $(VENV)/.test ## ask exports from C++, through TensorFlow Serving's loader; MODEL=DIR: that export
	@TF_CPP_MIN_LOG_LEVEL=3 $(BIN)/python -m tests.serving.serve_check $(if $(MODEL),--model='$(MODEL)')

lint: $(VENV)/.lint ## ruff, format check, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict easy_esmm $(wildcard tools/*.py benchmarks/*.py)
	$(BIN)/lint-imports

format: $(VENV)/.lint ## format the code and mend what ruff can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

protos: $(VENV)/.test ## generate easy_esmm/protos from protos/
	$(BIN)/python tools/make_protos.py

docs: $(VENV)/.test $(VENV)/.bench ## generate the config reference from protos/, docs/performance.md from its figures
	$(BIN)/python tools/config_reference.py
	$(BIN)/python -m benchmarks.page

cluster-table: $(VENV)/.installed ## a cluster on loopback against one process, by seed, on planted data
	@$(BIN)/python -m benchmarks.cluster $(ARGS)

bench: $(VENV)/.installed ## measure start-up, training against its limit, passes, reading, conversion: half an hour
	$(BIN)/python -m benchmarks.bench

bench-quick: $(VENV)/.installed ## measure training against its limit: under two minutes
	$(BIN)/python -m benchmarks.bench --quick

check-install: $(VENV)/.installed ## build sdist and wheel, install in an empty venv outside the clone, train there
	$(BIN)/python tools/check_install.py

dist: $(VENV)/.installed ## build a wheel in dist/
	@rm -rf build
	$(BIN)/python -m pip --disable-pip-version-check wheel -qq --no-deps --wheel-dir dist .

clean: ## remove .venv, .venv-other and everything built; runs/ stays
	rm -rf .venv .venv-other build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find easy_esmm tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# Without PYTHON=... an environment that is there is kept, whatever its Python. With it, the file is
# written anew only where the Python is another, so the one in use already costs nothing.
$(VENV)/.python: $(if $(PYTHON),FORCE)
	@python=$$(PYTHON='$(PYTHON)' sh tools/find_python.sh) || exit 2; \
	if [ "$$(cat $@ 2>/dev/null)" != "$$python" ]; then \
	    echo "making $(VENV) with $$("$$python" -V), $$python"; \
	    "$$python" -m venv --clear $(VENV) && echo "$$python" > $@; \
	fi

$(VENV)/.installed: pyproject.toml setup.py $(VENV)/.python
	@echo "installing easy_esmm and TensorFlow in $(VENV) (minutes the first time)"
	@$(PIP_INSTALL) -e '.[compare,calibrate]'
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	@echo "installing what the tests need"
	@$(PIP_INSTALL) -e '.[test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.installed
	@echo "installing matplotlib"
	@$(PIP_INSTALL) -e '.[bench]'
	@touch $@

$(VENV)/.lint: $(VENV)/.installed
	@echo "installing ruff, mypy and import-linter"
	@$(PIP_INSTALL) -e '.[lint]'
	@touch $@
