"""Who could not get on, and a crush: in the result, on the page and on the terminal, with place and reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

import twin
from tests.places import box_of, town
from twin.cli import main
from twin.discretize import discretize_area
from twin.impacts.stalls import REASONS, crush_remarks, stall_remarks, stalled_frame
from twin.sim.crowd.watch import Crush, Stall, Watch

SHUT = f"""\
title: The door
city: town
changes: []
crowd:
  duration_s: 120
  seeds: 1
  exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}
  doors: [{{id: gate, line: [[136050.0, 454990.0], [136050.0, 455070.0]], open_s: [[110, 111]]}}]
  flows:
    - {{id: some, at: {{polygon: {box_of(40, 45, 48, 58)}}}, people: 12, from_s: 0, until_s: 5, to: {{east: 1}}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small town on disk with a scenario beside it."""
    root = tmp_path_factory.mktemp("town")
    town().save(root / "town")
    (root / "door.yaml").write_text(SHUT, encoding="utf-8")
    return root


def test_who_waits_at_a_shut_door_is_in_the_result_on_the_page_and_on_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(folder / "door.yaml"), "--out", str(folder / "out"), "--no-pictures"]) == 0
    result = twin.open_result(folder / "out" / "variant")
    stalled = result.features["stalled"]
    at_door = stalled[stalled["why"] == "door"]
    assert len(at_door) >= 1
    assert set(at_door["at"]) == {"gate"}
    assert stalled["person"].isin(result.trajectories["id"]).all()
    assert (stalled.geometry.x < 136050.5).all()
    assert stalled["since_s"].between(2.0, 60.0).all()
    assert result.figure("stalled").value == len(stalled)
    told = f"note: {len(stalled)} people could not get on for 60 s or longer"
    out = capsys.readouterr().out
    assert told in out
    assert "waiting at a door that is shut or full (`gate`), the first since" in out
    assert told.removeprefix("note: ") in (folder / "out" / "report.html").read_text(encoding="utf-8")


def test_a_run_in_which_everybody_gets_on_says_nothing(folder: Path) -> None:
    scenario = folder / "open.yaml"
    scenario.write_text(SHUT.replace("[[110, 111]]", "[[0, 200]]"), encoding="utf-8")
    result = twin.run(scenario)
    assert result.figure("stalled").value == 0
    assert list(result.features["stalled"].columns) == ["person", "level", "since_s", "why", "at", "density_per_m2", "geometry"]
    assert not [remark for remark in result.provenance["remarks"] if "could not get on" in remark or "Crush" in remark]


def test_sentences_name_reason_number_place_and_time() -> None:
    ground = discretize_area(shapely.box(100, 200, 130, 220), cell=0.5)
    watch = Watch(5)
    watch.stalled = {
        3: Stall(3, 1.0, 2.0, 0, 65.0, "jam", -1, 4.0), 1: Stall(1, 2.0, 2.0, 0, 60.0, "jam", -1, 5.0),
        0: Stall(0, 9.0, 2.0, 0, 70.0, "exit", 1, 1.0),
    }  # fmt: skip
    frame = stalled_frame(watch, ground, goals=("north", "south"))
    assert frame["person"].tolist() == [1, 3, 0]
    assert frame["at"].tolist() == ["", "", "south"]
    np.testing.assert_allclose(frame.geometry.x - ground.origin[0], [2.0, 1.0, 9.0])
    (told,) = stall_remarks(frame, None)
    first = frame.geometry.iloc[0]
    assert told == (
        f"3 people could not get on for 60 s or longer: 2 in a jam, the first since 60 s at ({first.x:.1f}, {first.y:.1f}); "
        f"1 waiting at an exit that is shut or full (`south`), the first since 70 s at "
        f"({frame.geometry.iloc[2].x:.1f}, {first.y:.1f})."
    )
    assert crush_remarks(watch, ground, None) == []
    watch.crush = Crush(9.24, 305.0, 4.0, 5.0, 0)
    (told,) = crush_remarks(watch, ground, None)
    assert told.startswith(f"Crush: after 305 s there were 9.2 people per m2 within a metre at ({ground.origin[0] + 4:.1f}, ")
    assert "people are injured" in told


def test_every_reason_has_its_words() -> None:
    source = Path(twin.__file__).parent / "sim" / "crowd" / "watch.py"
    text = source.read_text(encoding="utf-8")
    said = {word for word in REASONS if f'"{word}"' in text}
    assert said == set(REASONS)
