# What people type. All of it runs in an environment that deploy/venv.sh makes; nothing is
# installed again unless a lock file changed.
VENV := .venv
unexport FLASK_APP
unexport PYTHONDONTWRITEBYTECODE  # each start would compile all that it imports again

# How many processes share the tests: one for each processor, though no more than four, since all
# of them ask the same PostgreSQL. JOBS=0 runs them in one; so does ARGS=--pdb by itself.
JOBS ?= auto
PYTEST = $(VENV)/bin/pytest -n $(JOBS) --maxprocesses 4 --dist loadgroup
SLOW := postgresql or browser or fault or large

# "anew" if the environment cannot be used: never made, moved, copied, or its Python is gone.
ANEW := $(shell sh deploy/venv.sh $(VENV) || echo anew)
UV = $(shell command -v uv || echo $(VENV)/installer/bin/uv)
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --custom-compile-command "make lock"

.PHONY: help run quick test slow check lint lock anew

help:  ## list what can be typed
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-5s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.site-installed  ## set up and serve the site on 127.0.0.1:5000; PORT=8000 takes another
	@$(VENV)/bin/flask serve --deploy

quick: $(VENV)/.tests-installed  ## the tests that need no request
	$(PYTEST) -m "not ($(SLOW))" --quick $(ARGS)

test: $(VENV)/.tests-installed  ## set up and test every rule once; ARGS="-k follow" goes to pytest
	$(PYTEST) -m "not ($(SLOW))" $(ARGS)
	@echo "Left to make check: PostgreSQL, browsers, faults and large data."

slow: $(VENV)/.tests-installed  ## the tests that make test leaves out
	$(PYTEST) -m "$(SLOW)" $(ARGS)

check: $(VENV)/.tests-installed  ## every test: both databases, browsers, faults, large data
	$(PYTEST) $(ARGS)

lint: $(VENV)/.tests-installed  ## look for mistakes, untidy code and wrong types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

lock: $(VENV)/.tests-installed  ## write the lock files anew from the lists of packages
	$(LOCK) requirements.txt --output-file requirements.lock
	$(LOCK) tests/requirements.txt --output-file tests/requirements.lock

$(VENV)/.site-installed: requirements.lock deploy/venv.sh $(ANEW)
	@sh deploy/venv.sh $(VENV) requirements.lock
	@touch $@

$(VENV)/.tests-installed: tests/requirements.lock $(VENV)/.site-installed
	@sh deploy/venv.sh $(VENV) tests/requirements.lock
	@touch $@
