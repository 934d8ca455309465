"""The command line as a user meets it: output, exit codes, no traceback, nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import twin
from tests.geo.meshes import box
from tests.places import box_of, town, two_levels
from twin.cli import main
from twin.geo.samples import sample_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small town on disk with a scenario beside it."""
    root = tmp_path_factory.mktemp("town")
    town().save(root / "town")
    (root / "party.yaml").write_text(
        f"""\
title: Party <b>in town</b>
question: Does it fit?
city: town
changes:
  - id: party
    type: event
    in_baseline: true
    zones: [{{id: west, at: {{polygon: {box_of(2, 20, 16, 40)}}}, present: 60}}]
  - {{id: works, type: closure, at: {{polygon: {box_of(20, 37, 40, 60)}}}}}
crowd:
  duration_s: 60
  seeds: 2
  exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}
""",
        encoding="utf-8",
    )
    return root


@pytest.fixture(scope="module")
def ran(folder: Path) -> Path:
    """The scenario run once, with everything it writes."""
    assert main(["run", str(folder / "party.yaml"), "--out", str(folder / "out")]) == 0
    return folder / "out"


def test_run_writes_report_scene_pictures_and_data(ran: Path) -> None:
    names = {path.name for path in ran.iterdir()}
    assert names >= {"report.html", "scene.html", "scene.glb", "before.png", "after.png", "baseline", "variant", "comparison.csv"}
    assert not [name for name in names if name.startswith(".")]
    assert twin.open_result(ran / "variant").figure("people").value == 60
    report = (ran / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;in town&lt;/b&gt;" in report
    assert "<b>in town" not in report
    assert 'href="scene.html"' in report
    assert "http://" not in report.replace("http://www.w3.org", "")


def test_run_again_over_its_own_output_and_not_over_other_files(
    folder: Path, ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(folder / "party.yaml"), "--out", str(ran), "--seeds", "1", "--no-pictures"]) == 0
    assert not {path.name for path in ran.iterdir()} & {"before.png", "after.png", "scene.html", "scene.glb"}
    (tmp_path / "letter.txt").write_text("mine")
    assert main(["run", str(folder / "party.yaml"), "--out", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_info_tells_what_is_in_each_kind_of_file(folder: Path, ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(folder / "town"), str(folder / "party.yaml"), str(ran)]) == 0
    told = capsys.readouterr().out
    assert "EPSG:28992" in told
    assert "1 buildings" in told
    assert "party: event (in the baseline too)" in told
    assert "Highest density" in told


def test_validate_accepts_and_refuses(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(folder / "party.yaml"), str(folder / "town")]) == 0
    assert "valid" in capsys.readouterr().out
    wrong = (folder / "party.yaml").read_text().replace("zones:", "zone:").replace("city: town", f"city: {folder / 'town'}")
    (tmp_path / "wrong.yaml").write_text(wrong)
    assert main(["validate", str(tmp_path / "wrong.yaml")]) == 1
    told = capsys.readouterr().err
    assert "wrong.yaml:" in told
    assert "did you mean `zones`?" in told


def test_export_finds_the_city_again(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.glb", "a.html"):
        assert main(["export", str(ran), str(tmp_path / name)]) == 0
        assert (tmp_path / name).stat().st_size > 10_000
    assert main(["export", str(ran / "baseline"), str(tmp_path / "b.glb"), "--time", "10"]) == 0
    assert main(["export", str(ran), str(tmp_path / "a.xyz")]) == 1
    assert ".glb" in capsys.readouterr().err
    assert not (tmp_path / "a.xyz").exists()


def test_view_writes_a_picture_without_a_screen(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "square.png"
    given = ["view", str(ran), "--screenshot", str(picture)]
    assert main([*given, "--size", "320x200", "--view", "top", "--time", "10", "--hide", "labels,people", "--transparent"]) == 0
    with Image.open(picture) as found:
        assert found.size == (320, 200)
        assert found.mode == "RGBA"
    capsys.readouterr()
    for more, told in (
        (["--hide", "bulidings"], "did you mean `buildings`"),
        (["--view", "overveiw"], "did you mean `overview`"),
        (["--time", "9000"], "not within the run"),
    ):
        assert main([*given, *more]) == 1
        assert told in capsys.readouterr().err
    assert main(["view", str(ran), "--screenshot", str(tmp_path / "x.jpg")]) == 1
    assert "a picture is a .png file" in capsys.readouterr().err
    assert main(["view", str(ran), "--size", "320x200"]) == 1
    assert "add --screenshot FILE.png" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([*given, "--size", "320"])
    assert "not a size such as 1920x1080" in capsys.readouterr().err


def test_view_shows_sides_cuts_styles_and_films(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def picture(name: str, *more: str) -> NDArray[np.int64]:
        out = tmp_path / f"{name}.png"
        assert main(["view", str(ran), "--screenshot", str(out), "--size", "320x200", "--bare", *more]) == 0
        with Image.open(out) as found:
            return np.asarray(found.convert("RGB"), dtype=np.int64)

    plain = picture("plain")
    for name, more in (
        ("baseline", ["--side", "baseline"]),
        ("night", ["--look", "night"]),
        ("cut", ["--section", "across"]),
        ("through", ["--see-through"]),
        ("evening", ["--sun", "2026-06-21T20:00"]),
    ):
        assert np.abs(picture(name, *more) - plain).max() > 60, name
    film = tmp_path / "square.gif"
    assert main(["view", str(ran), "--movie", str(film), "--size", "160x100", "--to", "4", "--fps", "2", "--language", "nl"]) == 0
    with Image.open(film) as found:
        assert getattr(found, "n_frames", 1) == 9
    capsys.readouterr()
    for more, told in (
        (["--movie", "x.avi"], "use one of .mp4, .webm, .gif"),
        (["--movie", "x.gif", "--screenshot", "x.png"], "two things"),
        (["--movie", "x.gif", "--time", "3"], "--from one moment --to another"),
        (["--movie", "x.gif", "--transparent"], "a film has a sky"),
        (["--movie", "x.gif", "--from", "9000"], "a film from 9000"),
        (["--speed", "3"], "--speed is of a film"),
        (["--from", "3"], "--from is of a film"),
        (["--screenshot", "x.png", "--stage", "first"], "nothing in it is done in stages"),
        (["--screenshot", "x.png", "--section", "acros"], "did you mean `across`"),
        (["--screenshot", "x.png", "--baseline", "--side", "variant"], "two ways to say one thing"),
    ):
        assert main(["view", str(ran), *more]) == 1, more
        assert told in capsys.readouterr().err
    assert main(["view", str(ran / "variant"), "--screenshot", str(tmp_path / "x.png"), "--side", "difference"]) == 1
    assert "one side only" in capsys.readouterr().err


def test_export_does_not_take_the_place_of_what_the_run_was_made_of(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither of its city nor of the model of a planned building."""
    box(6, 6, 9).export(tmp_path / "tower.glb")
    town().save(tmp_path / "town")
    before = (tmp_path / "tower.glb").read_bytes()
    west, south = box_of(48, 48, 50, 50)[0]
    tower = f"  - {{id: tower, type: building, model: tower.glb, at: [{west}, {south}]}}\ncrowd:"
    text = (folder / "party.yaml").read_text().replace("crowd:", tower).replace("duration_s: 60", "duration_s: 4")
    (tmp_path / "tower.yaml").write_text(text)
    assert main(["run", str(tmp_path / "tower.yaml"), "--out", str(tmp_path / "out"), "--no-pictures", "--seeds", "1"]) == 0
    capsys.readouterr()
    for target in ("tower.glb", "town/town.glb"):
        assert main(["export", str(tmp_path / "out"), str(tmp_path / target)]) == 1
        assert "would take the place of its own source" in capsys.readouterr().err
    assert (tmp_path / "tower.glb").read_bytes() == before
    assert not (tmp_path / "town" / "town.glb").exists()
    assert main(["export", str(tmp_path / "out"), str(tmp_path / "out" / "moment.glb")]) == 0


def test_result_of_one_side_gives_a_report_too(folder: Path, tmp_path: Path) -> None:
    text = (folder / "party.yaml").read_text().replace("city: town", f"city: {folder / 'town'}")
    lines = [line for line in text.splitlines() if "works" not in line]
    (tmp_path / "single.yaml").write_text("\n".join(lines))
    assert main(["run", str(tmp_path / "single.yaml"), "--out", str(tmp_path / "out"), "--no-pictures"]) == 0
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Without the changes" not in report
    assert "Highest crowd density" in report


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["run", "nowhere.yaml", "--out", "out"], 1, "nowhere.yaml"),
        (["info", "nowhere.city.json"], 1, "nowhere.city.json"),
        (["export", "nowhere", "x.glb"], 1, "nowhere"),
        (["export", ".", "x.glb"], 1, ""),
        (["run"], 2, "SCENARIO"),
        (["run", "x.yaml", "--out", "o", "--seeds", "none"], 2, "1 to 1000"),
        (["walk"], 2, "there is no command `walk`"),
        (["valdate", "x.yaml"], 2, "there is no command `valdate`; did you mean `validate`?"),
        (["run", "x.yaml", "--out", "o", "--seed", "5"], 2, "there is no option `--seed`; did you mean `--seeds`?"),
        (["run", "x.yaml", "--out", "o", "--no-pic"], 2, "usage: twin run"),
        (["info", "x.json", "--clp=1"], 2, "did you mean `--clip`?"),
        (["run", "my", "plan.yaml", "--out", "o"], 2, "there is no place for `plan.yaml` here"),
    ],
)
def test_mistakes_end_with_a_code_and_no_traceback(arguments: list[str], code: int, told: str, tmp_path: Path) -> None:
    there = {**os.environ, "PYTHONPATH": str(Path(twin.__file__).parents[1])}
    command = [sys.executable, "-m", "twin.cli", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=there, timeout=120)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_shows_an_example_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("demo", "run", "info", "validate", "view", "export"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert f"twin {command}" in capsys.readouterr().out.split("example:")[1]
    assert main([]) == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"{not json", "JSON"),
        (b'{"type": "FeatureCollection", "features": []}', "the city is empty"),
        (b"<CityModel/>", "XML"),
        (
            json.dumps({
                "type": "CityJSON", "version": "2.0", "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]},
                "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4326"}, "CityObjects": {}, "vertices": [],
            }).encode(),
            "degrees",
        ),
    ],
)  # fmt: skip
def test_bad_cities_are_told_and_write_nothing(
    content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = tmp_path / "bad.city.json"
    city.write_bytes(content)
    scenario = tmp_path / "s.yaml"
    scenario.write_text(f"title: x\ncity: {city.name}\ncrowd: {{exits: {{a: {{point: [0, 0]}}}}}}\n")
    assert main(["run", str(scenario), "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert "bad.city.json" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("zones:", "zone:", "did you mean `zones`?"),
        (f"{box_of(2, 20, 16, 40)}", f"{box_of(25, 25, 35, 35)}", "in building `house`"),
        (f"at: {{polygon: {box_of(20, 37, 40, 60)}}}", f"at: {{polygon: {box_of(50, -5, 52, 65)}}}", "cannot reach `east`"),
        ("exits:", "exit:", "did you mean `exits`?"),
        ("city: town", "city: city-with-a-bad-stair", "stair `stair`"),
        ("present: 60", "present: 6000", "do not fit"),
    ],
)
def test_bad_scenarios_end_with_1_and_write_nothing(
    old: str, new: str, told: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "party.yaml").read_text()
    assert old in text
    two_levels(top_z_m=9.0).save(tmp_path / "city-with-a-bad-stair")
    town().save(tmp_path / "town")
    (tmp_path / "bad.yaml").write_text(text.replace(old, new))
    assert main(["run", str(tmp_path / "bad.yaml"), "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert told in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_folder_that_cannot_be_made_is_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(["run", str(folder / "party.yaml"), "--out", str(tmp_path / "file" / "below")]) == 1
    assert "cannot be made" in capsys.readouterr().err


def test_folder_of_a_run_cut_short_may_be_used_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import twin.commands.run

    def cut(*given: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    monkeypatch.setattr(twin.commands.run, "_save", cut)
    assert main(["run", str(folder / "party.yaml"), "--out", str(out), "--seeds", "1"]) == 1
    assert "interrupted" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(["run", str(folder / "party.yaml"), "--out", str(out), "--seeds", "1", "--no-pictures"]) == 0


def test_moment_outside_the_run_is_refused(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(ran), str(tmp_path / "x.glb"), "--time", "6000"]) == 1
    assert "not within the run" in capsys.readouterr().err
    assert not (tmp_path / "x.glb").exists()


def test_demo_is_the_shipped_scenario() -> None:
    assert (sample_folder().parent / "demo.yaml").is_file()


def test_info_says_which_run_its_figures_are_of(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["run", str(folder / "party.yaml"), "--out", str(out), "--seeds", "2", "--no-pictures"]) == 0
    capsys.readouterr()
    for path, side in ((out, "with the changes"), (out / "baseline", "without the changes")):
        assert main(["info", str(path)]) == 0
        told = capsys.readouterr().out
        assert f"figures of     one run, seed 1, {side}" in told
        assert "report         has the median over 2 seeds" in told
    assert main(["run", str(folder / "party.yaml"), "--out", str(out), "--seeds", "1", "--no-pictures"]) == 0
    assert main(["info", str(out)]) == 0
    assert "median" not in capsys.readouterr().out


def test_a_plan_without_people_runs_and_is_not_judged(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(f"""\
title: Shed
city: {folder / "town"}
changes:
  - {{id: shed, type: building, footprint: {box_of(2, 2, 6, 6)}, height_m: 3}}
crowd: {{duration_s: 10, seeds: 2}}
""")
    assert main(["validate", str(plan)]) == 0
    assert "valid, but nobody takes part" in capsys.readouterr().out
    assert main(["validate", str(plan), "--out", str(tmp_path / "found.csv")]) == 1
    assert "leave out --out" in capsys.readouterr().err
    out = tmp_path / "out"
    assert main(["run", str(plan), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "nobody takes part: crowding is not judged\n  to judge it, give people in the scenario: `crowd.flows`" in told
    assert "meets" not in told
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Nobody takes part, so crowding is not judged. To judge it, give people" in report
    assert ">meets<" not in report
    assert "it is met" not in report
    assert main(["info", str(out)]) == 0
    assert "nobody takes part" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_named_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("needs a folder in which nobody may write")
    assert main(["run", str(folder / "party.yaml"), "--out", "/proc/x"]) == 1
    told = capsys.readouterr().err
    assert "the folder `/proc/x` cannot be made" in told
    assert "run.json" not in told


def test_export_needs_its_folder_as_convert_does(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for command, name in (("export", "x.glb"), ("convert", "x.gpkg")):
        assert main([command, str(folder / "town"), str(tmp_path / "no" / name)]) == 1
        told.append(capsys.readouterr().err.replace(name, ""))
    assert told[0] == told[1]
    assert "make the folder first" in told[0]
    assert not (tmp_path / "no").exists()


def test_export_refuses_a_suffix_before_anything_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.city.json").write_text("{")
    for name, told in (("x.xyz", "a scene cannot be written as `.xyz`"), ("x", "written as `x`"), ("x.usdz", "USDZ (.usdz)")):
        assert main(["export", str(tmp_path / "broken.city.json"), str(tmp_path / name)]) == 1
        error = capsys.readouterr().err
        assert told in error
        assert "use one of .html, .glb, .png" in error
    assert [path.name for path in tmp_path.iterdir()] == ["broken.city.json"]


def test_validate_tells_the_line_of_people_who_cannot_be_placed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "crowded.yaml"
    text = (folder / "party.yaml").read_text().replace("city: town", f"city: {folder / 'town'}")
    path.write_text(text.replace("present: 60", "present: 6000"))
    assert main(["validate", str(path)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{path}:8 changes[party].zones[west]: 6000 people do not fit")
