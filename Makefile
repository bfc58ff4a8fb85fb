# One job: make the environment once, and run the program, its tests and its benchmarks in it.
# Needs only git, make and a Python of 3.12 or later; uses uv where it works, since it is many times faster.

VENV ?= .venv
PYTHON := $(VENV)/bin/python
PINS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo app test test-all lint bench constraints environment clean

help:
	@echo "make demo      compare seven ways of paying providers in Yuncheng, and its own mix, into out/demo"
	@echo "make app       open the page"
	@echo "make test      run the tests (quick);  make test-all  also the slow ones, with many more examples"
	@echo "make lint      check style and types"
	@echo "make bench     measure speed and memory"
	@echo "make clean     remove what make and the tests made, and the environment"

demo: $(VENV)/.has-run
	$(VENV)/bin/yibao compare --city yuncheng --policies ffs,quota,drg,dip,capitation,package,global,yuncheng_2021 --scale 0.02 --years 3 --seeds 4 --out out/demo

app: $(VENV)/.has-app
	$(VENV)/bin/yibao app

test: $(VENV)/.has-dev
	YIBAO_PROFILE=ci $(PYTHON) -m pytest

test-all: $(VENV)/.has-dev
	YIBAO_PROFILE=nightly $(PYTHON) -m pytest -m ""

lint: $(VENV)/.has-dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

bench: $(VENV)/.has-dev
	$(PYTHON) -m benchmarks

environment: $(VENV)/.has-dev

# The pins are remade from pyproject.toml by uv alone: pip cannot solve for other systems than its own.
constraints:
	(sed '/^[^#]/,$$d' constraints.txt; uv pip compile pyproject.toml --all-extras --universal --python-version 3.12 \
	  --upgrade --no-header --no-annotate --no-emit-index-url) > constraints.new
	mv constraints.new constraints.txt

clean:
	rm -rf out/demo dist .venv .venv-ci .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment, filled in steps: what runs the program, what the page needs without the internet, what the tests need.
$(VENV)/.has-run: $(PINS)
	@sh .ci/environment $(VENV) .
	@touch $@

$(VENV)/.has-app: $(PINS)
	@sh .ci/environment $(VENV) '.[offline]'
	@touch $@ $(VENV)/.has-run

$(VENV)/.has-dev: $(PINS)
	@sh .ci/environment $(VENV) '.[offline,dev]'
	@touch $@ $(VENV)/.has-app $(VENV)/.has-run
