"""The cache of compiled kernels: an edit anywhere in them starts a new one, and options do not mix."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import twin
from twin.jit import cache_folder, kernel_hash, njit, prange

PACKAGE = Path(twin.__file__).parent


def run(code, where, **environment):
    """What a new interpreter prints, with only the package in `where`."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env={**kept, "PYTHONPATH": str(where), **environment}, cwd=where, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def copied(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", "data", "node_modules")
    for name in ("twin", "viewer"):
        shutil.copytree(PACKAGE.parent / name, tmp_path / name, ignore=ignored)
    return tmp_path


HASH = "from twin.jit import kernel_hash; print(kernel_hash())"


def test_an_edit_in_any_kernel_file_starts_a_new_cache(copied):
    before = run(HASH, copied)
    assert before == kernel_hash() == run(HASH, copied)
    seen = {before}
    for name in ("sim/crowd/settle.py", "sim/crowd/surroundings.py", "sim/floor.py", "sim/model.py", "rng.py", "jit.py"):
        with (copied / "twin" / name).open("a") as file:
            file.write("\n# edited\n")
        seen.add(run(HASH, copied))
    assert len(seen) == 7
    (copied / "twin" / "cli.py").write_text((copied / "twin" / "cli.py").read_text() + "\n# no kernel\n")
    assert run(HASH, copied) in seen


def test_an_edit_of_a_callee_is_seen(copied):
    """Numba alone would go on with the old one: the caller's file has not changed."""
    sim = copied / "twin" / "sim"
    (sim / "callee.py").write_text("from twin.jit import njit\n\n@njit()\ndef inner(x):\n    return x + 1.0\n")
    (sim / "caller.py").write_text(
        "from twin.jit import njit\nfrom twin.sim.callee import inner\n\n@njit()\ndef outer(x):\n    return 10.0 * inner(x)\n"
    )
    code = "from twin.sim.caller import outer; print(outer(1.0), sum(outer.stats.cache_hits.values()))"
    cache = str(copied / "cache")
    assert run(code, copied, NUMBA_CACHE_DIR=cache) == "20.0 0"
    assert run(code, copied, NUMBA_CACHE_DIR=cache) == "20.0 1"
    (sim / "callee.py").write_text("from twin.jit import njit\n\n@njit()\ndef inner(x):\n    return x + 2.0\n")
    assert run(code, copied, NUMBA_CACHE_DIR=cache) == "30.0 0"


CACHE = "from twin.jit import cache_folder; print(cache_folder())"


def test_the_cache_goes_where_it_is_told(copied):
    told = copied / "told"
    assert run(CACHE, copied, NUMBA_CACHE_DIR=str(told)) == str(told / run(HASH, copied))


@pytest.mark.skipif(sys.platform != "linux", reason="the user's cache lies elsewhere")
def test_the_cache_goes_to_the_users_cache(copied):
    found = run(CACHE, copied, XDG_CACHE_HOME=str(copied / "xdg"))
    assert Path(found).parent == copied / "xdg" / "stadstwin" / "kernels"
    found = run(CACHE, copied, HOME=str(copied / "home"))
    assert Path(found).is_relative_to(copied / "home")


def test_a_home_that_cannot_be_written_gives_a_folder_of_ones_own(copied):
    blocked = copied / "file"
    blocked.write_text("not a folder")
    code = f"{CACHE}; from twin.rng import uniform; print(0 <= uniform(1, 2, 3, 4) < 1)"
    folder, works = run(code, copied, NUMBA_CACHE_DIR=str(blocked)).split("\n")
    assert works == "True"
    assert not folder.startswith(str(blocked))
    assert "stadstwin-kernels-" in folder
    assert Path(folder).stat().st_mode & 0o077 == 0
    shutil.rmtree(folder)


def _halves(x, out):
    for i in prange(x.shape[0]):
        out[i] = 0.5 * x[i]


def test_options_do_not_share_a_compiled_kernel():
    """Numba's key of a cached kernel leaves them out."""
    serial, parallel = njit()(_halves), njit(parallel=True)(_halves)
    x = np.arange(10.0)
    for kernel in (serial, parallel):
        out = np.zeros(10)
        kernel(x, out)
        np.testing.assert_array_equal(out, 0.5 * x)
    folders = {kernel._cache._cache_path for kernel in (serial, parallel)}
    assert len(folders) == 2
    assert all(Path(folder).is_relative_to(cache_folder()) for folder in folders)


def test_the_kernels_of_the_crowd_are_two():
    from twin.sim.crowd.intend import intend
    from twin.sim.crowd.neighbours import find_neighbours, reorder
    from twin.sim.crowd.settle import settle

    for serial, parallel in (find_neighbours, intend, reorder, settle):
        assert not serial.targetoptions.get("parallel")
        assert parallel.targetoptions["parallel"]
        assert serial._cache._cache_path != parallel._cache._cache_path


def test_waiting_threads_sleep(copied):
    """Spinning ones take the core from those they wait for on a busy machine."""
    code = "import os, twin.jit; print(os.environ['OMP_WAIT_POLICY'])"
    kept = os.environ.pop("OMP_WAIT_POLICY", None)
    try:
        assert run(code, copied) == "passive"
        assert run(code, copied, OMP_WAIT_POLICY="active") == "active"
    finally:
        if kept is not None:
            os.environ["OMP_WAIT_POLICY"] = kept


@pytest.mark.parametrize("flags", [True, {"fast"}, {"nnan"}, {"reassoc", "ninf"}, {"nsz"}])
def test_flags_that_delete_guards_are_refused(flags):
    with pytest.raises(ValueError, match="fastmath may hold only"):
        njit(fastmath=flags)


def test_flags_that_only_reorder_are_allowed():
    @njit(fastmath={"reassoc", "contract"})
    def total(x):
        out = 0.0
        for value in x:
            out += value
        return out

    assert total(np.ones(100)) == 100.0
    assert np.isnan(total(np.array([1.0, np.nan])))
