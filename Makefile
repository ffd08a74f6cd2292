# make run: a network learns on the simulated bench.   make test: everything a newcomer should run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := $(VENV)/bench/.installed

# What PyQt5 takes from the system; a wheel brings neither libraries of the screen nor a font.
QT_NEEDS := libgl1 libglib2.0-0 libfontconfig1 libxkbcommon-x11-0 libdbus-1-3 fonts-dejavu-core
QT_WORKS := import sys; from PyQt5.QtWidgets import QApplication; from PyQt5.QtGui import \
  QFontDatabase; app = QApplication([]); sys.exit(not QFontDatabase().families())

.PHONY: run test check bench safety screenshots lint types laws tests clean

run: $(STAMP)
	$(BIN)/mtjlab run noise_learning

test: $(STAMP) lint types laws tests

check: $(STAMP) lint types laws
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

laws: $(STAMP)
	$(BIN)/lint-imports

tests: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(STAMP) $(PEERS)
	$(BIN)/python -m benchmarks

# Every death and every fault on every instrument; takes most of an hour, and writes docs/safety.md.
safety: $(STAMP)
	$(BIN)/python -m benchmarks.safety

# What `make bench` compares with. Beside the environment: badcrossbar brings a package `tests`.
$(PEERS): $(STAMP)
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target $(VENV)/bench \
	  badcrossbar==1.1.0 pathvalidate==3.3.1
	@touch $@

# Pictures of the window for the pages, from real sessions on the twin.
screenshots: $(STAMP)
	$(BIN)/python docs/screenshots.py

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# Debian and Ubuntu ship python3 without ensurepip: say which package, and install it when we may.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "mtjlab needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python has no venv: needs the package python3-venv"; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && apt-get install -y -q python3-venv; \
	  else echo "install it with: sudo apt-get install python3-venv"; exit 1; fi; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -c '$(QT_WORKS)' 2>/dev/null || { \
	  echo "Qt lacks libraries of the system, or a font: needs $(QT_NEEDS)"; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && apt-get install -y -q $(QT_NEEDS); \
	  else echo "until then \`mtjlab gui\` and its tests do not work"; fi; }
	@touch $@
