# Both commands create their own environment in .venv from Python 3.11 or newer and the package registry.
# Elsewhere than on Linux, or with PyTorch's CPU index in PIP_ARGS, torch is the small CPU build:
#   make demo PIP_ARGS="--extra-index-url <PyTorch's CPU index>"
PYTHON ?= python3
PIP_ARGS ?=
VENV ?= .venv
RUN = $(VENV)/bin
# how many processes run the tests; each takes about 1 GiB of memory. One more than two cores: some tests wait
JOBS ?= 3
# bytecode is kept whatever the environment says: the tests start some hundred processes that import the package
TESTS = PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(RUN)/python -m pytest

.PHONY: demo test test-all lint clean

demo: $(VENV)/.installed
	$(RUN)/autofas demo

test: $(VENV)/.installed-test
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(TESTS) -m "not slow" -n $(JOBS) --dist loadfile

# the campaigns that take long: fault injection, larger fuzzing
test-all: $(VENV)/.installed-test
	$(TESTS) -n $(JOBS) --dist loadfile

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "autofas needs Python 3.11 or newer: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python setup.cfg setup.py constraints.txt
	@echo "1 of 2: torch: 200 MB, or on Linux 3 GB with CUDA unless PIP_ARGS names PyTorch's CPU index (see README)"
	$(RUN)/python -m pip install $(PIP_ARGS) -c constraints.txt torch
	@echo "2 of 2: autofas, and its search kernels where there is a C++ compiler: half a minute"
	$(RUN)/python -m pip install $(PIP_ARGS) -c constraints.txt -e .
	@$(RUN)/python -m autofas.models.kernels.library
	@echo "Installed. To use it yourself: . $(VENV)/bin/activate"
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing what the tests need into $(VENV)"
	$(RUN)/python -m pip install $(PIP_ARGS) --no-compile -c constraints.txt -e ".[test,dev,data]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info runs/demo
