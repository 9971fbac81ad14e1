# Each line can be run by hand. The virtual environment is made on first use.
PYTHON ?= python3
VENV ?= .venv
CLIENT ?= clients/manufacturer
RUN = $(VENV)/bin

.PHONY: report test book lab lint lock clean

report: $(VENV)/.ready ## execute the chapters for CLIENT and publish its report in reports/
	$(RUN)/lepton-nb report "$(CLIENT)"

test: $(VENV)/.ready ## everything that must hold
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	TF_NUM_INTRAOP_THREADS=1 OMP_NUM_THREADS=1 $(RUN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

book: $(VENV)/.ready ## the book for readers: sample client, code shown, in build/book
	$(RUN)/lepton-nb book

lab: $(VENV)/.ready ## open the chapters in JupyterLab
	$(RUN)/jupyter lab notebooks

lint: $(VENV)/.ready ## put the code into its form
	$(RUN)/ruff check --fix
	$(RUN)/ruff format

lock: $(VENV)/.ready ## write constraints.txt and constraints-mlflow.txt anew from the ranges in pyproject.toml
	$(RUN)/pip install --quiet uv
	$(RUN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header --no-annotate \
		--upgrade --output-file constraints.txt pyproject.toml
	$(RUN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--upgrade --output-file constraints-mlflow.txt --group mlflow

clean: ## remove what was built and kept, not the environment
	rm -rf .lepton build reports *.egg-info .pytest_cache .ruff_cache .hypothesis

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[lab,test]'
	touch $@
