# One target per habit. Everything runs inside .venv, which dev/bootstrap makes and keeps in step with the lock files.
# `make run` and `make test` are all a newcomer needs; both work twice in a row, the second time offline.

SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
CODE := config media_pipeline search_index app dev wsgi.py

.PHONY: help
help: ## Show this list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: run
run: ## Set up, make the demo catalogue, start web and worker, print the address (PORT=8080 to choose)
	@dev/bootstrap run
	@exec $(PY) -m dev.run

.PHONY: test
test: ## Set up with the test tools and run every test (ARGS="-k word" to narrow)
	@dev/bootstrap test
	@exec $(PY) -m dev.tests $(ARGS)

.PHONY: test-long
test-long: ## Run the long tests that `make test` leaves out
	@dev/bootstrap test
	@exec $(PY) -m dev.tests -m long $(ARGS)

.PHONY: setup
setup: ## Set up for development without running anything
	@dev/bootstrap test

.PHONY: lint
lint: ## ruff for Python, djlint for templates
	@dev/bootstrap python
	$(PY) -m ruff check .
	@if find app -name '*.html' | grep -q .; then $(PY) -m djlint app --lint --quiet; fi

.PHONY: format
format: ## Let ruff lay out the Python code
	@dev/bootstrap python
	$(PY) -m ruff format $(CODE) tests
	$(PY) -m ruff check --fix-only --quiet .

.PHONY: types
types: ## mypy, strict
	@dev/bootstrap python
	$(PY) -m mypy

.PHONY: contracts
contracts: ## Which part may import which (.importlinter)
	@dev/bootstrap python
	PYTHONPATH=. .venv/bin/lint-imports --no-logo

.PHONY: check
check: lint types contracts ## lint, types and contracts

.PHONY: assets
assets: ## Build scripts and styles from package.json into app/web/static/dist
	@dev/bootstrap assets

.PHONY: i18n
i18n: ## Collect the texts of pages into the catalogues and compile them
	@dev/bootstrap python
	@$(PY) -m dev.i18n

.PHONY: lock
lock: ## Resolve requirements*.txt again into requirements*.lock (needs uv and a network)
	@dev/lock

.PHONY: bench
bench: ## Print the figures and ratios the project is measured by
	@dev/bootstrap test
	@exec $(PY) -m dev.bench $(ARGS)

.PHONY: quality
quality: ## Print how well search finds, by kind of query and engine (ARGS="--misses" lists what falls short)
	@dev/bootstrap test
	@exec $(PY) -m tests.quality $(ARGS)

.PHONY: bench-search
bench-search: ## CPU ms of searches and suggestions, rebuild, update, memory, each beside its limit (ARGS="--engine whoosh --documents 10000" for one)
	@dev/bootstrap test
	@exec $(PY) -m tests.bench.bench_search $(ARGS)

.PHONY: bench-pipeline
bench-pipeline: ## Encode against the limit and two platforms (SOURCE="a.mp4 b.mp4" for your own, ARGS="--seconds 20")
	@dev/bootstrap test
	@exec $(PY) -m tests.bench.pipeline $(SOURCE) $(ARGS)

.PHONY: soak
soak: ## Repeat the tests that kill web and worker, in ever new order (SOAK_S=600)
	@dev/bootstrap test
	@exec $(PY) -m dev.soak $(ARGS)

.PHONY: soak-pipeline
soak-pipeline: ## Kill worker and broker at random during one long encode (KILLS=50 SECONDS=600)
	@dev/bootstrap test
	@exec $(PY) -m pytest tests/soak/soak_pipeline.py -q -s -p no:randomly -p no:cacheprovider $(ARGS)

.PHONY: soak-upload
soak-upload: ## Kill web processes and cut lines during one large upload (SIZE_MIB=2048 KILLS=50 CUTS=200 STORES=folder,s3)
	@dev/bootstrap test
	@exec $(PY) -m pytest tests/soak/soak_upload.py -q -s -p no:randomly -p no:cacheprovider $(ARGS)

.PHONY: soak-search
soak-search: ## 100,000 hostile queries, and 50 kills of the index's writer, on every engine (QUERIES=100000 KILLS=50)
	@dev/bootstrap test
	@exec $(PY) -m pytest tests/soak/soak_search.py -q -s -p no:randomly -p no:cacheprovider $(ARGS)

.PHONY: screenshots
screenshots: ## Every page at 360 and 1280 px, normal and elder mode, into build/screenshots
	@dev/bootstrap test
	@$(PY) -m dev.screenshots $(ARGS)

.PHONY: docs
docs: ## Check that links, settings and commands named in the docs exist
	@dev/bootstrap python
	@$(PY) -m pytest tests/architecture -q -k docs $(ARGS)

.PHONY: clean
clean: ## Remove everything that was built (keeps var/, your data); `make clean-data` removes that too
	rm -rf .venv node_modules build app/web/static/dist .mypy_cache .ruff_cache .import_linter_cache .pytest_cache
	find app -name '*.mo' -delete

.PHONY: clean-data
clean-data: ## Remove ./var: database, media, index
	rm -rf var
