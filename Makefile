# `make demo` and `make test` work from a bare clone: they create .venv, install what is pinned, and say how long it took.

PYTHON ?= python3
BIN := .venv/bin
TIMED := tools/timed

.PHONY: help demo test check generate bench fuzz tools lock clean
help:  ## This list.
	@sed -n 's/^\([a-z]*\):.*## /  make \1 \t/p' Makefile

demo: .venv/runtime  ## The page and /metrics on the recording of a real GPU, at http://127.0.0.1:9400.
	$(BIN)/gpuvitals demo

test: .venv/dev tools  ## Everything: unit, property, real-server and browser tests.
	$(BIN)/pytest $(PYTEST_ARGS)

check: .venv/dev  ## Style, types, layers, generated files.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gpuvitals generate --check

generate: .venv/dev  ## Write every generated file.
	$(BIN)/gpuvitals generate

bench: .venv/dev  ## The figures under benchmarks/ that this machine can measure; takes more than an hour.
	tools/install wrk
	$(BIN)/python -m benchmarks

fuzz: .venv/fuzz tools  ## A million mutated inputs for the parsers, what breaks one is kept under tests/fuzz/found; SLO rules on thousands of counters.
	$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)
	$(BIN)/pytest -q --hypothesis-profile=thorough tests/slo/test_properties.py

# Under CI=true a server that cannot be had is a failure; elsewhere its tests are skipped and counted.
tools:  ## The real servers that the tests start.
	@tools/install prometheus alertmanager sloth kubelet-api chromium || [ "$$CI" != true ]

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, not $$($(PYTHON) --version); name one: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(TIMED) "creating .venv" $(PYTHON) -m venv .venv
	@touch $@

.venv/runtime: .venv/python requirements.lock pyproject.toml
	@$(TIMED) "installing what the exporter needs" $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(TIMED) "installing gpuvitals" $(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/runtime requirements-dev.lock
	@$(TIMED) "installing what the tests need" $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.venv/fuzz: .venv/dev requirements-fuzz.lock
	@$(TIMED) "installing what fuzzing needs" $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@touch $@

lock: .venv/dev  ## Pin the newest versions that pyproject.toml allows.
	$(BIN)/python -m venv .venv/lock && .venv/lock/bin/pip install -q uv
	.venv/lock/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra kubernetes --group build pyproject.toml -o requirements.lock
	.venv/lock/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra kubernetes --extra parquet --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	.venv/lock/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group fuzz -o requirements-fuzz.lock

clean:  ## Remove what make created, the built servers excepted.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
