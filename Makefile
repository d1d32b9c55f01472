# The commands of this project; `make help` lists them. They need git, make and a Python (or uv). Everything else is
# installed into this folder by local/make-environments: .venv, .sdk and .tools.

.DEFAULT_GOAL := help
PYTHON ?=
PORT ?= 4566
export PYTHON
export SAM_CLI_TELEMETRY = 0
# uv installs no bytecode: the first import writes it, and every later start is seconds faster.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help doctor run demo logs invoke check test test-deep bench simulate mutation lint audit house format openapi build
.PHONY: deploy verify verify-tiktok lock clean environment

help:
	@echo "make doctor     what this machine lacks, and the lines that install it"
	@echo "make run        from a fresh clone to the product on emulated AWS, until Ctrl-C (PORT=4566)"
	@echo "make demo       the same, and exits by itself: 0 if every answer was as expected"
	@echo "make logs       follows what the functions of make run log, until Ctrl-C: FN=publish_check for one"
	@echo "make invoke     one function in Docker against what make run started: FN=… EVENT=events/….json; alone: a list"
	@echo "make check      format, lint, types and the unit tests that your changes since origin/main can affect"
	@echo "make test       lint, then every test but the deep ones; ARGS='tests/unit -k name' runs some"
	@echo "make test-deep  the tests that take minutes: fault matrix, generated requests, browser, mutation"
	@echo "make bench      how fast it is: targets, figures and verdicts; ARGS=--write writes docs/performance.md"
	@echo "make simulate   readiness for up to a million advertisers; ARGS=--write writes docs/scaling.md and its plots"
	@echo "make mutation   faults put into rules and tables, which unit tests must notice: MODULES=publishing.teams"
	@echo "make lint       ruff, mypy, import rules, cfn-lint, sam validate, shellcheck, zizmor, oxlint"
	@echo "make audit      checkov, and licences and an SBOM of what ships, in .local/shipped/"
	@echo "make house      the layout's counts (modules, protocols, files of a flow) and their limits"
	@echo "make format     let ruff rewrite what it can"
	@echo "make openapi    write docs/openapi.yaml and docs/events/ from the models and tables"
	@echo "make build      build the template for AWS, into .aws-sam/"
	@echo "make deploy     build and deploy a stage of samconfig.toml to AWS, from a clean tree: STAGE=dev ARGS=…"
	@echo "make verify     black-box checks of a deployed stage, ten minutes at most: STAGE=dev; WRITE=1 for all of them"
	@echo "make verify-tiktok  compares TikTok's answers with what this code expects, and records them without names"
	@echo "make lock       compile the hashed requirements files from pyproject.toml (ARGS=--upgrade)"
	@echo "make clean      remove everything that these commands made, the environments too"
	@echo
	@echo "PYTHON=/path/to/python3.14 uses that Python; otherwise Python 3.13 is found, or uv fetches it."

# The only command that runs before the environments exist: with any Python from 3.8 on.
doctor:
	@for python in $(PYTHON) python3 python3.13 python3.14 python3.12 python3.11 python; do \
		if "$$python" -c "import sys; sys.exit(sys.version_info < (3, 8))" 2>/dev/null; then \
			PORT=$(PORT) exec "$$python" local/doctor.py; fi; done; \
	echo "This machine has no Python. Debian, Ubuntu: sudo apt-get install python3 python3-venv; Fedora: sudo dnf" \
		"install python3.13; macOS: brew install python@3.13" >&2; exit 1

run: environment
	@.venv/bin/python -m local run --port $(PORT)

demo: environment
	@.venv/bin/python -m local demo --port $(PORT)

logs: environment
	@.venv/bin/python -m local.logs --port $(PORT) --function "$(FN)"

# FN is the folder's name, FUNCTION the logical id; both accept both.
invoke: environment
	@.venv/bin/python -m local.invoke --function "$(or $(FN),$(FUNCTION))" --event "$(EVENT)" -- $(ARGS)

check: environment
	@.venv/bin/python -m tools.checks check

test: lint
	@.venv/bin/python -m pytest --numprocesses auto -m "not deep" $(ARGS)

test-deep: environment mutation
	@.venv/bin/python -m pytest --numprocesses auto -m deep $(ARGS)

bench: environment
	@.venv/bin/python -m tools.bench $(ARGS)

simulate: environment
	@.venv/bin/python -m tools.simulation $(ARGS)

mutation: environment
	@.venv/bin/python -m tools.mutation $(MODULES)

lint: environment
	@.venv/bin/python -m tools.checks lint

audit: environment
	@local/make-environments checkov
	@.venv/bin/python -m tools.checks audit

house: environment
	@.venv/bin/python -m tools.house

format: environment
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

openapi: environment
	@.venv/bin/python -m tools.openapi

# sam build needs the Python of the layers on PATH: .venv has it.
build: environment
	@PATH="$$PWD/.venv/bin:$$PWD/.tools/sam/bin:$$PATH" sam build

deploy: environment
	@.venv/bin/python -m local.deploy --stage "$(STAGE)" -- $(ARGS)

# A variable on the command line would be visible to everybody in the list of processes.
secret = $(if $(filter command%,$(origin $(1))),$(error $(1) is a secret: export it instead of passing it to make))

# STAGE=local is what `make run PORT=…` started.
verify: environment
	$(call secret,VERIFY_TOKEN)$(call secret,VERIFY_TOKEN_UNSUBSCRIBED)
	@.venv/bin/python -m local.verify --stage "$(STAGE)" --port $(PORT) $(if $(filter 1,$(WRITE)),--write)

verify-tiktok: environment
	$(call secret,TIKTOK_ACCESS_TOKEN)$(call secret,TIKTOK_APP_SECRET)
	@.venv/bin/python -m tools.verify_tiktok $(ARGS)

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
	@local/make-environments dev sam ministack sdk
