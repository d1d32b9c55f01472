# The commands of this project; `make help` lists them. They need git, make and a Python from 3.11 on, best 3.13:
# everything else is installed into .venv (the project and its tests), .tools (SAM CLI and MiniStack) and .sdk (TikTok's).

.DEFAULT_GOAL := help
PYTHON ?=
PORT ?= 4566
export PYTHON
export SAM_CLI_TELEMETRY = 0

.PHONY: help doctor run demo logs invoke test test-deep bench simulate mutation lint format openapi build deploy lock clean
.PHONY: environment tools sdk

help:
	@echo "make doctor     what this machine lacks, and the lines that install it"
	@echo "make run        from a fresh clone to the product on emulated AWS, until Ctrl-C (PORT=4566)"
	@echo "make demo       the same, and exits by itself: 0 if every answer was as expected"
	@echo "make logs       follows what the functions of make run log, until Ctrl-C: FN=publish_check for one"
	@echo "make invoke     one function in Docker against what make run started: FN=… EVENT=events/….json; alone: a list"
	@echo "make test       lint, then every test but the deep ones; ARGS='tests/unit -k name' runs some"
	@echo "make test-deep  the tests that take minutes: the fault matrix, made-up requests, browser, mutation"
	@echo "make bench      how fast it is: aims, figures and verdicts; ARGS=--write writes docs/performance.md"
	@echo "make simulate   readiness for up to a million advertisers; ARGS=--write writes docs/scaling.md and its plots"
	@echo "make mutation   faults put into rules and tables, which unit tests must notice: MODULES=publishing.access"
	@echo "make lint       ruff, mypy, import-linter, cfn-lint, sam validate"
	@echo "make format     let ruff rewrite what it can"
	@echo "make openapi    write docs/openapi.yaml and docs/events/ anew from the models and tables"
	@echo "make build      build the template for AWS, into .aws-sam/"
	@echo "make deploy     build and deploy a stage of samconfig.toml to AWS, from a clean tree: STAGE=dev ARGS=…"
	@echo "make lock       compile the hashed requirements files from pyproject.toml (ARGS=--upgrade)"
	@echo "make clean      remove what was made here, the environments too"
	@echo
	@echo "PYTHON=/path/to/python chooses the Python; without it local/find-python does."

# The one command that runs before there is a Python of the project's: on any from 3.8 on.
doctor:
	@for python in $(PYTHON) python3 python3.13 python3.14 python3.12 python3.11 python; do \
		if "$$python" -c "import sys; sys.exit(sys.version_info < (3, 8))" 2>/dev/null; then \
			PORT=$(PORT) exec "$$python" local/doctor.py; fi; done; \
	echo "There is no Python here. Debian, Ubuntu: sudo apt-get install python3 python3-venv; Fedora: sudo dnf" \
		"install python3.13; macOS: brew install python@3.13" >&2; exit 1

run: environment tools
	@.venv/bin/python -m local run --port $(PORT)

demo: environment tools
	@.venv/bin/python -m local demo --port $(PORT)

logs: environment
	@.venv/bin/python -m local.logs --port $(PORT) --function "$(FN)"

# FN is the folder's name, FUNCTION the logical id; either is taken for both.
invoke: environment tools
	@.venv/bin/python -m local.invoke --function "$(or $(FN),$(FUNCTION))" --event "$(EVENT)" -- $(ARGS)

test: lint sdk
	@.venv/bin/python -m pytest --numprocesses auto -m "not deep" $(ARGS)

test-deep: environment tools mutation
	@.venv/bin/python -m pytest --numprocesses auto -m deep $(ARGS)

bench: environment tools sdk
	@.venv/bin/python -m tools.bench $(ARGS)

simulate: environment
	@.venv/bin/python -m tools.simulation $(ARGS)

mutation: environment
	@.venv/bin/python -m tools.mutation $(MODULES)

lint: environment tools
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@.tools/bin/cfn-lint
	@.tools/bin/sam validate --lint --region us-east-1

format: environment
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

openapi: environment
	@.venv/bin/python -m tools.openapi

# sam build needs the Python of the layer on PATH: .venv has it.
build: environment tools
	@PATH="$$PWD/.venv/bin:$$PWD/.tools/bin:$$PATH" sam build

deploy: environment tools
	@.venv/bin/python -m local.deploy --stage "$(STAGE)" -- $(ARGS)

# .venv has the same versions as the layers and functions: their files are constraints.
compile = local/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-header \
	$(ARGS)
shared := layers/shared/requirements.txt
bearer := layers/bearer/requirements.txt
images := functions/create_identity_image/requirements.txt
lock:
	$(compile) pyproject.toml --output-file $(shared)
	$(compile) --group bearer --constraints $(shared) --output-file $(bearer)
	$(compile) --group images --constraints $(shared) --output-file $(images)
	$(compile) pyproject.toml --group dev --constraints $(shared) --constraints $(bearer) --constraints $(images) \
		--output-file requirements/dev.txt
	for name in checkov ministack sam sdk uv; do $(compile) --group $$name --output-file requirements/$$name.txt || exit; done

clean:
	rm -rf .venv .tools .sdk .aws-sam .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf layers/shared/*.egg-info
	find functions layers local tools tests -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@local/make-environment .venv requirements/dev.txt --with-project

tools:
	@local/make-environment .tools requirements/tools.txt

sdk:
	@local/make-environment .sdk requirements/sdk.txt
