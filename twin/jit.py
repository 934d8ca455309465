"""Numba, set up once for every kernel: cached, without the interpreter lock, no global fastmath.

Numba decides whether a cached kernel is stale by the file that the kernel is in, and does not see an
edit to a callee in another file. The cache folder is therefore named after a hash of all sources of
`twin.sim`, `twin.geo.kernels`, `viewer.kernels` and the ground floor: an edit to any of them starts a new one.
`tests/test_jit.py` guards this.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

# Threads that wait for each other sleep: those that spin take the core from the one they wait for when the machine is busy
# with something else, and a step of the crowd then takes three times as long as on one core. But waking one takes 20 to 60 us,
# several times a step, so they spin for some 30 us first. Values already set win.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import numba
import numba.core.config as _config
from numba import prange

__all__ = ["cache_folder", "kernel_hash", "njit", "prange", "wrote"]

_F = TypeVar("_F", bound=Callable[..., Any])
_LOCK = threading.Lock()
_PACKAGE = Path(__file__).resolve().parent


@lru_cache(maxsize=1)
def kernel_hash() -> str:
    """Hash of every source file that holds kernels, of Numba's version and of Python's."""
    digest = hashlib.sha256(f"{numba.__version__} {sys.version_info[:2]}".encode())
    root = _PACKAGE.parent
    kernels = [*_PACKAGE.glob("sim/**/*.py"), *_PACKAGE.glob("geo/kernels/*.py"), *root.glob("viewer/kernels/*.py")]
    for path in sorted([*kernels, _PACKAGE / "rng.py", _PACKAGE / "jit.py"]):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1)
def cache_folder() -> str:
    """Folder of the compiled kernels: under NUMBA_CACHE_DIR when set, else in the user's cache."""
    base = os.environ.get("NUMBA_CACHE_DIR")
    if base:
        root = Path(base)
    elif sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "stadstwin" / "kernels"
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches" / "stadstwin" / "kernels"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "stadstwin" / "kernels"
    folder = root / kernel_hash()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return str(folder)
    except OSError:
        pass
    # a home that cannot be written (a container, a locked-down account): this process's own folder, nobody else's
    return tempfile.mkdtemp(prefix="stadstwin-kernels-")


def njit(*, parallel: bool = False, fastmath: set[str] | bool = False, inline: str = "never") -> Callable[[_F], _F]:
    """Compile a kernel in no-Python mode, with a cache that sees edits across files.

    Parameters
    ----------
    parallel : bool
        Allow `prange`. A parallel loop must gather: iteration i writes only ``out[i]``.
    fastmath : set of str
        LLVM flags; at most ``{"reassoc", "contract"}``, and only with a benchmark and a tolerance
        (the others delete the guards against NaN).
    inline : {"never", "always"}
        Numba's own inlining.

    Raises
    ------
    ValueError
        For flags that are not allowed here.
    """
    flags = set() if fastmath is False else fastmath
    if flags is True or not flags <= {"reassoc", "contract"}:
        raise ValueError("fastmath may hold only 'reassoc' and 'contract'")

    def decorate(function: _F) -> _F:
        # The folder is read when the dispatcher is made, so it is set for just that moment: the
        # user's own Numba functions keep their own cache. Numba's key of a cached kernel leaves the options out: without a
        # folder for each set of them, the same function compiled for one core and for all would be one of the two, twice.
        options = "-".join(["parallel" if parallel else "serial", *sorted(flags)])
        with _LOCK:
            before = _config.CACHE_DIR
            _config.CACHE_DIR = os.path.join(cache_folder(), options)
            try:
                compiled = numba.njit(
                    function,
                    cache=True,
                    nogil=True,
                    parallel=parallel,
                    fastmath=flags or False,
                    error_model="numpy",
                    inline=inline,
                )
            finally:
                _config.CACHE_DIR = before
        return compiled

    return decorate


@njit()
def wrote(*arrays):  # type: ignore[no-untyped-def]
    """Say after a parallel loop which arrays it wrote, where they came to the kernel inside a tuple.

    Numba (0.68) takes an array that was taken out of a tuple for one that nobody else sees, and leaves out what the last
    part of a parallel loop writes to it, unless something comes after that may look at it.
    """
