"""Trajectories to JuPedSim and PedPy, opened there; and theirs read here."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path
from typing import Any

import jupedsim
import numpy as np
import pandas as pd
import pedpy
import pytest
import shapely

import twin
from tests.places import at, box_of, two_levels
from twin.errors import FormatError, MissingExtraError, MissingFileError, OutputError, ParameterError, ResultError
from twin.exchange import headings
from twin.measures import individual_speed
from twin.result import Result
from twin.scenario import scenario_from_text

AREA = shapely.Polygon([(0, 0), (20, 0), (20, 7), (0, 7)], [[(9, 3), (10, 3), (10, 4), (9, 4)]])


def walk(area: Any = AREA, **more: Any) -> Result:
    starts = [(x, y) for x in np.arange(1.0, 8.0) for y in np.arange(1.0, 6.0)]
    return twin.simulate_crowd(
        area, starts=starts, exits={"east": shapely.box(19, 2, 20, 5)}, progress=False,
        **{"duration": 30, "frame_interval_s": 0.5, **more},
    )  # fmt: skip


@pytest.fixture(scope="module")
def climbed() -> Result:
    """People who go up from the wharf to the street."""
    scenario = scenario_from_text(f"""\
title: Up
crowd:
  duration_s: 60
  exits: {{street: {{polygon: {box_of(0, 22, 4, 24)}, level: street}}}}
  flows: [{{id: up, at: {{polygon: {box_of(16, 2, 30, 8)}, level: wharf}}, people: 12, until_s: 10}}]
""")
    return twin.run(scenario, city=two_levels(), progress=False)


# --- JuPedSim


@pytest.mark.parametrize("rows", [100, None])
def test_jupedsim_opens_what_we_write(rows: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if rows:
        monkeypatch.setattr("twin.spool.ROWS_IN_MEMORY", rows)
    result = walk()
    assert result.recording.in_memory == (rows is None)
    assert result.to_jupedsim(tmp_path / "walk.sqlite") == tmp_path / "walk.sqlite"
    assert [entry.name for entry in tmp_path.iterdir()] == ["walk.sqlite"]
    opened = jupedsim.Recording(str(tmp_path / "walk.sqlite"))
    table = result.trajectories
    assert opened.fps == 2.0
    assert opened.num_frames == table["frame"].max() + 1
    assert shapely.equals(opened.geometry(), AREA)
    bounds = opened.bounds()
    assert (bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax) == AREA.bounds
    numbers = {opened.geometry_id_for_frame(frame) for frame in range(opened.num_frames)}
    assert len(numbers) == 1
    for frame in range(opened.num_frames):
        here = table[table["frame"] == frame]
        agents = opened.frame(frame).agents
        assert [agent.id for agent in agents] == here["id"].tolist()
        assert [agent.position for agent in agents] == list(zip(here["x"], here["y"], strict=True))
        assert all(np.hypot(*agent.orientation) == pytest.approx(1.0) for agent in agents)
    opened.db.close()


def test_the_layout_is_the_one_jupedsim_itself_writes(tmp_path: Path) -> None:
    """Tables, columns, their types and indices, and the keys of the metadata, side by side with a file of JuPedSim."""
    writer = jupedsim.SqliteTrajectoryWriter(output_file=tmp_path / "theirs.sqlite", every_nth_frame=10)
    simulation = jupedsim.Simulation(
        model=jupedsim.CollisionFreeSpeedModelV2(), geometry=AREA, dt=0.05, trajectory_writer=writer
    )
    stage = simulation.add_exit_stage([(19, 2), (20, 2), (20, 5), (19, 5)])
    journey = simulation.add_journey(jupedsim.JourneyDescription([stage]))
    simulation.add_agent(
        jupedsim.CollisionFreeSpeedModelV2AgentParameters(position=(2.0, 2.0), journey_id=journey, stage_id=stage)
    )
    simulation.iterate(40)
    writer.close()
    walk().to_jupedsim(tmp_path / "ours.sqlite")

    def layout(name: str) -> Any:
        base = sqlite3.connect(tmp_path / name)
        tables = sorted(row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
        columns = {table: base.execute(f"PRAGMA table_info({table})").fetchall() for table in tables}
        indices = sorted(base.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'").fetchall())
        told = dict(base.execute("SELECT key, value FROM metadata").fetchall())
        kinds = base.execute("SELECT DISTINCT typeof(frame), typeof(id), typeof(pos_x), typeof(ori_x) FROM trajectory_data")
        found = tables, columns, indices, sorted(told), told["version"], kinds.fetchall()
        base.close()
        return found

    assert layout("ours.sqlite") == layout("theirs.sqlite")
    theirs = twin.read_trajectories(tmp_path / "theirs.sqlite")
    assert theirs.attrs["frame_rate"] == pytest.approx(2.0)
    assert theirs["frame"].tolist() == [0, 1, 2, 3, 4][: len(theirs)]
    assert theirs["x"].is_monotonic_increasing


def test_a_file_is_the_same_however_the_trajectories_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def content(name: str) -> list[Any]:
        base = sqlite3.connect(tmp_path / name)
        found = [base.execute(f"SELECT * FROM {t}").fetchall() for t in ("trajectory_data", "metadata", "geometry", "frame_data")]
        base.close()
        return found

    walk().to_jupedsim(tmp_path / "memory.sqlite")
    monkeypatch.setattr("twin.spool.ROWS_IN_MEMORY", 60)
    walk().to_jupedsim(tmp_path / "file.sqlite")
    assert content("memory.sqlite") == content("file.sqlite")


def test_headings_are_those_of_the_movement() -> None:
    rows = pd.DataFrame({
        "id": [7, 8, 7, 8, 7, 8, 7], "frame": [0, 0, 1, 1, 2, 2, 3],
        "x": [0.0, 5.0, 3.0, 5.0, 3.0, 5.0, 3.0], "y": [0.0, 5.0, 4.0, 5.0, 4.0, 4.0, 4.0001],
    }).assign(ori_x=np.nan, ori_y=np.nan)  # fmt: skip
    expected = [(1, 0), (1, 0), (0.6, 0.8), (1, 0), (0.6, 0.8), (0, -1), (0.6, 0.8)]
    np.testing.assert_allclose(headings(rows), expected)
    assert headings(rows.iloc[:0]).shape == (0, 2)


def test_a_level_is_named_where_there_are_several(climbed: Result, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="several levels: street, wharf"):
        climbed.to_jupedsim(tmp_path / "x.sqlite")
    with pytest.raises(ParameterError, match="no level `warf`; did you mean `wharf`"):
        climbed.to_pedpy(level="warf")
    assert not list(tmp_path.iterdir())
    for level in ("street", "wharf"):
        climbed.to_jupedsim(tmp_path / f"{level}.sqlite", level=level)
        again = pedpy.load_trajectory_from_jupedsim_sqlite(trajectory_file=tmp_path / f"{level}.sqlite")
        mine = climbed.recording.read(level=level)
        assert len(again.data) == len(mine) > 0
        np.testing.assert_array_equal(again.data[["x", "y"]], mine[["x", "y"]])
        area = pedpy.load_walkable_area_from_jupedsim_sqlite(trajectory_file=tmp_path / f"{level}.sqlite")
        floor = climbed.features["floor"].geometry[level]
        assert area.area == pytest.approx(floor.area)
        opened = jupedsim.Recording(str(tmp_path / f"{level}.sqlite"))
        assert opened.num_frames == climbed.trajectories["frame"].max() + 1, "also the frames with nobody on this level"
        opened.db.close()


def test_only_the_parts_of_the_floor_that_people_use_are_written(tmp_path: Path) -> None:
    walk(shapely.union_all([AREA, shapely.box(40, 0, 50, 5)])).to_jupedsim(tmp_path / "walk.sqlite")
    area = pedpy.load_walkable_area_from_jupedsim_sqlite(trajectory_file=tmp_path / "walk.sqlite")
    assert shapely.equals(area.polygon, AREA)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    result = walk(duration=2)
    with pytest.raises(OutputError, match="no folder"):
        result.to_jupedsim(tmp_path / "nowhere" / "walk.sqlite")
    bare = Result(result.fields, result.trajectories, {}, result.series)
    with pytest.raises(ResultError, match="does not hold the floor"):
        bare.to_jupedsim(tmp_path / "walk.sqlite")
    (tmp_path / "walk.sqlite").write_text("old")
    broken = result.trajectories.astype({"x": object})
    broken.loc[3, "x"] = None
    with pytest.raises(OutputError, match="NOT NULL"):
        result.with_(trajectories=broken).to_jupedsim(tmp_path / "walk.sqlite")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("walk.sqlite", "old")]


# --- PedPy


def test_pedpy_measures_what_we_walked(climbed: Result) -> None:
    result = walk()
    made = result.to_pedpy()
    assert isinstance(made, pedpy.TrajectoryData)
    assert made.frame_rate == 2.0
    pd.testing.assert_frame_equal(made.data[["id", "frame", "x", "y"]], result.trajectories[["id", "frame", "x", "y"]])
    assert made.number_pedestrians == 35
    speed = pedpy.compute_individual_speed(
        traj_data=made, frame_step=1, speed_calculation=pedpy.SpeedCalculation.BORDER_EXCLUDE
    )
    ours = individual_speed(result.trajectories, frame_step=1)
    both = speed.merge(ours, on=["id", "frame"], suffixes=("_theirs", "_ours"))
    assert len(both) == len(ours) == len(speed)
    np.testing.assert_allclose(both["speed_theirs"], both["speed_ours"], atol=1e-9)
    floor = result.features["floor"].geometry["floor"]
    assert pedpy.WalkableArea(floor).area == pytest.approx(AREA.area)
    assert len(climbed.to_pedpy(level="wharf").data) == len(climbed.recording.read(level="wharf"))
    moved = result.trajectories.attrs
    assert moved == {"frame_rate": 2.0, "crs": ""}, "what PedPy does leaves ours alone"


def test_without_pedpy_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pedpy", None)
    with pytest.raises(MissingExtraError, match="pip install pedpy"):
        walk(duration=1).to_pedpy()


# --- what others wrote


def test_our_own_files_are_read_back(tmp_path: Path) -> None:
    result = walk()
    result.save(tmp_path / "out")
    pd.testing.assert_frame_equal(twin.read_trajectories(tmp_path / "out" / "trajectories.parquet"), result.trajectories)
    result.to_jupedsim(tmp_path / "walk.sqlite")
    again = twin.read_trajectories(tmp_path / "walk.sqlite")
    pd.testing.assert_frame_equal(again, result.trajectories)
    assert again.attrs == result.trajectories.attrs


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "given"),
    [("040_c_56_h-.txt.gz", {}), ("uo-050-180-180.txt.gz", {"frame_rate": 16.0, "unit": "cm"})],
)
def test_measured_people_are_read_as_pedpy_does(name: str, given: dict[str, Any], real_data: Path, tmp_path: Path) -> None:
    packed = real_data / "crowd" / "pedpy_trajectories" / name
    plain = tmp_path / packed.stem
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    units = {"cm": pedpy.TrajectoryUnit.CENTIMETER}
    theirs = pedpy.load_trajectory(
        trajectory_file=plain, default_frame_rate=given.get("frame_rate"), default_unit=units.get(given.get("unit", ""))
    )
    for path in (packed, plain):
        ours = twin.read_trajectories(path, **given)
        assert ours.attrs["frame_rate"] == theirs.frame_rate
        expected = theirs.data.sort_values(["frame", "id"], kind="stable", ignore_index=True)
        np.testing.assert_array_equal(ours[["id", "frame"]], expected[["id", "frame"]])
        np.testing.assert_allclose(ours[["x", "y"]], expected[["x", "y"]], rtol=1e-14)
    with pytest.raises(ParameterError):
        twin.read_trajectories(packed, **{**given, "frame_rate": None if given else 10.0})


TEXT = "# framerate: 10 fps\n# id frame x/cm y/cm\n1 0 100 200 1.7\n2 0 150 250\n1 1 110 200 1.7\n"


@pytest.mark.parametrize(
    ("content", "given", "kind", "told"),
    [
        ("id,frame,x,y\n1,0,2,3\n", {"frame_rate": 10.0, "unit": "m"}, FormatError, "holds no trajectories"),
        ("", {"frame_rate": 10.0, "unit": "m"}, FormatError, "holds no trajectories"),
        ("1 0 2\n", {"frame_rate": 10.0, "unit": "m"}, FormatError, "holds no trajectories|not finite"),
        ("1 0.5 2 3\n", {"frame_rate": 10.0, "unit": "m"}, FormatError, "some frame is not a whole number"),
        ("1 0 nan 3\n", {"frame_rate": 10.0, "unit": "m"}, FormatError, "not finite"),
        ("1 0 2 3\n", {"unit": "m"}, ParameterError, "give frame_rate="),
        ("1 0 2 3\n", {"frame_rate": 10.0}, ParameterError, "give unit="),
        ("1 0 2 3\n", {"frame_rate": 10.0, "unit": "ft"}, ParameterError, "'m' or 'cm'"),
        ("1 0 2 3\n", {"frame_rate": 0.0, "unit": "m"}, ParameterError, "frame rate of 0.0"),
        (TEXT, {"frame_rate": 25.0}, ParameterError, "is 10.0 in the file, not 25.0"),
        (TEXT, {"unit": "m"}, ParameterError, "is cm in the file, not m"),
        (b"SQLite format 3\x00" + b"\x00" * 200, {}, FormatError, "no trajectory file of JuPedSim"),
        (b"PAR1 and no more", {}, FormatError, "cannot be read"),
        (b"\x1f\x8b\x08 broken", {"frame_rate": 1.0, "unit": "m"}, FormatError, "holds no trajectories"),
        (b"\xff\xfe\x00\x01\x02", {"frame_rate": 1.0, "unit": "m"}, FormatError, "holds no trajectories"),
    ],
)  # fmt: skip
def test_what_is_no_trajectory_file_is_told(
    content: str | bytes, given: dict[str, Any], kind: type[Exception], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "walk.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(kind, match=told):
        twin.read_trajectories(path, **given)


def test_a_text_file_tells_rate_and_unit(tmp_path: Path) -> None:
    (tmp_path / "walk.txt").write_text(TEXT)
    read = twin.read_trajectories(tmp_path / "walk.txt", level="hall")
    assert read.attrs == {"frame_rate": 10.0, "crs": ""}
    assert read[["id", "frame", "x", "y"]].to_numpy().tolist() == [[1, 0, 1.0, 2.0], [2, 0, 1.5, 2.5], [1, 1, 1.1, 2.0]]
    assert set(read["level"]) == {"hall"}
    with pytest.raises(MissingFileError):
        twin.read_trajectories(tmp_path / "nothing.txt")


def test_a_sqlite_file_of_something_else_is_told(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "x.sqlite")
    base.execute("CREATE TABLE metadata (key TEXT, value TEXT)")
    base.commit()
    with pytest.raises(FormatError, match="no trajectory file of JuPedSim"):
        twin.read_trajectories(tmp_path / "x.sqlite")
    base.execute("CREATE TABLE trajectory_data (frame INTEGER, id INTEGER, pos_x REAL, pos_y REAL)")
    base.commit()
    base.close()
    with pytest.raises(FormatError, match="tells no frame rate"):
        twin.read_trajectories(tmp_path / "x.sqlite")


def test_places_are_those_of_the_city(climbed: Result) -> None:
    west, south = at(0, 0)
    assert climbed.to_pedpy(level="wharf").data["x"].between(west, west + 40).all()
    assert climbed.features["floor"].loc["wharf", "area_m2"] > 0
    assert climbed.features["floor"].geometry["wharf"].bounds[1] == pytest.approx(south)
