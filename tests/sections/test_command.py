"""``twin section``, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sections.test_parts import PIT, WALLED
from tests.sections.test_sheet import texts
from twin.cli import main


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
    from twin.run import changed_city, load_city, without_crowd
    from twin.scenario import read_scenario

    read = read_scenario(scenario)
    folder = tmp_path / "out" / "variant"
    without_crowd(read, changed_city(read, load_city(read))).save(folder)
    (tmp_path / "out" / "run.json").write_text(json.dumps({"scenario": str(scenario), "city": ["sample"]}))
    out = tmp_path / "across.pdf"
    assert main(["section", str(tmp_path / "out"), "--across", "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"%PDF")


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
