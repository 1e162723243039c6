# `make demo` and `make test` are all a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test check venues bench bench-scan bench-daemon bench-log bench-offboarding bench-reading bench-verify bench-leak bench-venues bench-panic bench-attest bench-tui screenshots soak-rotation venue-faults fuzz-workflows crash kills-workflows kills promise-1 fuzz fuzz-bundles corpus rules man deb requirements clean
help: ## this list
	@grep -E '^[a-z0-9-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 20

# A stamp per requirement file: installation happens once, and again only when the pins change.
$(VENV)/%.stamp: requirements/%.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) --require-hashes -r requirements/$*.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

demo: $(VENV)/demo.stamp ## the main job on simulated venues (DEMO_ARGS=--headless)
	@$(BIN)/keyguard demo $(DEMO_ARGS)

test: $(VENV)/dev.stamp ## the whole test suite
	@$(BIN)/python -m tests.run

check: $(VENV)/dev.stamp ## format, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

venues: $(VENV)/dev.stamp ## venue × capability, from the code (VENUES_ARGS=--write: into the README)
	@$(BIN)/python -m tests.venues.table $(VENUES_ARGS)

bench: $(VENV)/dev.stamp ## start-up ratios, scan speed, one rotation
	@$(BIN)/python -m tests.bench

fuzz: $(VENV)/dev.stamp ## look for inputs that break the scanner (FUZZ_SECONDS=600)
	@$(BIN)/python -m tests.fuzz

fuzz-bundles: $(VENV)/dev.stamp ## random changes to an attestation, through both verifiers (CHANGES=10000)
	@$(BIN)/python -m tests.fuzz.bundles --changes $(or $(CHANGES),10000)

corpus: $(VENV)/dev.stamp ## what the rules find of the labelled corpus (CORPUS_ARGS=-v)
	@$(BIN)/python -m tests.corpus.measure $(CORPUS_ARGS)

# Other scanners, into an environment of their own: nothing of keyguard needs them.
PEERS := .cache/peers
$(PEERS)/done: requirements/peers.txt
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt
	@touch $@

bench-scan: $(VENV)/dev.stamp $(PEERS)/done ## the scanner beside others (BENCH_ARGS=--help)
	@$(BIN)/python -m tests.bench.scan_peers $(PEERS) $(BENCH_ARGS)

bench-daemon: $(VENV)/dev.stamp ## hand-outs beside a bare echo (BENCH_ARGS="--seconds 10 --calls 20000")
	@$(BIN)/python -m tests.bench.daemon $(BENCH_ARGS)

bench-log: $(VENV)/dev.stamp ## a million records, 10,000 keys, 200 clients (BENCH_ARGS="--keep DIR")
	@$(BIN)/python -m tests.bench.log $(BENCH_ARGS)

bench-offboarding: $(VENV)/dev.stamp ## how soon somebody who left is refused, here and on another host
	@$(BIN)/python -m tests.bench.offboarding

bench-reading: $(VENV)/dev.stamp ## PDF, XLSX and CSV of 1,000 keys; LibreOffice finds no formula (BENCH_ARGS=--help)
	@$(BIN)/python -m tests.bench.reading $(BENCH_ARGS)

bench-verify: $(VENV)/dev.stamp ## verification of 50,000 records and 1,000 keys, by keyguard and by the one file
	@$(BIN)/python -m tests.bench.verify $(BENCH_ARGS)

bench-leak: $(VENV)/dev.stamp ## from a leaked key in a saved file to its proven death, by a real daemon (BENCH_ARGS=20)
	@$(BIN)/python -m tests.bench.leak $(BENCH_ARGS)

fuzz-workflows: $(VENV)/dev.stamp ## many random lives of a rotation: answers, time-outs, kills, pauses (EXAMPLES=2000)
	@KEYGUARD_TEST_LIVES=$(or $(EXAMPLES),2000) $(BIN)/python -m pytest -q -s tests/crash/test_lives.py

soak-rotation: $(VENV)/dev.stamp ## bots trade while their keys rotate: no request may fail (SOAK_ARGS="--rotations 100")
	@$(BIN)/python -m tests.bench.soak_rotation $(SOAK_ARGS)

venue-faults: $(VENV)/dev.stamp ## every venue's keys are rotated through what lasts longer than one call
	@KEYGUARD_TEST_VENUE_FAULTS=1 $(BIN)/python -m pytest -q tests/venues

bench-venues: $(VENV)/dev.stamp ## looking at 200 keys over all simulated venues, 50 ms away
	@$(BIN)/python -m tests.bench.venues

bench-panic: $(VENV)/dev.stamp ## ending 200 keys at 20 simulated venues, 100 ms away
	@$(BIN)/python -m tests.bench.panic

bench-tui: $(VENV)/dev.stamp ## the terminal UI with 5,000 keys and 50,000 records: paint, keys, flicker, memory (BENCH_ARGS=--help)
	@$(BIN)/python -m tests.bench.tui $(BENCH_ARGS)

screenshots: $(VENV)/dev.stamp ## pictures of the terminal UI, in docs/pictures
	@$(BIN)/python -m tests.tui.pictures

crash: $(VENV)/dev.stamp ## every workflow at every simulated venue, killed at every call that changes something
	@KEYGUARD_TEST_CRASH=all $(BIN)/python -m pytest -q -n auto tests/crash/test_every_workflow.py

kills-workflows: $(VENV)/dev.stamp ## kill -9 of commands that rotate keys, under load (KILLS=2000)
	@KEYGUARD_TEST_WORKFLOW_KILLS=$(or $(KILLS),2000) $(BIN)/python -m pytest -q -s tests/crash/test_random_kills.py

bench-attest: $(VENV)/dev.stamp ## one attestation over 50,000 records and 1,000 keys (BENCH_ARGS="--records N")
	@$(BIN)/python -m tests.bench.attest $(BENCH_ARGS)

kills: $(VENV)/dev.stamp ## kill -9 of the daemon at many moments (KILLS=200)
	@KEYGUARD_TEST_KILLS=$(or $(KILLS),200) $(BIN)/python -m pytest -q -s tests/daemon/test_kill.py

promise-1: $(VENV)/dev.stamp ## no secret outside memory after many hand-outs (HANDOUTS=10000)
	@KEYGUARD_TEST_HANDOUTS=$(or $(HANDOUTS),10000) $(BIN)/python -m pytest -q tests/security/test_daemon_keeps_secrets.py

rules: $(VENV)/dev.stamp ## the compact form of the rule files, after a rule was edited
	@$(BIN)/python -m keyguard.scanner.compact

man: $(VENV)/dev.stamp ## the manual page, in dist/
	@$(BIN)/python packaging/man.py dist

deb: $(VENV)/dev.stamp ## a Debian package, in dist/
	@$(BIN)/python packaging/debian/build.py dist

requirements: ## re-pin requirements/*.txt (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/run.txt pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/demo.txt pyproject.toml requirements/build.in --extra demo
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/dev.txt pyproject.toml requirements/build.in --extra demo --group dev
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/peers.txt requirements/peers.in

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache
