.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
KATEX := tools/node_modules/katex/package.json
AXE := tests/book/node_modules/axe-core/axe.min.js
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help book test lint unit doctest nbval pages notebooks lab bench accuracy format peers clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

book: $(READY) $(KATEX) ## build the HTML book from the notebooks' stored outputs
	@rm -rf _build
	@$(BIN)/jupyter-book build -W -n --keep-going --quiet . >/dev/null
	@echo "The book is built: open file://$(CURDIR)/_build/html/index.html"

test: lint unit doctest nbval book pages ## run every check

lint: $(READY) ## check style, format and the notebooks' stored form
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/notebooks.py --check

unit: $(READY) ## run the unit tests
	$(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/book tests

doctest: $(READY) ## run the examples in docstrings and in the Markdown pages
	$(BIN)/python -m pytest --doctest-modules --doctest-glob '*.md' lossbook README.md index.md

nbval: $(READY) ## execute every notebook and compare with its stored outputs
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg \
		-n auto --dist loadfile chapters reference

pages: $(READY) $(AXE) ## check the built pages: links, accessibility, phone, offline
	$(BIN)/python -m pytest -n auto tests/book

notebooks: $(READY) ## execute the notebooks, store their outputs, draw the shell's figures
	$(BIN)/python tools/figures.py
	$(BIN)/python tools/notebooks.py

lab: $(READY) ## open JupyterLab on the chapters
	$(BIN)/jupyter lab chapters

bench: peers ## measure speed and memory beside the other libraries
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.network

accuracy: $(READY) ## measure rounding errors against multiple precision
	$(BIN)/python -m benchmarks.accuracy --output benchmarks/accuracy.json

format: $(READY) ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

peers: $(READY) ## install the other libraries that we compare with
	$(PIP) -r requirements-peers.txt

clean: ## remove what was built, except the environment
	rm -rf _build .hypothesis .pytest_cache .ruff_cache tests/book/node_modules tools/node_modules
	find lossbook tests tools -name __pycache__ -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing what requirements.txt names into $(VENV)"
	@$(PIP) -r requirements.txt -e .
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "lossbook needs Python 3.11 or newer and $(PYTHON) is not: name another one, as in: make PYTHON=python3.13 book" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make a virtual environment: install its venv module (on Debian: apt install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# KaTeX comes from npm; where it cannot be had, MathJax sets the mathematics in the browser.
$(KATEX): tools/package.json
	@npm install --silent --no-package-lock --prefix tools && touch $@ || \
		echo "npm could not install KaTeX: MathJax will set the mathematics when a page is opened"

# axe-core comes from npm; where it cannot be had, the test that needs it says so and is skipped.
$(AXE): tests/book/package.json
	@npm install --silent --no-package-lock --prefix tests/book && touch $@ || \
		echo "npm could not install axe-core: accessibility will not be checked"
