# Two commands matter: `make up` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODE ?= all
MEMBERS := libs/api libs/chassis $(wildcard services/*) gateway
PROTOS := $(shell find protos -name '*.proto' -o -name '*.yaml')

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# uv comes with pip where it is missing; requirements.lock carries the hashes of everything else.
$(VENV)/.installed: requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	@$(BIN)/uv pip sync --python $(BIN)/python --quiet --require-hashes requirements.lock
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation $(addprefix -e ,$(MEMBERS))
	@touch $@

.PHONY: install
install: $(VENV)/.installed ## install what is missing into .venv

.PHONY: up
up: install ## install, start everything, print where to go (BANYAN_PORT=8080)
	@exec $(BIN)/banyan up

.PHONY: test
test: install ## everything CI runs: lint, rules, services, conformance, journeys
	@$(BIN)/python tools/test.py

.PHONY: lint
lint: install ## ruff, pyright, import contracts, proto checks, house rules
	@$(BIN)/python tools/lint.py

.PHONY: fmt
fmt: install ## format the code
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format --quiet .

.PHONY: noun
noun: install ## draft the proto of a new noun: make noun NOUN=sales.Pipeline
	@$(BIN)/python tools/noun.py $(NOUN)

.PHONY: proto
proto: install ## regenerate libs/api from protos/
	@$(BIN)/python tools/proto.py

.PHONY: capabilities
capabilities: install ## write docs/capabilities.md from the ids that tests name
	@$(BIN)/python tools/capabilities.py

.PHONY: e2e
e2e: install ## journeys through the public door (MODE=all or MODE=split)
	@BANYAN_E2E_MODE=$(MODE) $(BIN)/pytest e2e-tests -q

.PHONY: bench
bench: install ## what each part costs, as ratios in one run (docs/measuring.md)
	@PYTHONPATH=e2e-tests:e2e-tests/bench $(BIN)/python e2e-tests/bench

.PHONY: bench-journeys
bench-journeys: install ## 16 clients, 100,000 customers, 50,000 deals, against what people use today
	@PYTHONPATH=e2e-tests:e2e-tests/bench $(BIN)/python -m journeys

.PHONY: chaos
chaos: install ## 10,000 changes while the broker and consumers are killed (BANYAN_CHAOS_CHANGES)
	@PYTHONPATH=e2e-tests $(BIN)/python -m chaos

.PHONY: fuzz
fuzz: install ## schemathesis over the OpenAPI document
	@BANYAN_FUZZ_EXAMPLES=100 $(BIN)/pytest e2e-tests/test_openapi_fuzz.py -q

.PHONY: lock
lock: ## resolve the dependencies anew into requirements.lock
	@$(BIN)/uv lock --quiet --upgrade
	@$(BIN)/uv export --quiet --all-packages --all-groups --no-emit-workspace --no-header --no-annotate -o requirements.lock

.PHONY: clean
clean: ## remove the installed environment and local data
	rm -rf $(VENV) .banyan
