# make demo   serve the example ERP on http://localhost:5000
# make test   run every test; installs what they need
# make check  lint and types
# make words  list words to replace with plain English
# make dist   build the sdist and the wheel into dist/
# make docs   make a site of the docs in docs/_build
# make bench  measure against the peers and write docs/benchmarks.md
# make endurance  a quarter of an hour of load, kills, steps and full disks
# make fuzz   throw hostile octets at what strangers can write to
# make pictures  take the pictures of the docs

PYTHON ?= python3
PORT ?= 5000
VENV := .venv
BIN := $(VENV)/bin
JUDGES := tests/judges/node_modules
# pip takes dependency groups from 25.1 on.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
.DEFAULT_GOAL := help

.PHONY: help demo test check words format dist docs bench endurance fuzz pictures clean

help:
	@sed -n 's/^# make/make/p' Makefile

$(BIN)/python:
	sh scripts/make-venv.sh $(PYTHON) $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.develop: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --upgrade pip
	$(PIP) install --constraint constraints.txt --editable . --group test --group check --group bench
	@touch $@ $(VENV)/.demo

$(JUDGES)/.installed: tests/judges/package.json tests/judges/.npmrc | $(VENV)/.develop
	$(BIN)/npm --prefix tests/judges install
	@touch $@

demo: $(VENV)/.demo
	@$(BIN)/python -m example_app --port $(PORT)

test: $(VENV)/.develop $(JUDGES)/.installed
	sh scripts/system-packages.sh chromium default-jre-headless nginx redis-server
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term-missing:skip-covered

check: $(VENV)/.develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python scripts/check_words.py src example_app docs README.md
	$(BIN)/python -m readme_renderer README.md --output /dev/null

words: $(VENV)/.develop
	$(BIN)/python scripts/check_words.py

format: $(VENV)/.develop
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.develop
	$(PIP) install --constraint constraints.txt --group docs
	$(BIN)/python -m sphinx --fail-on-warning --quiet docs docs/_build

dist: $(VENV)/.develop
	$(BIN)/python -m build --no-isolation

bench: $(VENV)/.develop
	sh scripts/system-packages.sh chromium redis-server wrk
	$(BIN)/python -m benchmarks

endurance: $(VENV)/.develop
	sh scripts/system-packages.sh redis-server
	$(BIN)/python -m pytest tests/endurance -o python_files='endure_*.py' -p no:randomly -v

fuzz: $(VENV)/.develop
	$(PIP) install --constraint constraints.txt --group fuzz
	$(BIN)/python -m tests.fuzz

pictures: $(VENV)/.develop
	$(BIN)/python scripts/take_pictures.py

clean:
	rm -rf $(VENV) $(JUDGES) .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
