# make demo and make test need Python 3.11 or newer and nothing else: they make their own environment in .venv.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
SOMA ?= $(BIN)/soma
DEMO := .demo

.PHONY: demo test tests types checks lint install tools tour bench fuzz clean

demo: install
	@$(MAKE) --no-print-directory tour

# Types are looked at while the tests run, in the time that those leave: they often wait for processes they started.
test: tools install lint
	@$(MAKE) --no-print-directory -j 2 types tests

# Each worker keeps to a part of the folders, so that most vaults are made once, until one has nothing left to do.
tests:
	$(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST)

checks: lint types

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	nice $(BIN)/mypy -p soma
	nice $(BIN)/mypy tests benchmarks

# The demo with any soma: make tour SOMA=/path/to/soma
tour:
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	@echo '$$ soma harvest fixtures' && $(SOMA) harvest fixtures --vault $(DEMO)/vault
	@echo && echo '$$ soma synthesize' && $(SOMA) synthesize --vault $(DEMO)/vault
	@echo && echo '$$ soma status' && $(SOMA) status --vault $(DEMO)/vault
	@echo && echo '$$ soma divergence --agents gpt-4 starchat' && $(SOMA) divergence --agents gpt-4 starchat --vault $(DEMO)/vault
	@echo && echo '$$ soma briefing --agent starchat' && $(SOMA) briefing --agent starchat --vault $(DEMO)/vault
	@echo && echo '$$ soma replay fixtures/recordings/failures.jsonl' && $(SOMA) replay fixtures/recordings/failures.jsonl
	@echo && echo '$$ soma governance list' && $(SOMA) governance list --vault $(DEMO)/vault
	@echo && echo '$$ soma report --out $(DEMO)/soma-report.json --html $(DEMO)/soma-report.html' && \
		$(SOMA) report --out $(DEMO)/soma-report.json --html $(DEMO)/soma-report.html --vault $(DEMO)/vault

# Installed as a user has it, not editable: what is tested is what is shipped.
install: $(BIN)/python
	@rm -rf build
	@$(BIN)/python -m pip uninstall --quiet --quiet --disable-pip-version-check --yes soma-harvest
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade-strategy only-if-needed .
	@rm -rf build

tools: $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group test

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "soma needs Python 3.11 or newer: install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip

bench: install
	$(BIN)/python benchmarks/harvest.py

# Broken files without end for one format: make fuzz FORMAT=openclaw RUNS=100000
# Guided by coverage where atheris has a build for this system; what broke the adapter is kept in .fuzz/.
FORMAT ?= openclaw
RUNS ?= 100000
fuzz: install
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group fuzz
	$(BIN)/python fuzz/fuzz_adapters.py $(FORMAT) --runs $(RUNS)

clean:
	rm -rf $(VENV) $(DEMO) .fuzz build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
