"""The steps of the README, one after the other as it has them, with fewer people and less time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import pytest

import twin
from twin.cli import main

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.slow
def test_the_readme_works_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = README.read_text(encoding="utf-8")
    scenario = re.findall(r"```yaml\n(.*?)```", text, re.S)[0]
    small = scenario.replace("present: 1700", "present: 30").replace("duration_s: 300", "duration_s: 20")
    assert "present: 30}" in small
    assert "duration_s: 20\n" in small
    monkeypatch.chdir(tmp_path)
    (tmp_path / "concert.yaml").write_text(small, encoding="utf-8")
    command = re.findall(r"`twin (run concert\.yaml [^`]*)`", text)[0]
    code, plots = re.findall(r"```python\n(.*?)```", text, re.S)[:2]
    saved = re.findall(r"\.save\(\"([^\"]+)\"\)", code)[0]
    assert main([*command.split(), "--no-pictures"]) == 0
    matplotlib.use("Agg")
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    # in so short a run nobody comes to the bridge, and a map that moves needs an extra
    kept = [line for line in plots.splitlines() if "plot_section(\"density\"" not in line and ".explore(" not in line]
    exec(compile("\n".join(kept).replace("time=120", "time=10").replace("seeds=10", "seeds=2"), "README.md", "exec"), names)
    impacts = next(code for code in re.findall(r"```python\n(.*?)```", text, re.S) if "tower.yaml" in code)
    exec(compile(impacts.replace("data/samples", str(README.parent / "data" / "samples")), "README.md", "exec"), names)
    assert len(names["after"].features["lost"])
    below = next(code for code in re.findall(r"```python\n(.*?)```", text, re.S) if "plot_sounding" in code)
    exec(compile(below, "README.md", "exec"), names)
    plt.close("all")
    assert (tmp_path / "concert.html").is_file()
    assert twin.open_result(saved).figure("people").value == 30
    assert "verdict" in capsys.readouterr().out
