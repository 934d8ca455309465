# Everything from a bare machine with Python 3.11+ and make: `make demo`, `make test`.
# Each target makes the environment it needs, and says by name which system package is missing when it may not install it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    ?= out/demo
# processes that tests are shared among; each may use all cores itself
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# tests that run the kernels of the city model on odd input and on real files
GEO_KERNELS := $(addprefix tests/geo/test_,geo_kernels.py jsonarrays.py numbers.py tin.py heights.py triangulate.py)

.PHONY: demo test test-all lint sample clean

demo: $(VENV)/.installed
	@sh tools/system_packages.sh libegl1 libgl1-mesa-dri
	$(BIN)/twin demo --out $(OUT)

test: $(VENV)/.developing
	@sh tools/system_packages.sh libegl1 libgl1-mesa-dri chromium ffmpeg
	$(MAKE) --no-print-directory lint
	$(PYTEST) -m "not slow" --nbmake tests notebooks

test-all: test
	$(PYTEST) -m slow tests
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(VENV)/kernels-boundscheck $(PYTEST) -m "not slow" tests/sim $(GEO_KERNELS)

lint: $(VENV)/.developing
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# writes data/samples/district again
sample: $(VENV)/.developing
	$(BIN)/python -m twin.geo.samples

$(BIN)/python:
	@sh tools/make_venv.sh $(PYTHON) $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.developing: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
