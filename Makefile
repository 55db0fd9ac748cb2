# Each target sets up what it needs, once, with the network; all it takes is Python 3.11 or newer with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: try run setup check emulator test compiled fuzz lint bench audit sbom pin lock clean

try: $(VENV)/try.done           ## the page: no token, no key
	$(BIN)/python -m bot try

run: $(VENV)/run.done           ## every platform that has a token in .env
	$(BIN)/python -m bot run

setup: $(VENV)/run.done         ## asks for tokens and keys in the terminal, tests each, writes .env
	$(BIN)/python -m bot setup

check: $(VENV)/run.done         ## what is configured, what is wrong, how to fix it
	$(BIN)/python -m bot check

emulator: $(VENV)/dev.done      ## the API of 1min.ai on this machine, for those who develop against it
	$(BIN)/python -m emulator $(ARGS)

test: $(VENV)/dev.done          ## everything, offline
	@$(MAKE) --no-print-directory --jobs=2 lint compiled
	$(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

compiled: $(VENV)/dev.done      # once for all workers, while the linters have the other core
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q --collect-only > /dev/null

fuzz: $(VENV)/dev.done          ## texts that are hard to read, others each time; FUZZ_SECONDS for each reader of them
	FUZZ_SECONDS=$${FUZZ_SECONDS:-60} $(BIN)/python -m pytest -n 4 $$(git ls-files 'tests/*test_hostile_text.py') $(ARGS)

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile

bench: $(VENV)/dev.done         ## ratios against the floor, on this machine
	$(BIN)/python -m bench $(ARGS)

audit: $(VENV)/dev.done         ## known vulnerabilities of what is locked; needs the network
	$(BIN)/python -m tools.audit $(ARGS)

sbom:                           ## the software bill of materials of the image, as CycloneDX
	@$(PYTHON) -m tools.sbom $(ARGS)

pin:                            ## base images by their digests, so that each build has the same; needs Docker and the network
	@set -e; for image in python:3.13-slim postgres:18; do \
	  digest=$$(docker buildx imagetools inspect $$image --format '{{.Manifest.Digest}}'); \
	  sed -i.bak "s|$$image\(@sha256:[0-9a-f]*\)*|$$image@$$digest|" Dockerfile deploy/compose.yaml; \
	done; rm Dockerfile.bak deploy/compose.yaml.bak

COMPILE := uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra postgres pyproject.toml

lock: $(VENV)/dev.done          ## new hash-pinned locks; needs uv
	$(COMPILE) -o requirements.lock
	$(COMPILE) --extra local -c requirements.lock -o requirements-local.lock
	$(COMPILE) --extra local --group dev -c requirements-local.lock -o requirements-dev.lock
	echo "$$(date -u +%F) $$(sha256sum < requirements.lock | cut -d' ' -f1)" > bot/locked.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

SET_UP = command -v $(PYTHON) >/dev/null || { \
  echo "There is no $(PYTHON) here. Snapthread needs Python 3.11 or newer: https://www.python.org/downloads/" >&2; exit 1; }; \
  $(PYTHON) tools/set_up.py $(VENV)

# A stamp for each kind of set-up, so that a second call starts at once.
$(VENV)/run.done: requirements.lock
	@$(SET_UP) requirements.lock
	@touch $@

$(VENV)/try.done: requirements-local.lock
	@$(SET_UP) requirements-local.lock
	@touch $@ $(VENV)/run.done

$(VENV)/dev.done: requirements-dev.lock
	@$(SET_UP) requirements-dev.lock
	@touch $@ $(VENV)/try.done $(VENV)/run.done
