"""Runs from a scenario to a result, on cities small enough to know the answer."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

import twin
from tests.places import at, box_of, town, town_scenario, two_levels
from twin.errors import MissingFileError
from twin.geo.city import City
from twin.scenario import scenario_from_text


def test_everybody_gets_out_round_the_house() -> None:
    result = twin.run(town_scenario(), city=town(), progress=False)
    assert result.figure("people").value == 120
    assert result.figure("left").value == 120
    assert result.series["exit_east"].iloc[-1] == 120
    # 42 to 58 m; the slowest walk at 0.5 m/s
    assert 60.0 < result.figure("evacuation").value < 58 / 0.5 + 10
    last = result.series.iloc[-1]
    assert last["present"] + last["left"] + last["waiting"] == 120
    assert not result.partial
    assert (result.series[["present", "waiting", "left"]].sum(axis=1) == 120).all()
    people = gpd.points_from_xy(result.trajectories["x"], result.trajectories["y"])
    house = town().buildings.geometry["house"]
    assert not shapely.intersects(house, people).any()


def test_density_adds_up_to_the_people_present() -> None:
    result = twin.run(town_scenario(), city=town(), progress=False)
    density = result.fields["density"]
    total = (density.sum(("level", "y", "x")) * result.fields.attrs["cell_m"] ** 2).to_numpy()
    present = result.series.set_index("time_s")["present"]
    for time_s, counted in zip(density["time"].to_numpy(), total, strict=True):
        if time_s % 10:
            continue  # the last interval ends with the run
        mean = present[(present.index > time_s - 10.0) & (present.index <= time_s)].mean()
        assert counted == pytest.approx(mean, rel=0.02, abs=0.5)
    xr.testing.assert_equal(density.max("time"), result.fields["density_max"])
    for name in ("density", "density_max", "floor_height", "walkable"):
        assert result.fields[name].attrs["units"]


@pytest.mark.parametrize(
    ("crowd", "told"),
    [
        ("", "the collision-free speed model V2 (Tordeux et al. 2016), preset event with a headway of 0.67 s."),
        ("  preset: jupedsim", "the collision-free speed model V2 (Tordeux et al. 2016), preset jupedsim with a headway of 1 s."),
        (
            "  model: social-force\n  model_parameters: {mass: 70}",
            "the social force model with contact forces (Helbing et al. 2000) (mass 70).",
        ),
        (
            "  model: anticipation-velocity\n  time_gap_s: 0.8",
            "the anticipation velocity model (Xu et al. 2021) with a headway of 0.8 s.",
        ),
    ],
)
def test_everybody_gets_out_by_every_model(crowd: str, told: str) -> None:
    result = twin.run(town_scenario(crowd=crowd), city=town(), progress=False)
    assert result.figure("left").value == 120
    assert any(line.startswith(f"People walk by {told}") for line in result.provenance["assumptions"])
    people = gpd.points_from_xy(result.trajectories["x"], result.trajectories["y"])
    assert not shapely.intersects(town().buildings.geometry["house"], people).any()


def test_same_seed_gives_the_same_to_the_bit_and_another_does_not() -> None:
    scenario = town_scenario()
    first, again = (twin.run(scenario, city=town(), progress=False) for _ in range(2))
    xr.testing.assert_identical(first.fields, again.fields)
    pd.testing.assert_frame_equal(first.trajectories, again.trajectories)
    other = twin.run(scenario, city=town(), seed=2, progress=False)
    assert not first.trajectories["x"].equals(other.trajectories["x"])


def test_another_group_does_not_shift_the_random_numbers_of_the_first() -> None:
    more = f"  flows: [{{id: late, at: {{polygon: {box_of(2, 2, 8, 8)}}}, people: 5, from_s: 80, until_s: 85}}]"
    alone = twin.run(town_scenario(), city=town(), progress=False).trajectories
    joined = twin.run(town_scenario(crowd=more), city=town(), progress=False).trajectories
    first = [frame[frame["frame"] == 20].reset_index(drop=True) for frame in (alone, joined)]
    pd.testing.assert_frame_equal(first[0], first[1])


def test_bridge_and_wharf_do_not_touch() -> None:
    """People on the deck and people under it walk as if the others were not there."""
    text = """\
title: Two levels
crowd:
  duration_s: 40
  speed_sd_m_s: 0
  exits: {{end: {{polygon: {deck}, level: street}}, east: {{polygon: {east}, level: wharf}}}}
  flows:
{flows}
"""
    deck, east = box_of(28, 0, 34, 1), box_of(38, 0, 40, 10)
    above = f"    - {{id: above, at: {{polygon: {box_of(28, 12, 34, 20)}}}, people: 40, until_s: 5, to: {{end: 1}}}}"
    below = f"    - {{id: below, at: {{polygon: {box_of(2, 2, 20, 8)}, level: wharf}}, people: 60, until_s: 5, to: {{east: 1}}}}"

    def walk(flows: list[str]) -> pd.DataFrame:
        scenario = scenario_from_text(text.format(deck=deck, east=east, flows="\n".join(flows)))
        return twin.run(scenario, city=two_levels(), progress=False).trajectories

    both, alone = walk([above, below]), walk([below])
    under = both[both["level"] == "wharf"].sort_values(["frame", "x"]).reset_index(drop=True)
    only = alone[alone["level"] == "wharf"].sort_values(["frame", "x"]).reset_index(drop=True)
    np.testing.assert_allclose(under[["x", "y"]], only[["x", "y"]], atol=1e-6)
    crossing = both[(both["level"] == "street") & (both["y"] < at(0, 9)[1])]
    passing = both[(both["level"] == "wharf") & both["x"].between(at(28, 0)[0], at(34, 0)[0])]
    assert len(crossing) > 20
    assert len(passing) > 20


def test_people_climb_the_stair_and_change_level() -> None:
    scenario = scenario_from_text(f"""\
title: Up
crowd:
  duration_s: 90
  exits: {{street: {{polygon: {box_of(0, 22, 4, 24)}, level: street}}}}
  flows: [{{id: up, at: {{polygon: {box_of(16, 2, 30, 8)}, level: wharf}}, people: 25, until_s: 20}}]
""")
    result = twin.run(scenario, city=two_levels(), progress=False)
    assert result.figure("left").value == 25
    climbing = result.trajectories[result.trajectories["id"] == 3].sort_values("frame")
    assert climbing["z"].iloc[0] == pytest.approx(1.0, abs=0.01)
    assert climbing["z"].iloc[-1] == pytest.approx(4.0, abs=0.01)
    assert climbing["z"].diff().dropna().min() > -0.2
    assert list(dict.fromkeys(climbing["level"])) == ["wharf", "street"]


def test_width_of_a_counting_line_is_that_on_the_floor() -> None:
    line = f"  lines: [{{id: across, line: [{at(30, 10)}, {at(30, 60)}]}}]"
    scenario = scenario_from_text(town_scenario().text.split("  lines:")[0] + line + "\n")
    counted = twin.run(scenario, city=town(), progress=False).features["lines"].loc["across"]
    assert counted["width_m"] == pytest.approx(50 - 16)
    assert counted["peak_per_m_min"] == pytest.approx(counted["peak_per_min"] / counted["width_m"])


def test_whoever_is_due_after_the_run_is_counted_and_told() -> None:
    late = f"  flows: [{{id: late, at: {{polygon: {box_of(2, 2, 8, 8)}}}, people: 5, from_s: 5000, until_s: 6000}}]"
    result = twin.run(town_scenario(crowd=late, people=10), city=town(), progress=False)
    assert result.figure("not_entered").value == 5
    tally = [result.figure(key).value for key in ("left", "remaining", "not_entered")]
    assert sum(tally) == result.figure("people").value == 15
    assert any("`late`" in remark for remark in result.provenance["remarks"])


@pytest.mark.slow
def test_whole_event_of_half_an_hour(sample: City) -> None:
    from twin.geo.samples import sample_folder

    scenario = twin.read_scenario(sample_folder().parent / "kings_day.yaml")
    result = twin.run(scenario, city=sample, progress=False)
    assert result.figure("people").value > 6000
    last = result.series.iloc[-1]
    assert last["time_s"] == 1800
    assert last["present"] + last["waiting"] + last["left"] == result.figure("people").value
    assert last["waiting"] == 0


def test_people_arrive_at_a_stop_of_public_transport(tmp_path: Path) -> None:
    """The city of a scenario may be several files: here a folder and a timetable."""
    from zipfile import ZipFile

    from pyproj import Transformer

    town().save(tmp_path / "town")
    x, y = at(8, 30)
    longitude, latitude = Transformer.from_crs(28992, 4326, always_xy=True).transform(x, y)
    with ZipFile(tmp_path / "bus.zip", "w") as feed:
        feed.writestr("stops.txt", f"stop_id,stop_name,stop_lat,stop_lon\nmarkt,Markt,{latitude:.7f},{longitude:.7f}\n")
        feed.writestr("routes.txt", "route_id,route_type\n5,3\n")
        feed.writestr("trips.txt", "route_id,service_id,trip_id\n5,day,t\n")
        feed.writestr(
            "stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
            "t,08:00:00,08:00:00,markt,1\nt,08:05:00,08:05:00,markt,2\n",
        )  # fmt: skip
        feed.writestr("calendar_dates.txt", "service_id,date,exception_type\nday,20260401,1\n")
    (tmp_path / "plan.yaml").write_text(
        f"title: Bus\ncity: [town, bus.zip]\ncrowd:\n  duration_s: 120\n"
        f"  flows: [{{id: bus, at: {{object: bus/markt, radius_m: 3}}, people: 12, until_s: 20}}]\n"
        f"  exits: {{east: {{polygon: {box_of(56, 0, 60, 60)}}}}}\n"
    )
    result = twin.run(twin.read_scenario(tmp_path / "plan.yaml"), progress=False)
    assert result.figure("people").value == 12
    first = result.trajectories.groupby("id").first()
    assert np.hypot(first["x"] - x, first["y"] - y).max() < 4.0
    assert result.figure("left").value == 12
    (tmp_path / "plan.yaml").write_text("title: Bus\ncity: [town, bsu.zip]\n")
    with pytest.raises(MissingFileError, match=r"bus\.zip"):
        twin.run(twin.read_scenario(tmp_path / "plan.yaml"), progress=False)
