"""``twin section``, as a user meets it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sections.test_parts import PIT, WALLED, worked_out
from tests.sections.test_sheet import texts
from twin.cli import main
from twin.commands.pit_pictures import draw_pit_sections
from twin.geo.city import City
from twin.impact_result import ImpactResult
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.run import changed_city, load_city, without_crowd
from twin.scenario import read_scenario, scenario_from_text

__all__ = ["worked_out"]


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "pit.yaml"
    path.write_text(PIT + WALLED, encoding="utf-8")
    return path


def test_a_section_of_a_city(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "canal.svg"
    assert main(["section", "sample", "--line", "136740,455830", "136840,455850", "--scale", "1:250", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert f"{out}: 102.0 m; 3 buildings, 1 cellar" in told
    assert any(text.startswith("1:250 on") for text in texts(out))


def test_a_section_of_a_scenario_goes_across_its_pit(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, more in {"across.svg": [], "along.svg": ["--along", "dig"], "before.svg": ["--baseline"]}.items():
        assert main(["section", str(scenario), *more, "--language", "nl", "--out", str(tmp_path / name)]) == 0
    assert "langs dig" in " ".join(texts(tmp_path / "along.svg"))
    across, before = (" ".join(texts(tmp_path / name)) for name in ("across.svg", "before.svg"))
    assert "dwars over dig" in across
    assert "diepwand" in across
    assert "zonder de ingreep" in before
    assert "diepwand" not in before
    assert "2 walls" in capsys.readouterr().out


def test_a_section_of_a_run(scenario: Path, tmp_path: Path) -> None:
    read = read_scenario(scenario)
    folder = tmp_path / "out" / "variant"
    without_crowd(read, changed_city(read, load_city(read))).save(folder)
    (tmp_path / "out" / "run.json").write_text(json.dumps({"scenario": str(scenario), "city": ["sample"]}))
    out = tmp_path / "across.pdf"
    assert main(["section", str(tmp_path / "out"), "--across", "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"%PDF")


def test_a_run_with_the_impact_draws_both_ways_for_its_report(sample: City, worked_out: ImpactResult, tmp_path: Path) -> None:
    read = scenario_from_text(PIT + WALLED)
    result = without_crowd(read, changed_city(read, sample))
    assert draw_pit_sections(read, sample, result, tmp_path) == {}
    made = draw_pit_sections(read, sample, result.with_(impacts={"pit": worked_out}), tmp_path)
    assert made == {
        "pit across": "pit_across.png", "section pit across": "pit_across.pdf",
        "pit along": "pit_along.png", "section pit along": "pit_along.pdf",
    }  # fmt: skip
    assert (tmp_path / "pit_along.pdf").read_bytes().startswith(b"%PDF")
    pictures = {name: (tmp_path / file).read_bytes() for name, file in made.items() if file.endswith(".png")}
    empty = replace(worked_out, features={"stages": sample.pits.iloc[:0]})
    page = impact_section(replace(empty, key="none"), {}, ENGLISH) + impact_section(empty, pictures, ENGLISH)
    assert page.count('<figure class="wide">') == 2
    assert ENGLISH["pit_along"] in page


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--line", "0,0", "10,10"], "does not touch the city"),
        (["--line", "136740,455830", "136740,455830.5"], "0.50 m long"),
        (["--line", "136740,455830", "136840,455850", "--across"], "--line and --across are two lines"),
        (["--across", "pit-garge"], "did you mean `pit-garage`"),
        (["--stage", "deep", "--across"], "there is no stage `deep`"),
        (["--baseline", "--across"], "a city has no sides"),
    ],
)
def test_what_is_wrong_is_told(asked: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "x.svg"
    assert main(["section", "sample", *asked, "--out", str(out)]) == 1
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_files_and_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["section", "sample", "--across", "--out", str(tmp_path / "x.svq")]) == 1
    assert "did you mean `.svg`" in capsys.readouterr().err
    assert main(["section", str(tmp_path / "none.yaml"), "--out", str(tmp_path / "x.svg")]) == 1
    assert "there is no" in capsys.readouterr().err
    for asked, told in ((["--line", "136740", "1,2"], "not a place"), (["--scale", "1:x"], "not a scale")):
        with pytest.raises(SystemExit):
            main(["section", "sample", *asked, "--out", str(tmp_path / "x.svg")])
        assert told in capsys.readouterr().err
