# What people type. All of it runs in an environment that deploy/venv.sh makes; nothing is
# installed again unless a list of packages changed.
VENV := .venv
unexport FLASK_APP

# How many processes share the tests: one for each processor, though no more than four, since all
# of them ask the same PostgreSQL. JOBS=0 runs them in one; so does ARGS=--pdb by itself.
JOBS ?= auto

# "anew" if the environment cannot be used: never made, moved, copied, or its Python is gone.
ANEW := $(shell sh deploy/venv.sh $(VENV) || echo anew)

.PHONY: help run test lint anew

help:  ## list what can be typed
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-5s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.site-installed  ## set up and serve the site on 127.0.0.1:5000; PORT=8000 takes another
	@$(VENV)/bin/flask deploy
	@$(VENV)/bin/flask serve

test: $(VENV)/.tests-installed  ## set up and run every test; ARGS="-k follow" goes to pytest
	$(VENV)/bin/pytest -n $(JOBS) --maxprocesses 4 --dist loadscope $(ARGS)

lint: $(VENV)/.tests-installed  ## look for mistakes and untidy code
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

$(VENV)/.site-installed: requirements.txt deploy/venv.sh $(ANEW)
	@sh deploy/venv.sh $(VENV) requirements.txt
	@touch $@

$(VENV)/.tests-installed: tests/requirements.txt $(VENV)/.site-installed
	@sh deploy/venv.sh $(VENV) tests/requirements.txt
	@touch $@
