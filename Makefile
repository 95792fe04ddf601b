.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
KATEX := tools/node_modules/katex/package.json
AXE := tests/book/node_modules/axe-core/axe.min.js
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SCHEMA := $(BIN)/check-jsonschema --quiet --builtin-schema

.PHONY: help book pdf epub test lint types unit engine compiled doctest nbval pages coverage notebooks messages lab bench \
	accuracy format hooks addresses peers lock dist clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

book: $(READY) $(KATEX) ## build the HTML book, in English and Chinese, from the notebooks' stored outputs
	@rm -rf _build
	@$(BIN)/python tools/chinese.py & chinese=$$!; \
	$(BIN)/jupyter-book build -W -n --keep-going --quiet . >/dev/null; english=$$?; \
	wait $$chinese && exit $$english
	@echo "The book is built: open file://$(CURDIR)/_build/html/index.html"

pdf: book ## print the whole book to _build/lossbook.pdf (needs Chromium)
	@$(BIN)/python tools/pdf.py

epub: book ## pack the whole book as _build/lossbook.epub for electronic readers
	@$(BIN)/python tools/epub.py

test: lint types unit engine doctest nbval book pages ## run every check

lint: $(READY) ## check style, notebooks' stored form, workflows, addresses
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/notebooks.py --check
	$(BIN)/python tools/addresses.py --check
	$(SCHEMA) vendor.github-workflows .github/workflows/*.yml
	$(SCHEMA) vendor.dependabot .github/dependabot.yml
	$(SCHEMA) vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(SCHEMA) vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(SCHEMA) vendor.citation-file-format CITATION.cff
	$(BIN)/zizmor --offline --quiet --persona pedantic .github
	$(BIN)/pre-commit validate-config

types: $(READY) ## check the types of the package and of the documented calls
	$(BIN)/mypy --package lossbook
	$(BIN)/mypy tests/typing
	$(BIN)/basedpyright tests/typing
	$(BIN)/python tools/typed.py

unit: $(READY) ## run the unit tests
	$(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/book tests

engine: $(READY) ## compare every loss with its reference, with the compiled engine
	LOSSBOOK_ENGINE=numba $(BIN)/python -m pytest -n auto -k 'not float32' tests/test_reference.py

compiled: $(READY) ## run all tests of the losses again, with the compiled engine
	LOSSBOOK_ENGINE=numba $(BIN)/python -m pytest -n auto --dist loadfile \
		tests/core tests/losses tests/test_accuracy.py tests/test_laws.py tests/test_reference.py

doctest: $(READY) ## run the examples in docstrings and in the Markdown pages
	$(BIN)/python -m pytest --doctest-modules --doctest-glob '*.md' lossbook README.md index.md

nbval: $(READY) ## execute every notebook and compare with its stored outputs
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg \
		-n auto --dist loadfile chapters reference

pages: $(READY) $(AXE) ## check the built pages: links, accessibility, phone, offline
	$(BIN)/python -m pytest -n auto tests/book

coverage: peers ## run the unit tests and list the lines of the package that they miss
	$(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/book \
		--cov --cov-report term-missing tests

notebooks: peers ## execute the notebooks, store their outputs, draw the shell's figures
	$(BIN)/python tools/figures.py
	$(BIN)/python tools/notebooks.py

messages: $(READY) $(KATEX) ## bring the catalogues of the Chinese edition up to date with the text
	@$(BIN)/python tools/messages.py

lab: $(READY) ## open JupyterLab on the chapters
	$(BIN)/jupyter lab chapters

bench: peers ## measure speed and memory beside the other libraries
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.network
	$(BIN)/python -m benchmarks.scaling

accuracy: $(READY) ## measure rounding errors against multiple precision
	$(BIN)/python -m benchmarks.accuracy --output benchmarks/accuracy.json

format: $(READY) ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: $(READY) ## run make lint before every commit
	$(BIN)/pre-commit install

addresses: $(READY) ## write the project's address, set in _config.yml, into all other files
	$(BIN)/python tools/addresses.py

peers: $(READY) ## install the other libraries that we compare with
	$(PIP) -r requirements-peers.txt

lock: ## make the environment anew, with the newest releases allowed, and pin what it holds
	rm -rf $(VENV)
	: > constraints.txt
	$(MAKE) peers
	$(BIN)/python tools/lock.py > constraints.txt
	@touch $(READY)

dist: $(READY) ## build the wheel and the source archive into dist/
	$(BIN)/python -m hatchling build

clean: ## remove what was built, except the environment
	rm -rf _build dist .coverage .hypothesis .pytest_cache .ruff_cache tests/book/node_modules tools/node_modules
	find lossbook tests tools -name __pycache__ -exec rm -rf {} +

$(READY): requirements.txt constraints.txt pyproject.toml | $(BIN)/python
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
