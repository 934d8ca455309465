"""A population as a density: the continuum model in simulate_crowd and in scenarios, from the start to the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

import twin
from tests.places import box_of, town
from twin.cli import main
from twin.errors import ParameterError, ScenarioError
from twin.flow_crowd import rates
from twin.sim.model import Hours

HALL = shapely.box(0, 0, 40, 10)
END = {"end": shapely.box(39, 0, 40, 10)}
STARTS = [(x, y) for x in np.arange(1.0, 15.0, 1.75) for y in np.arange(1.0, 9.5, 1.9)]
"""Forty people."""


def walked(**settings: object) -> twin.Result:
    return twin.simulate_crowd(
        HALL, starts=STARTS, exits=END, model="continuum", cell=0.5, **{"duration": 60.0, "desired_speed": 1.3, **settings}
    )


def people_of(series: pd.DataFrame) -> np.ndarray:
    return (series["present"] + series["waiting"] + series["left"]).to_numpy()


def test_people_are_conserved_and_leave_in_the_time_that_walking_takes() -> None:
    result = walked()
    np.testing.assert_allclose(people_of(result.series), 40.0, rtol=1e-9)
    np.testing.assert_allclose(result.series["exit_end"], result.series["left"], rtol=1e-12)
    assert (np.diff(result.series["left"]) >= 0).all()
    first = result.fields["density"].isel(time=0, level=0)
    assert float(first.sum()) * result.fields.attrs["cell_m"] ** 2 == pytest.approx(40.0, rel=0.01)
    # the last have 38 m to go
    assert result.figure("evacuation").value == pytest.approx(38 / 1.3, rel=0.25)
    assert result.figure("people").value == result.figure("left").value == 40
    assert result.figure("not_entered").value == 0
    assert len(result.trajectories) == 0
    assert result.fields.attrs["interval_s"] == 10.0


def test_a_thin_crowd_leaves_as_persons_do() -> None:
    flow = walked(duration=100.0)
    persons = twin.simulate_crowd(HALL, starts=STARTS, exits=END, cell=0.5, duration=100.0, desired_speed=1.3)
    times = np.array([12.0, 18.0, 22.0, 26.0])
    left = [np.interp(times, r.series["time_s"], r.series["left"]) for r in (flow, persons)]
    np.testing.assert_allclose(left[0], left[1], atol=5.0)
    assert flow.figure("travel_time").value == pytest.approx(persons.figure("travel_time").value, rel=0.1)


def test_people_who_come_later_are_not_there_before() -> None:
    start = np.repeat([5.0, 30.0], [20, 20])
    result = walked(start_times=start, duration=90.0)
    series = result.series.set_index("time_s")
    assert series.loc[4.0, "present"] == 0.0
    assert series.loc[6.0, "present"] == pytest.approx(20.0, abs=0.5)
    assert series.loc[31.0, "present"] + series.loc[31.0, "left"] == pytest.approx(40.0, abs=0.5)
    assert series.loc[29.0, "present"] + series.loc[29.0, "left"] == pytest.approx(20.0, abs=1e-6)


def test_areas_count_the_density_in_them() -> None:
    result = walked(areas={"west": shapely.box(0, 0, 20, 10), "east": shapely.box(20, 0, 40, 10)})
    filled = result.occupancy()
    np.testing.assert_allclose(filled.sum(axis=1), result.series["present"], atol=1e-6)
    assert filled["west"].iloc[0] == pytest.approx(40.0)


def test_lines_are_refused() -> None:
    with pytest.raises(ScenarioError, match="counts nobody over lines"):
        walked(lines={"middle": shapely.LineString([(20, 0), (20, 10)])})


@pytest.mark.parametrize(
    ("parameters", "told"),
    [({"jam": -1.0}, "`jam`"), ({"time_gap": 1.0}, "`time_gap` is not a parameter"), ({"informed": 2}, "`informed`")],
)  # fmt: skip
def test_parameters_that_cannot_be(parameters: dict[str, float], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        walked(model_parameters=parameters)


def test_hours_of_exits() -> None:
    hours = Hours(np.array([2.0, np.inf]), np.array([[10.0, 30.0], [0.0, np.nan]]), np.array([[20.0, 40.0], [np.inf, np.nan]]))
    assert [rates(hours, time).tolist() for time in (0.0, 10.0, 20.0, 35.0)] == [[0, np.inf], [2, np.inf], [0, np.inf], [2, np.inf]]


SQUARE = f"""\
title: A square as a density
city: town
changes:
  - id: party
    type: event
    in_baseline: true
    end_s: 20
    zones: [{{id: west, at: {{polygon: {box_of(2, 20, 16, 40)}}}, present: 200}}]
  - {{id: works, type: closure, at: {{polygon: {box_of(20, 37, 40, 60)}}}}}
crowd:
  model: continuum
  duration_s: 150
  seeds: 1
  navigation_cell_m: 0.5
  exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}
  exit_hours: {{east: {{capacity_per_min: 180, open_s: [[0, 200]]}}}}
  flows:
    - {{id: more, at: {{polygon: {box_of(2, 45, 16, 58)}}}, people: 60, from_s: 5, until_s: 25, to: {{east: 1}}}}
  areas: {{around: {{polygon: {box_of(0, 15, 18, 45)}}}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small town on disk with a scenario beside it."""
    root = tmp_path_factory.mktemp("town")
    town().save(root / "town")
    (root / "square.yaml").write_text(SQUARE, encoding="utf-8")
    return root


def test_people_of_a_zone_stand_there_until_it_ends_and_an_exit_lets_out_so_many(folder: Path) -> None:
    result = twin.run(folder / "square.yaml")
    series = result.series.set_index("time_s")
    assert series.loc[:19.0, "area_around"].min() == pytest.approx(200.0, abs=1.0)
    assert series.loc[45.0, "area_around"] < 150.0
    in_all = series["present"] + series["left"] + series["waiting"]
    assert in_all.iloc[-1] == pytest.approx(260.0, abs=1e-6)
    assert np.diff(series["left"]).max() <= 3.0 + 1e-9
    assert np.diff(series["left"]).max() > 2.5
    assert any("as a density, nobody is followed" in said for said in result.provenance["assumptions"])
    assert any("Everybody knows where it is crowded" in said for said in result.provenance["assumptions"])


def test_a_flow_that_is_cut_short_goes_on_to_the_bit(folder: Path, tmp_path: Path) -> None:
    from twin.checkpoints import Keeper

    scenario = twin.read_scenario(folder / "square.yaml")
    plain = twin.run(scenario)
    with pytest.MonkeyPatch.context() as patch:
        keep = Keeper.keep

        def until_70(self: Keeper, crowd: object, reporters: object) -> None:
            keep(self, crowd, reporters)
            if crowd.time >= 70:
                raise RuntimeError("the power went")

        patch.setattr(Keeper, "keep", until_70)
        with pytest.raises(RuntimeError, match="the power went"):
            twin.run(scenario, checkpoints=twin.Checkpoints(tmp_path, every_s=35))
    walked: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        from twin.flow_crowd import FlowCrowd

        advance = FlowCrowd.advance
        patch.setattr(FlowCrowd, "advance", lambda self, steps: (walked.append(steps), advance(self, steps)))
        resumed = twin.run(scenario, checkpoints=twin.Checkpoints(tmp_path, every_s=35, resume=True))
    assert sum(walked) == round(2 * (float(plain.series["time_s"].iloc[-1]) - 70))
    pd.testing.assert_frame_equal(plain.series, resumed.series, check_exact=True)
    xr.testing.assert_identical(plain.fields, resumed.fields)


def test_the_command_writes_report_and_pictures_of_a_flow(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(folder / "square.yaml"), "--out", str(folder / "out")]) == 0
    assert "People who left within the run" in capsys.readouterr().out
    assert {"report.html", "scene.html", "before.png", "after.png"} <= {path.name for path in (folder / "out").iterdir()}
    assert "as a density, nobody is followed" in (folder / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("  doors: [{id: gate, line: [[136050.0, 454990.0], [136050.0, 455070.0]], open_s: [[0, 100]]}]", "knows no doors"),
        ("  avoid_jams: {share: 0.5}\n  model_parameters: {informed: 0.2}", "say the same"),
        ("  lines: [{id: gate, line: [[136050.0, 455000.0], [136050.0, 455060.0]]}]", "counts nobody over lines"),
    ],
)  # fmt: skip
def test_what_a_flow_does_not_know_is_refused(folder: Path, more: str, told: str) -> None:
    scenario = folder / "more.yaml"
    scenario.write_text(f"{SQUARE}{more}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=told):
        twin.run(scenario)


def test_people_who_walk_to_a_zone_are_refused(folder: Path) -> None:
    scenario = folder / "arrive.yaml"
    arrive = f"arrivals: [{{id: bus, at: {{polygon: {box_of(45, 45, 50, 58)}}}, people: 20, until_s: 10, to: {{west: 1}}}}]"
    scenario.write_text(SQUARE.replace("    end_s: 20\n", f"    end_s: 20\n    {arrive}\n"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="walk to a zone and stay there"):
        twin.run(scenario)


@pytest.mark.slow
def test_people_are_conserved_where_levels_meet() -> None:
    text = """
title: A wharf
city: sample
changes:
  - {id: concert, type: event, end_s: 5, zones: [{id: terrace, at: {object: place-wharf-terrace, level: wharf}, present: 300}]}
  - {id: more, type: event, end_s: 5, zones: [{id: square, at: place-square, present: 700}]}
crowd: {model: continuum, navigation_cell_m: 0.5, duration_s: 200, exits: {north: exit-north, west: exit-west}}
"""
    from twin.scenario.read import scenario_from_text

    result = twin.run(scenario_from_text(text))
    np.testing.assert_allclose(people_of(result.series), 1000.0, rtol=1e-6)
    assert result.series["left"].iloc[-1] > 0
