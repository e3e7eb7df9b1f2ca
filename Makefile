# The commands of Handrail. `make start` to use it, `make test` to check it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed-$(shell sha256sum requirements.lock | cut -c1-16)
MANAGE := $(BIN)/python manage.py
# Three workers on two cores, file by file (tests/distribution.py): often one of them waits for a browser, for a process
# that starts, or for a time that must pass.
WORKERS ?= 3

SECRETS := secret_key db_postgres $(addprefix db_handrail_,owner web worker mailer eval)

.PHONY: setup start test check lint types imports migrations browser screenshots secrets lock clean

setup: $(INSTALLED)  ## install what is missing, nothing else
	@DJANGO_SETTINGS_MODULE=portal.settings $(BIN)/python -m kb.retrieval.embedder_setup

$(INSTALLED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "handrail: Python 3.11 or newer is needed; set PYTHON=python3.x" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "handrail: Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip check
	@rm -f $(VENV)/installed-*; touch $@

start: setup  ## start everything (PORT, HANDRAIL_DATA), load the demo if the site is empty
	@exec $(MANAGE) start

check: setup lint types imports migrations  ## the quick part of `make test`
	$(BIN)/pytest tests/architecture tests/kb tests/triage -n $(WORKERS)

test: setup browser lint types imports migrations  ## every check; what CI runs
	$(BIN)/pytest tests -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 15

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy kb portal triage agents tests manage.py

imports:
	$(BIN)/lint-imports

migrations:
	$(MANAGE) makemigrations --check --dry-run

browser:  ## a browser for the journeys: Debian's package, installed when we may
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || { echo "handrail: the journeys need chromium: apt-get install chromium" >&2; exit 1; }

screenshots: setup browser  ## every kind of page into docs/screenshots
	$(BIN)/python -m tests.journeys.screenshots $(PAGES)

# A container reads its files as a user of its own, so it is the directory that is closed to others.
secrets:  ## the password files for docker-compose.yml, where they are missing
	@mkdir -p -m 0700 secrets
	@for name in $(SECRETS); do test -s secrets/$$name || { head -c 36 /dev/urandom | base64 | tr '+/' '-_' > secrets/$$name; }; done
	@for name in smtp_password llm_api_key; do test -e secrets/$$name || : > secrets/$$name; done
	@chmod 0444 secrets/*; chmod u+w secrets/smtp_password secrets/llm_api_key

lock:  ## pin the dependencies of pyproject.toml anew
	uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 -o requirements.lock

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache
