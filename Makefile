# Everything a person does with this project, each explained by `make help`. Needs make and Python ≥ 3.11, nothing else.
PYTHON ?= python3
PORT ?= 8000
export PORT

BIN := .venv/bin
SETUP := $(PYTHON) deploy/laptop/setup.py
# Suites that share nothing run on two workers; those with servers and clocks of their own run alone.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test test-fast test-journeys test-chaos test-load test-frontend test-browser \
	lint types format bench doctor clean reset ci lock contract schema hooks docker-lint

help: ## Explain every target
	@echo "The trading simulator. On a fresh machine: make run"
	@echo
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z-]*:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8000 chooses where \`make run\` serves; PYTHON=python3.12 which Python makes .venv."

setup: ## Make .venv, install the locked packages, build the browser part, prepare the database
	@$(SETUP)

setup-test: ## The same with the tools for tests and checks
	@$(SETUP) --for test --packages-only

run: setup ## Set up what is missing, then serve http://localhost:$PORT until Ctrl-C
	@exec $(PYTHON) deploy/laptop/serve.py --stop-with-parent

test: setup-test ## All Python suites (fast ones first) and the browser part's unit tests
	$(PYTEST) tests/engine tests/contract tests/apps -m "not slow" -n $(WORKERS) --dist loadfile
	$(PYTEST) tests/engine tests/contract tests/apps -m slow -n $(WORKERS) --dist loadfile || [ $$? -eq 5 ]
	$(PYTEST) tests/journeys
	$(MAKE) --no-print-directory test-frontend

test-fast: setup-test ## Only the suites that need no servers: a minute or two
	$(PYTEST) tests/engine tests/contract tests/apps -m "not slow and not postgres" -n $(WORKERS) --dist loadfile

test-journeys: setup-test ## The whole product as real processes, on SQLite and on PostgreSQL + Redis
	$(PYTEST) tests/journeys

test-chaos: setup-test ## Kill, freeze and starve real processes under load, then check the history
	$(PYTEST) tests/chaos

test-load: setup-test ## Many sessions and many readers at once
	$(PYTEST) tests/load

test-frontend: setup-test ## Unit tests of the browser part
	@$(BIN)/python deploy/laptop/frontend.py test

test-browser: setup-test ## A person's journey in a real Chromium against the real server
	@$(BIN)/python deploy/laptop/browser_journey.py

lint: setup-test ## Formatting, ruff, floors between modules, house rules, the browser part's linters
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python .ci/house_rules.py
	@$(BIN)/python deploy/laptop/frontend.py lint

format: setup-test ## Format the Python code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: setup-test ## mypy (strict for the engine) and the browser part's type check
	$(BIN)/mypy simulator_engine apps tradesim tests/support benchmarks
	@$(BIN)/python deploy/laptop/frontend.py types

bench: setup-test ## Measure, print a table, keep benchmarks/results/*.json
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.matching

doctor: ## Say what is present on this machine and what is missing
	@$(PYTHON) deploy/laptop/doctor.py

contract: setup-test ## Generate the gRPC code from simulator_engine/contract/v1/*.proto
	$(BIN)/python .ci/generated.py contract --write

schema: setup-test ## Generate docs/reference/openapi.yaml and the browser part's types from the code
	$(BIN)/python .ci/generated.py schema --write

lock: setup-test ## Compile requirements/*.in into hashed lock files (UPGRADE=1 takes newer versions)
	$(BIN)/python .ci/locks.py --write $(if $(UPGRADE),--upgrade)

hooks: setup-test ## Run the quick checks before every commit
	$(BIN)/pre-commit install

docker-lint: setup-test ## Check Dockerfile and compose file without an engine
	$(BIN)/python .ci/deployment.py

clean: ## Remove what was built and cached; keeps the database, .venv and installed packages
	rm -rf frontend/dist frontend/node_modules/.tradesim-built frontend/test-results frontend/playwright-report
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.venv/*' -not -path './frontend/node_modules/*' -prune -exec rm -rf {} +

reset: clean ## Remove everything that is not in the repository: the database, .venv and installed packages too
	rm -rf .venv var frontend/node_modules

ci: ## What the continuous integration runs
	bash .ci/run
