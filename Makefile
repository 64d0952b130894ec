# formclip. `make` alone lists the targets. Needs Python 3.11 or newer and make; everything else goes into .venv.

VENV    := .venv
BIN     := $(VENV)/bin
PEERS   := .venv-compare
CASE    := .venv-case
PYTHON  ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
DATA    ?= ../shared/data
BOARDS  := Seeed_XIAO_nRF52840_Sense feather_bluefruit_sense feather_nrf52840_express
PINS    := pyproject.toml $(filter-out %case.txt,$(wildcard requirements/*.txt))
TRACE   ?=
ARGS    ?=
# Processes of pytest: one more than cores, as some tests wait; four at the most (each holds 0.4 GB). JOBS=0 runs them in
# one, as -s and --pdb need.
JOBS    ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 1); [ $$n -gt 3 ] && echo 4 || echo $$((n + 1)))
export FORMCLIP_DATA ?= $(abspath $(DATA))
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MPLBACKEND ?= Agg

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z][a-z-]*\):.*\#\# .*/\1/p' $(MAKEFILE_LIST))
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
		printf '%-20s %s\n' "$$target" "$$text"; done

setup: $(VENV)/.dev ## make .venv with formclip and the tools of `make test`, all at pinned versions
	@$(WHERE)

demo-weeks: $(VENV)/.run ## eight weeks of a runner who does not exist, through every command of the record; OUT=dir
	$(BIN)/formclip demo --weeks $(if $(OUT),--out $(OUT))

demo: $(VENV)/.run ## simulate a 20-minute run with faults, replay it, write log and report; TRACE=path for a recorded one
	$(BIN)/formclip demo $(TRACE)
	@$(WHERE)

test: lint types device-types pytest ## every check: ruff, mypy of host and device, pytest

lint: $(VENV)/.dev ## ruff: style and format of all Python files
	@echo "ruff: style and format"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy, strict, of host/ and hardware/
	@echo "mypy: host/ and hardware/, strict"
	@$(BIN)/mypy host/formclip hardware/make

device-types: $(VENV)/.dev ## mypy of device/ with the stubs of each target board
	@for board in $(BOARDS); do \
		echo "mypy: device/ as on $$board"; \
		own=device/boards/$$(echo $$board | tr '[:upper:]' '[:lower:]').py; \
		files=$$(ls device/*.py device/hw/*.py device/boards/__init__.py $$own) || exit 1; \
		$(BIN)/circuitpython_setboard $$board || exit 1; \
		$(BIN)/mypy --config-file mypy-device.ini --cache-dir .mypy_cache/$$board $$files || exit 1; \
	done

pytest: $(VENV)/.dev ## the tests alone, on JOBS processes; ARGS="-k cue" picks some
	@echo "pytest: the tests"
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

wheel: $(VENV)/.dev ## dist/formclip-*.whl: every command, the firmware and its libraries in one file, for pipx, uv or pip
	@rm -f dist/formclip-*.whl
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@echo "wheel: $$(ls dist/formclip-*.whl), $$(du -k dist/formclip-*.whl | cut -f1) kB"

validate: $(VENV)/.run ## score replay against the truth of DATA=../shared/data; updates docs/lab/validity.md and README
	$(BIN)/formclip validate $(DATA) --out docs/lab/validity.md $(ARGS)
	$(BIN)/python -m formclip.lab.docs.figures

stress: $(VENV)/.run ## the same runs made harder in some 40 ways, and livelier daily life; updates docs/lab/stress.md
	$(BIN)/formclip validate $(DATA) --stress --out docs/lab/stress.md $(ARGS)

ablate: $(VENV)/.run ## leave out each part of the signal chain in turn and score what is left; updates docs/lab/ablation.md
	$(BIN)/python -m formclip.lab.ablation.ablate $(DATA) --out docs/lab/ablation.md $(ARGS)

bench: $(VENV)/.dev ## time and memory per block: CPython, the MicroPython VM, and estimated on the device
	$(BIN)/python -m formclip.lab.bench $(ARGS)

shots: $(VENV)/.dev ## pictures of every page in both themes and two widths, in out/shots (needs Chromium): look at them
	$(BIN)/python -m tests.show.shots out/shots $(ARGS)

record-bench: $(VENV)/.dev ## how quick the record's commands are on 1,000 runs
	$(BIN)/python -m tests.show.bench_record $(ARGS)

page-bench: $(VENV)/.dev ## how quick `formclip ui` is on 1,000 runs, and what memory it takes
	$(BIN)/python -m tests.show.bench_page $(ARGS)

soak: $(VENV)/.dev ## 200 syncs that are cut, lossy and killed, over the virtual radio: nothing lost, nothing doubled
	$(BIN)/python -m formclip.lab.bench.soak $(ARGS)

torture: $(VENV)/.dev ## power cuts at every write of the clip's log, torn in every way, on every alignment: nothing lost
	$(BIN)/python -m formclip.lab.bench.torture $(ARGS)

radio-bench: $(VENV)/.dev ## an hour of running synced over the virtual radio at a connection interval of 30 ms
	$(BIN)/python -m formclip.lab.bench.radio $(ARGS)

compare: $(PEERS)/.ready ## ours beside VQF, Madgwick, Mahony and others on the same traces; updates docs/lab/compare.md and README
	$(PEERS)/bin/python -W ignore -m formclip.lab.peers $(DATA) -o docs/lab/compare.md $(ARGS)
	$(PEERS)/bin/python -m formclip.lab.docs.figures

fit: $(VENV)/.fit ## fit the models of gaitcore to DATA again: coefficients, docs/lab/models.md, left-out predictions
	$(BIN)/python -m formclip.lab.fitting $(DATA) --write --bounds $(ARGS)

test-long: $(VENV)/.dev ## the tests that take minutes, or the network: too long for each `make test`
	@$(BIN)/python -m pytest -m long -n $(JOBS) --dist worksteal --durations=10 $(ARGS)

golden: $(VENV)/.dev ## write the golden outputs of the tests anew; read their diff before you commit it
	FORMCLIP_GOLDEN=write $(BIN)/python -m pytest -k golden

test-bluez: $(VENV)/.dev ## the companion against a real bluetoothd in a QEMU guest (needs Debian's qemu and bluez)
	$(BIN)/python -m pytest -m bluez $(ARGS)

deploy: $(VENV)/.run ## copy firmware, gaitcore and libraries to a board; ARGS="--board feather --drive /media/CIRCUITPY"
	$(BIN)/formclip deploy $(ARGS)

hardware: $(VENV)/.dev ## lists of parts, drawings, sums and tables of hardware/, made of its data
	$(BIN)/python -m hardware.make

case: $(CASE)/.ready ## the printed cases: STEP, STL, their masses and pictures; then `make hardware`
	$(CASE)/bin/python -m hardware.make.case

test-hardware: $(CASE)/.ready ## the cases' solids: nothing touches, walls, supports, files; in the CAD program's environment
	$(CASE)/bin/python -m pytest -q -c /dev/null --rootdir=. $(ARGS) hardware/tests

clean: ## remove .venv and everything generated
	rm -rf $(VENV) $(PEERS) $(CASE) build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The Adafruit libraries without their dependencies, which would take the names of the board's modules.
FIRMWARE = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/firmware.txt

WHERE = echo "the command is $(abspath $(BIN))/formclip; \`make wheel\` makes a package that puts it on your PATH: pipx install dist/formclip-*.whl"

# Each stamp is newer than the pins it was installed from, so that nothing is installed twice.
$(VENV)/.base: $(PINS)
	@if [ -z "$(PYTHON)" ]; then echo "formclip needs Python 3.11 or newer: install it, or name it with make PYTHON=path" >&2; exit 1; fi
	@echo "setup: $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "setup: no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.base
	@echo "setup: installing formclip and what it needs"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt -e '.[radio]'
	@$(FIRMWARE)
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "setup: installing formclip with the test tools"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt -e '.[dev]'
	@$(FIRMWARE)
	@touch $@ $(VENV)/.run

$(VENV)/.fit: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt -e '.[fit]'
	@touch $@

# A venv of their own: one of the peers brings a plugin that breaks pytest.
$(PEERS)/.ready: $(PINS)
	@echo "setup: $(PEERS) with the peers to compare with"
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt -e '.[compare]'
	@touch $@

# A venv of its own: the CAD kernel is 1 GB, and nothing else needs it.
$(CASE)/.ready: requirements/case.txt requirements/constraints-case.txt
	@echo "setup: $(CASE) with build123d, 1 GB"
	@$(PYTHON) -m venv $(CASE)
	@$(CASE)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/case.txt -c requirements/constraints-case.txt
	@touch $@
