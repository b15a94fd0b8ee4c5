# Two commands do everything on a machine that has Python >= 3.11 and make: `make repro` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := requirements-uv.lock
READY := $(VENV)/.ready
DASHBOARD_PORT ?= 4200
export PATH := $(CURDIR)/$(BIN):$(value PATH)
# Allocating anew is dear on small machines; keeping freed memory makes training about a tenth faster (glibc only). The tests run
# without: they measure memory as somebody's own process would use it.
repro sweep smoke starter cutter portraits: export MALLOC_MMAP_MAX_ := 0
repro sweep smoke starter cutter portraits: export MALLOC_TRIM_THRESHOLD_ := 100000000000

.DEFAULT_GOAL := help
.PHONY: help env repro draw sweep test smoke starter cutter portraits hostile check docs demo format lock clean dashboard

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

env: $(READY)  ## the environment in .venv, from the hash-pinned lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"error: $(PYTHON) is Python {v[0]}.{v[1]}; expected 3.11 or newer; set PYTHON=/path/to/python3.11")'
	@echo "environment: installing the locked packages into $(VENV) (about 6 GiB with the CUDA libraries, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(UV)
	@$(BIN)/uv pip install --system-certs --python $(BIN)/python --require-hashes --compile-bytecode --requirement requirements.lock
	@$(BIN)/uv pip install --system-certs --python $(BIN)/python --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import cv2' || { echo "error: OpenCV needs libGL and glib: apt-get install libgl1 libglib2.0-0"; exit 2; }
	@touch $(READY)

repro: $(READY)  ## everything from photographs to the report
	@python -m pipeline check
	@python -m pipeline run
	@python -m pipeline where

draw: $(READY)  ## which variants are trained: NAME=all | default | names or patterns of names; then `make repro`
	@python -m pipeline draw $(NAME)

sweep: $(READY)  ## the experiments of NAME=preset in sweeps.yaml, JOBS=1 at once; then `dvc exp show --only-changed`
	@python -m pipeline sweep --jobs $(or $(JOBS),1) -- "$(NAME)"

dashboard: $(READY)  ## Prefect's server on loopback; runs with its PREFECT_API_URL are shown there
	@echo "the page: http://127.0.0.1:$(DASHBOARD_PORT)   in another terminal: export PREFECT_API_URL=http://127.0.0.1:$(DASHBOARD_PORT)/api"
	@mkdir -p .work/prefect  # the server does not make the folder of its database
	@PREFECT_HOME="$$PWD/.work/prefect" PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1 \
		PREFECT_SERVER_API_HOST=127.0.0.1 PREFECT_SERVER_API_PORT=$(DASHBOARD_PORT) prefect server start

test: $(READY)  ## the test suite
	@OMP_NUM_THREADS=1 python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

smoke: $(READY)  ## the workspace smoke/ twice: equal hashes, and data equal to what is committed
	@python -m smoke.check

starter: $(READY)  ## the model that comes with the package: the workspace starter/, then imharmony/starter/
	@cd starter && python -m pipeline run && python -m reporting starter

cutter: $(READY)  ## the network of `harmonize portrait`: trains it in the workspace cutter/, then writes it into imharmony/starter/
	@cd cutter && python -m pipeline run train_matting && python -m reporting cutter

portraits: $(READY)  ## report 004 in full at a size for two cores, in the workspace portraits/; about an hour
	@cd portraits && python -m pipeline run && python -m pipeline where

SHARE ?= 1
DRAW ?= $(shell git rev-parse HEAD 2>/dev/null)
hostile: $(READY)  ## what becomes of thousands of broken inputs; SHARE=0.1 tries a tenth, drawn by the commit
	@OMP_NUM_THREADS=1 python -W ignore -m benchmarks.hostile --share "$(SHARE)" --draw "$(DRAW)"

check: $(READY)  ## format, lint, types, import contracts, parameters
	ruff format --check .
	ruff check .
	basedpyright
	lint-imports
	python -m pipeline check

docs: $(READY)  ## the documentation's site in site/; a broken link is an error
	@NO_MKDOCS_2_WARNING=1 mkdocs build --strict

demo: $(READY)  ## a static page in site/try/ on which a visitor's browser runs the starter model; fetches onnxruntime-web from npm
	@harmonize models page site/try

format: $(READY)  ## mend what can be mended by machine
	ruff format .
	ruff check --fix .

lock: $(READY)  ## pin every dependency anew
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
		--output-file requirements.lock

clean:  ## drop what the pipeline wrote; DVC's cache and .work/ stay, and it says how to drop them
	rm -rf data features runs scores reports/tables reports/figures reports/plots reports/index.html reports/run.json
	@echo "kept: DVC's cache, from which \`make repro\` restores all this (\`dvc gc -w\` drops what dvc.lock does not name, rm -rf .dvc/cache all)"
	@echo "kept: .work, partial results and downloads (\`python -m pipeline work\` lists them; --prune drops older ones, --all all)"
