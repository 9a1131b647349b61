# The commands of the project. `make demo` and `make test` set up everything that they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KEEP ?=
PYTEST_ARGS ?=
# A test that hangs fails with the stacks of its threads, and the others go on.
TEST_SECONDS ?= 600
VALIDATE_ARGS ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test contract validate check format lint types imports requirements schema sandbox-down clean bench-validation bench-latency bench bench-engine bench-deploy bench-scale bench-analysis performance-doc bench-memory bench-rollback chaos nightly

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: $(PYTHON) is older (set PYTHON=...)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { \
	  rm -rf $(VENV); \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }; \
	  apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.installed: setup.py $(VENV)/bin/python
	@echo "Installing the pipeline into $(VENV) (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: setup.py $(VENV)/bin/python
	@echo "Installing the pipeline and its development tools into $(VENV) (about two minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

demo: $(VENV)/.installed ## Deploy the application for real, on this machine (KEEP=1 leaves the UI up)
	@$(BIN)/deploy-pipeline demo $(if $(KEEP),--keep) $(if $(SCENARIO),--scenario $(SCENARIO))

test: $(VENV)/.installed-dev ## Run every test, with the coverage of deploy_pipeline
	@$(BIN)/deploy-pipeline sandbox prepare
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --timeout $(TEST_SECONDS) --maxfail 20 --cov --cov-report=term:skip-covered $(PYTEST_ARGS)

contract: $(VENV)/.installed-dev ## Run the executor's tests with the oldest and the newest supported Dagster
	@$(BIN)/python -m deploy_pipeline_tests.dagster_versions

validate: $(VENV)/.installed ## Run the checks of a pull request on this folder, with a sandbox for AWS and advisories
	@$(BIN)/deploy-pipeline sandbox up --home .sandbox/validate
	@eval "$$($(BIN)/deploy-pipeline sandbox env --home .sandbox/validate)"; \
	  $(BIN)/deploy-pipeline validate . --aws $(VALIDATE_ARGS); result=$$?; \
	  $(BIN)/deploy-pipeline sandbox down --home .sandbox/validate; exit $$result

check: format lint types imports test ## What every commit passes (CI runs contract and validate, too)

format: $(VENV)/.installed-dev ## Check the format of Python and Terraform files
	@$(BIN)/ruff format --check .
	@! command -v terraform >/dev/null || TF_CLI_CONFIG_FILE=/dev/null terraform fmt -check -recursive terraform

lint: $(VENV)/.installed-dev ## Look for mistakes in the code
	@$(BIN)/ruff check .

types: $(VENV)/.installed-dev ## Check the types
	@$(BIN)/mypy

imports: $(VENV)/.installed-dev ## Check that imports only go down the layers
	@$(BIN)/lint-imports --no-logo

requirements: $(VENV)/.installed-dev ## Write requirements-dev.txt from this environment
	@{ echo "# Exact versions of everything that this repository's types and tests need: installed where pull requests are"; \
	  echo "# checked. Written by make requirements."; \
	  { $(BIN)/pip freeze --exclude-editable; grep -h '^gunicorn==' fargate/inference/requirements.txt; } | \
	  grep -Ev '^(pytest|pytest-cov|pytest-timeout|pytest-xdist|mypy|ruff|import-linter)==' | sort -f; } > requirements-dev.txt

chaos: $(VENV)/.installed-dev ## Break real deployments, one fault after another (SEED=… N=… for random ones)
	@$(BIN)/python -m deploy_pipeline_tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(N),--number $(N)) $(CHAOS_ARGS)

nightly: $(VENV)/.installed-dev ## The slow suite: every fault, random ones (SEED=… repeats them), merges in a burst
	@seed=$(or $(SEED),$$(date +%s)); result=0; \
	  echo "make nightly SEED=$$seed"; \
	  $(BIN)/python -m deploy_pipeline_tests.chaos || result=1; \
	  $(BIN)/python -m deploy_pipeline_tests.chaos --seed $$seed --number $(or $(N),20) || result=1; \
	  $(BIN)/python -m deploy_pipeline_tests.chaos --seed $$seed --burst $(or $(MERGES),200) || result=1; \
	  exit $$result

bench-validation: $(VENV)/.installed-dev ## Measure a validation against the same commands by hand
	@$(BIN)/python -m benchmarks.validation $(BENCH_ARGS)

bench-latency: $(VENV)/.installed-dev ## Measure the time from a merge to the first op of its deployment
	@$(BIN)/python -m benchmarks.latency $(BENCH_ARGS)

bench: $(VENV)/.installed-dev ## Run every benchmark, one after the other (about two hours; docs/performance.md)
	@$(BIN)/python -m benchmarks.all $(BENCH_ARGS)

bench-engine: $(VENV)/.installed-dev ## Measure what the engine adds to a graph's time, beside other engines
	@$(BIN)/python -m benchmarks.engine $(BENCH_ARGS)

bench-deploy: $(VENV)/.installed-dev ## Measure deployments against the same commands by hand
	@$(BIN)/python -m benchmarks.deploy $(BENCH_ARGS)

bench-rollback: $(VENV)/.installed-dev ## Measure how soon an earlier release serves again
	@$(BIN)/python -m benchmarks.rollback $(BENCH_ARGS)

bench-analysis: $(VENV)/.installed-dev ## Measure how often the judge of a rollout is right, over simulated rollouts
	@$(BIN)/python -m benchmarks.analysis $(BENCH_ARGS)

bench-scale: $(VENV)/.installed-dev ## Measure how a deployment grows with the application
	@$(BIN)/python -m benchmarks.scale $(BENCH_ARGS)

performance-doc: $(VENV)/.installed-dev ## Write the newest results into docs/performance.md
	@$(BIN)/python -m benchmarks.performance_doc

bench-memory: $(VENV)/.installed-dev ## Measure the memory of the idle service and of one run
	@$(BIN)/python -m benchmarks.memory $(BENCH_ARGS)

schema: $(VENV)/.installed-dev ## Write docs/deploy.schema.json from the models
	@$(BIN)/deploy-pipeline spec schema --write

sandbox-down: ## Stop a sandbox that was left up
	@$(BIN)/deploy-pipeline sandbox down

clean: ## Remove the virtual environment and caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage* *.egg-info
