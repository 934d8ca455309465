"""What holds for the project as a whole: lazy import, documented keys, shipped files, no leftovers of a machine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

import twin
from twin.scenario import analyses, changes, model
from twin.scenario.place import Place

ROOT = Path(twin.__file__).parents[1]


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("package", ["twin", "viewer"])
def test_import_is_lazy(package: str) -> None:
    heavy = "('numpy', 'numba', 'pandas', 'geopandas', 'pyvista', 'xarray', 'pydantic', 'rasterio')"
    assert _python(f"import sys, {package}; print([m for m in {heavy} if m in sys.modules])") == "[]"


def test_functions_win_over_modules_of_the_same_name() -> None:
    modules = "import twin, twin.compare, twin.run, twin.ensemble"
    assert _python(f"{modules}; print(*map(callable, (twin.run, twin.compare, twin.ensemble)))") == "True True True"


def test_every_public_name_is_there() -> None:
    for name in twin.__all__:
        assert getattr(twin, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = twin.nothing


def test_every_key_of_a_scenario_is_documented() -> None:
    told = (ROOT / "docs" / "scenario.md").read_text(encoding="utf-8")
    found = [*vars(changes).values(), *vars(model).values(), *vars(analyses).values()]
    parts = [value for value in found if isinstance(value, type) and issubclass(value, BaseModel)]
    for part in [*parts, Place]:
        for key, field in part.model_fields.items():
            if not field.exclude:
                assert f"`{key}`" in told, f"{part.__name__}.{key}"


def test_every_public_thing_has_a_docstring() -> None:
    import importlib
    import inspect
    import pkgutil

    import viewer

    missing = []
    for package in (twin, viewer):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(info.name)
            if not module.__doc__ and Path(module.__file__ or "").stat().st_size > 1:
                missing.append(info.name)
            for name, value in vars(module).items():
                own = getattr(value, "__module__", None) == info.name
                if own and not name.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value)) and not value.__doc__:
                    missing.append(f"{info.name}.{name}")
    assert missing == []


def test_notebooks_are_stripped() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert cell.get("outputs", []) == []
            assert cell.get("execution_count") is None


def test_readme_commands_and_code_are_true() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", readme):
        assert (ROOT / picture).is_file()
    blocks = re.findall(r"```python\n(.*?)```", readme, re.S)
    assert blocks
    for block in blocks:
        compile(block, "README.md", "exec")
    scenario = re.findall(r"```yaml\n(.*?)```", readme, re.S)[0]
    from twin.scenario import scenario_from_text

    assert scenario_from_text(scenario).has_variant


def test_no_path_of_a_machine_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    pattern = re.compile(r"/(home|root|work|Users)/[a-z]")
    for name in listed.stdout.split("\n"):
        path = ROOT / name
        texts = (".py", ".md", ".toml", ".yaml", ".ipynb", ".sh", ".js", ".css", ".html")
        if path.suffix in texts and path.name != "test_house.py":
            found = pattern.search(path.read_text(encoding="utf-8"))
            assert found is None, f"{name}: {found.group(0) if found else ''}"
