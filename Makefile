# The only door to Landfall. `make help` lists what it opens; ARGS="..." hands options to the command behind a target.

.DEFAULT_GOAL := help
.PHONY: help demo up down status produce test conformance probe-truth chaos chaos-mutants chaos-publications isolation histories mutations money formulas fault lint bench docs contracts new-stream lock product product-dev localcloud localcloud-dev

# Both environments are made by the same tools.
.NOTPARALLEL:

# Without compiled files every process of the stack pays its imports again.
unexport PYTHONDONTWRITEBYTECODE

ARGS ?=
TPC ?=
LOAD ?=
DBT ?= --repeats 1
# Handed to commands in their environment, never in their text.
export NAME
INSTALL := make/install_environment.sh
LOCALCLOUD := .venv/localcloud/bin/python -m localcloud
PRODUCT := .venv/product/bin/python

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo '  Options go in ARGS: make down ARGS=--purge'

demo: product localcloud ## Start everything, send events, run the nightly batch and an extract, verify all of it
	@$(LOCALCLOUD) demo $(ARGS)

up: product localcloud ## Start the local cloud and Airflow, and print the address and the login
	@$(LOCALCLOUD) up $(ARGS)

down: localcloud ## End what `up` started (ARGS=--purge: remove its data too)
	@$(LOCALCLOUD) down $(ARGS)

status: localcloud ## Show the processes of the stack (ARGS='--measure 60': their memory and CPU over 60 s)
	@$(LOCALCLOUD) status $(ARGS)

produce: localcloud ## Send events of the example business to the running stack
	@$(LOCALCLOUD) produce $(ARGS)

test: product-dev localcloud-dev ## Run the whole test suite (ARGS are pytest's)
	@make/run_tests.sh $(ARGS)

conformance: product-dev localcloud-dev ## Hold the local cloud against its clients' own suites, TPC and fuzzing (an hour)
	@make/run_conformance.sh $(ARGS)

probe-truth: localcloud ## Ask a real Trino (java, mvn) and PostgreSQL anew what the local engines must answer
	@localcloud/probes/trino/record.sh
	@.venv/localcloud/bin/python localcloud/probes/postgres.py

chaos: product-dev ## Play seeded histories of kills and errors against the load (ARGS='--seeds 0:10000')
	@PYTHONPATH=plugins:. $(PRODUCT) -m tests.chaos $(ARGS)

chaos-mutants: product-dev ## Plant bugs in the load one by one: the histories must catch them
	@PYTHONPATH=plugins:. $(PRODUCT) -m tests.chaos --mutants $(ARGS)

chaos-publications: product-dev ## The same for publications: kills, failed gates, readers (ARGS=--mutants, ARGS=--real)
	@PYTHONPATH=plugins:. $(PRODUCT) -m tests.chaos.publications $(ARGS)

isolation: product-dev ## Let 120 customers try at each other's extracts 100,000 times (ARGS='--attempts 5000')
	@PYTHONPATH=plugins:. $(PRODUCT) -m tests.isolation $(ARGS)

histories: product-dev localcloud ## Build random histories on a running stack, load by load and at once: the same rows (ARGS='--seeds 1:21')
	@LANDFALL_ENV_FILE=.local/env PYTHONPATH=plugins:. make/with_deployment.sh $(PRODUCT) -m tests.dbt $(ARGS)

mutations: product-dev localcloud ## Change data and models on purpose, one by one, on a fresh running stack: somebody must say so
	@LANDFALL_ENV_FILE=.local/env PYTHONPATH=plugins:. make/with_deployment.sh $(PRODUCT) -m tests.mutations $(ARGS)

money: product-dev localcloud ## Hold a month's published money on both engines against the producer's own account
	@LANDFALL_ENV_FILE=.local/env PYTHONPATH=plugins:. make/with_deployment.sh $(PRODUCT) -m tests.money $(ARGS)

formulas: product-dev localcloud ## Extract thousands of hostile cells on a running stack and open them in LibreOffice: nothing runs
	@make/install_libreoffice.sh
	@LANDFALL_ENV_FILE=.local/env PYTHONPATH=plugins:. make/with_deployment.sh $(PRODUCT) -m tests.formulas $(ARGS)

fault: localcloud ## Let the running local cloud fail on demand (ARGS='add --help')
	@$(LOCALCLOUD) fault $(ARGS)

lint: product-dev localcloud ## Check style, types, templates and that no registry is named
	@make/run_lint.sh

bench: product-dev localcloud ## Run the benchmarks (TPC='--scale 1': the data of TPC-H and TPC-DS; LOAD='--events 100000'; DBT='--repeats 3'; NIGHT='--factors 1 10 100'; FILES='--rows 1000000')
	@$(PRODUCT) -m benchmarks $(ARGS)
	@$(PRODUCT) -m benchmarks.tpc_totals $(TPC)
	@$(PRODUCT) -m benchmarks.load $(LOAD)
	@$(PRODUCT) -m benchmarks.dbt_in_airflow $(DBT)
	@PYTHONPATH=plugins:. $(PRODUCT) -m benchmarks.nightly_flat $(NIGHT)
	@PYTHONPATH=plugins:. $(PRODUCT) -m benchmarks.extract_files $(FILES)

docs: product localcloud ## Write the generated part of docs/ anew
	@$(PRODUCT) docs/generate.py
	@$(LOCALCLOUD) reference

contracts: product ## Write anew what follows from contracts/streams/, and put the contracts in force
	@$(PRODUCT) -m landfall contracts generate $(ARGS)

new-stream: product ## Begin a stream's contract: make new-stream NAME=returns
	@$(PRODUCT) -m landfall contracts new-stream "$$NAME"

lock: localcloud ## Resolve the requirements anew and write the locks
	@make/write_locks.sh

product:
	@$(INSTALL) product . requirements.lock

product-dev:
	@$(INSTALL) product . requirements.lock requirements-dev.lock

localcloud:
	@$(INSTALL) localcloud localcloud localcloud/requirements.lock

localcloud-dev:
	@$(INSTALL) localcloud localcloud localcloud/requirements.lock localcloud/requirements-dev.lock
