"""Sun and shadow of a city: against geometry and the calendar, before and after a change, and kept on disk."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

import twin
from tests.impacts.places import SOUTH, WEST, block, plain, planted
from twin.errors import ParameterError, ResultError, ScenarioError
from twin.geo.city import City
from twin.geo.crs import local_plane
from twin.geo.on_earth import OnEarth, where_on_earth
from twin.grid import GridSpec
from twin.impacts import site, sun
from twin.impacts.facades import facades_of, hours_on, obstacles_of
from twin.impacts.site import Reach, Site, Window, all_windows, changed_windows, joined, parts, windows
from twin.impacts.sun_position import day_of, sun_at, sun_path
from twin.impacts.sun_report import NORMS, _facade_figures, analyse
from twin.result import Result
from twin.scenario import scenario_from_text
from twin.scenario.analyses import SunAnalysis
from twin.sim.impact import shadow

UTRECHT = OnEarth(5.1214, 52.0907, "Europe/Amsterdam")


def test_the_sun_stands_where_the_almanac_of_nrel_has_it() -> None:
    moment = pd.DatetimeIndex(["2003-10-17 12:30:30-07:00"])
    at = sun_at(OnEarth(-105.1786, 39.742476), moment).iloc[0]
    # its example is 1830 m high and 820 mbar, where the air bends light less
    assert at["geometric_deg"] == pytest.approx(90 - 50.1279, abs=0.001)
    assert at["azimuth_deg"] == pytest.approx(194.3402, abs=0.001)


@pytest.mark.parametrize(("day", "noon"), [("01-21", 18.12), ("02-19", 26.82), ("06-21", 61.35), ("12-21", 14.47)])
def test_noon_over_utrecht(day: str, noon: float) -> None:
    path = sun_path(UTRECHT, [f"2025-{day}"], step_min=1.0)
    assert path["geometric_deg"].max() == pytest.approx(noon, abs=0.01)


def test_the_hours_of_a_day_are_all_there_also_when_clocks_change() -> None:
    path = sun_path(UTRECHT, ["2025-02-19"], step_min=1.0)
    assert path.loc[path["geometric_deg"] > 10, "seconds"].sum() / 3600 == pytest.approx(7.63, abs=0.03)
    for day in ("2025-03-30", "2025-10-26", "2025-06-21"):
        steps = sun_path(UTRECHT, [day], step_min=7.0)
        fine = sun_path(UTRECHT, [day], step_min=1.0)
        assert steps["seconds"].sum() == pytest.approx(fine["seconds"].sum(), abs=900)
        assert set(steps.index.date) == {day_of(day)}
    with pytest.raises(ParameterError, match="not a day"):
        sun_path(UTRECHT, ["2025-02-30"])
    with pytest.raises(ParameterError, match="not possible"):
        sun_path(UTRECHT, ["2025-02-20"], step_min=0.0)


def test_the_dom_tower_casts_435_m_at_noon_on_the_shortest_day() -> None:
    city = block(plain(1200), "tower", 597, 100, 603, 106, 112.32)
    path = sun_path(UTRECHT, ["2025-12-21"], step_min=1.0)
    noon = path["geometric_deg"].idxmax()
    shade = sun.shadow_at(city, noon.to_pydatetime())
    dark = np.nonzero((shade == shadow.BUILT).any("x").to_numpy())[0]
    length = (SOUTH + 1200 - dark.min()) - (SOUTH + 106)
    expected = 112.32 / math.tan(math.radians(path["altitude_deg"].max()))
    assert expected == pytest.approx(435, abs=3)
    assert length == pytest.approx(expected, abs=2.5)
    assert shade.attrs["sun_azimuth_deg"] == pytest.approx(180, abs=0.5)
    patches = sun.shadow_polygons(city, noon.to_pydatetime(), cell=1.0)
    assert patches.geometry.area.sum() == pytest.approx(float((shade == shadow.BUILT).sum()), rel=1e-6)
    assert set(patches["cause"]) == {"building"}
    exact = sun.shadow_at(city, noon.to_pydatetime(), exact=True)
    assert float((exact != shade).mean()) < 0.001


def test_at_night_all_is_shadow_and_there_are_no_polygons_of_it() -> None:
    city = block(plain(), "hall", 20, 20, 30, 28, 12.0)
    assert (sun.shadow_at(city, "2026-06-21T01:00") == shadow.BUILT).all()
    assert len(sun.shadow_polygons(city, "2026-06-21T01:00")) == 0
    with pytest.raises(ParameterError, match="not a moment"):
        sun.shadow_at(city, "tonight")
    nowhere = City(local_plane(), np.zeros(3), terrain=city.terrain)
    assert where_on_earth(nowhere) is None
    with pytest.raises(ParameterError, match="where on earth"):
        sun.shadow_at(nowhere, "2026-06-21T12:00")


def test_open_ground_has_all_hours_and_a_tree_takes_its_share() -> None:
    city = planted(plain(80), [{"x": 40.0, "y": 40.0, "height_m": 10.0, "crown_diameter_m": 8.0, "crown_base_m": 3.0, "z_m": 2.0}])
    hours = sun.sun_hours(city, ["2026-02-19", "2026-06-21"], step_min=5.0, lowest_deg=5.0)
    path = sun_path(where_on_earth(city) or UTRECHT, ["2026-02-19", "2026-06-21"])
    for number, day in enumerate(("2026-02-19", "2026-06-21")):
        all_day = path[(path["day"] == number) & (path["altitude_deg"] >= 5.0)]["seconds"].sum() / 3600
        bare, leafy = (hours[name].sel(day=day).to_numpy() for name in ("sun_hours", "sun_hours_trees"))
        np.testing.assert_allclose(bare, all_day, atol=0.01)
        assert leafy.max() == pytest.approx(all_day, abs=0.01)
        assert leafy.min() < 0.9 * all_day
    winter, summer = (float(hours["sun_hours_trees"].sel(day=day).min()) for day in ("2026-02-19", "2026-06-21"))
    assert winter / float(hours["sun_hours"].sel(day="2026-02-19").max()) > summer / float(hours["sun_hours"].max())
    dark = sun.sun_hours(city, "2026-06-21", summer_light=0.0, lowest_deg=5.0)
    assert float(dark["sun_hours_trees"].min()) <= summer


@pytest.fixture(scope="module")
def street() -> City:
    """Two rows of houses 12 m apart, with their fronts to the north and the south; the row in the north is 9 m high."""
    city = plain(120)
    for k in range(5):
        city = block(city, f"north-{k}", 20 + 10 * k, 62, 30 + 10 * k, 72, 9.0)
        city = block(city, f"south-{k}", 20 + 10 * k, 40, 30 + 10 * k, 50, 6.0)
    return city


def test_points_lie_before_walls_that_look_out_and_not_between_houses(street: City) -> None:
    facades = facades_of(street, obstacles_of(street), 2.0)
    frame = facades.frame(street)
    assert len(frame)
    shapes = street.buildings.geometry
    for name, rows in frame.groupby("building"):
        distance = shapely.distance(shapes[name].exterior, rows.geometry.to_numpy())
        np.testing.assert_allclose(distance, 0.05, atol=1e-6)
    assert not shapely.contains_xy(shapes.union_all(), *shapely.get_coordinates(frame.geometry.values).T).any()
    assert set(frame["azimuth_deg"].round().astype(int) % 360) == {0, 90, 180, 270}
    middle = frame[frame["building"] == "north-2"]
    assert set(middle["azimuth_deg"].round().astype(int) % 360) == {0, 180}, "party walls have no windows"
    assert sorted(set(middle["above_m"].round(2))) == [0.75, 3.75, 6.75]
    assert (middle["azimuth_deg"].round() == 180).sum() == 3 * 6
    inside = facades_of(street, obstacles_of(street), 2.0, (WEST + 15, SOUTH + 60, WEST + 75, SOUTH + 75))
    assert set(inside.frame(street)["building"]) == {f"north-{k}" for k in range(5)}


def test_a_facade_is_in_the_sun_when_the_sun_stands_before_it_and_nothing_between(street: City) -> None:
    among = obstacles_of(street)
    facades = facades_of(street, among, 2.0)
    south = np.flatnonzero((facades.normals[:, 1] < -0.9) & (facades.building == list(street.buildings.index).index("north-2")))
    low = south[facades.above_m[south] < 1.0]
    high = south[facades.above_m[south] > 6.0]
    one = np.array([180.0]), np.array([20.0]), np.array([3600.0])
    lit, free = hours_on(facades, among, *one)
    # the row in the south is 6 m high and 12 m away: at 20 degrees its shadow reaches 6 - 12 tan 20 = 1.6 m up
    assert lit[low].tolist() == [0.0] * len(low)
    assert lit[high].tolist() == [1.0] * len(high)
    assert free[low].tolist() == [1.0] * len(low)
    north = facades.normals[:, 1] > 0.9
    assert not free[north].any()


def _settings(**changes: object) -> SunAnalysis:
    return SunAnalysis.model_validate({"days": ["2026-02-19", "2026-03-21"], "step_min": 20, "lowest_deg": 10, **changes})


def test_after_a_change_only_what_it_reaches_is_other_and_all_of_it_as_in_a_full_run(street: City) -> None:
    before = Site(planted(street, [{"x": 100.0, "y": 100.0, "height_m": 9.0}]))
    old = analyse(before, _settings())
    tower = Site(block(before.city, "tower", 15, 25, 75, 35, 30.0))
    felled = Site(planted(street, [{"x": 60.0, "y": 101.0, "height_m": 7.0}]))
    gone = Site(before.city.without(["south-2"]))
    for after in (tower, felled, gone):
        part, whole = analyse(after, _settings(), (before, old)), analyse(after, _settings())
        assert part.fields.identical(whole.fields)
        for name in ("facades", "buildings"):
            one, two = (pd.DataFrame(side.features[name].drop(columns="geometry")) for side in (part, whole))
            pd.testing.assert_frame_equal(one, two)
        changed = part.fields["sun_hours_trees"].to_numpy() != old.fields["sun_hours_trees"].to_numpy()
        assert 0 < changed.mean() < 0.5
    difference = analyse(tower, _settings(), (before, old)).difference(old)["sun_hours_change"]
    assert float(difference.min()) < -1.0
    assert not (difference > 1e-6).any()
    assert np.isnan(difference.sel(x=WEST + 45, y=SOUTH + 30, method="nearest")).all(), "a roof is not the ground that was there"
    lost = analyse(tower, _settings(), (before, old)).features["lost"]
    assert len(lost)
    assert (lost["before_h"] >= 2.0).all()
    assert (lost["after_h"] < 2.0).all()
    assert analyse(tower, _settings(), (before, old)).figure("sun_buildings_lost").verdict == "exceeds"
    assert analyse(gone, _settings(), (before, old)).figure("sun_buildings_lost").verdict == "meets"


def test_a_change_that_no_raster_shows_is_felt_on_facades(street: City) -> None:
    """A wall between the middles of cells."""
    asked = _settings(cell_m=5.0)
    area = (WEST, SOUTH, WEST + 120.0, SOUTH + 120.0)
    before = Site(street, area)
    old = analyse(before, asked)
    wall = block(street, "wall", 10.6, 28.0, 90.0, 28.4, 17.0)
    assert changed_windows(before, Site(wall, area), before.grid(5.0)) == []
    after = Site(wall, area)
    part, whole = analyse(after, asked, (before, old)), analyse(after, asked)
    for name in ("facades", "buildings"):
        one, two = (pd.DataFrame(side.features[name].drop(columns="geometry")) for side in (part, whole))
        pd.testing.assert_frame_equal(one, two)
    assert len(part.features["lost"])


def test_windows_cover_a_grid_once_and_join_where_they_touch(street: City) -> None:
    large = GridSpec(WEST, SOUTH, 1.0, (600, 700))
    seen, many = np.zeros(large.shape, int), list(windows(large, most_cells=100_000))
    for window in many:
        seen[window.cells] += 1
    assert (seen == 1).all()
    assert len(many) > 4
    assert all(one.size <= 100_000 for one in many)
    grid = Site(street).grid(1.0)
    assert joined([Window(0, 5, 0, 5), Window(20, 25, 0, 5), Window(5, 21, 2, 3)]) == [Window(0, 25, 0, 5)]
    assert joined([Window(0, 5, 0, 5), Window(6, 9, 6, 9)]) == [Window(0, 5, 0, 5), Window(6, 9, 6, 9)]
    assert joined([]) == []
    other = Site(block(street, "new", 100, 100, 104, 103, 5.0))
    ((patch, low, high),) = changed_windows(Site(street), other, grid)
    assert patch == Window(120 - 103, 120 - 100, 100, 104)
    assert (low, high) == (2.0, 7.0)
    assert changed_windows(Site(street), Site(street), grid) == []


def test_in_windows_it_is_what_it_is_at_once(street: City, monkeypatch: pytest.MonkeyPatch) -> None:
    city = planted(street, [{"x": 100.0, "y": 100.0, "height_m": 9.0}])
    settings = _settings(lowest_deg=30, days=["2026-06-21"])
    whole = sun.hours_of(Site(city), settings)
    with monkeypatch.context() as patched:
        patched.setattr(site, "MOST_CELLS", 1000)
        patched.setattr(site, "LEAST_SHARE", 0.03)
        grid = Site(city).grid(1.0)
        laid = list(parts(Site(city), grid, all_windows(grid), Reach.all_round(30.0)))
        assert len(laid) >= 16
        assert min(around.size for _, around in laid) < 0.9 * 120 * 120, "not all stands in the way of all"
        assert sun.hours_of(Site(city), settings).identical(whole)
    half = sun.hours_of(Site(city, (WEST + 30, SOUTH + 30, WEST + 90, SOUTH + 90)), settings)
    assert half["sun_hours"].identical(whole["sun_hours"].sel(x=half["x"], y=half["y"]))


SCENARIO = """\
title: A tower
question: May it be 30 m high?
city: unused
changes:
  - {{id: tower, type: building, label: "<b>Tower</b>", height_m: 30, footprint: {shape}}}
analyses:
  sun: {{days: ["2026-03-21"], step_min: 20, lowest_deg: 10}}
"""


@pytest.fixture(scope="module")
def compared(street: City) -> twin.Comparison:
    shape = [[WEST + 15, SOUTH + 25], [WEST + 75, SOUTH + 25], [WEST + 75, SOUTH + 35], [WEST + 15, SOUTH + 35]]
    return twin.compare(scenario_from_text(SCENARIO.format(shape=shape)), city=street, progress=False)


def test_a_scenario_without_people_is_about_its_impacts(compared: twin.Comparison, street: City) -> None:
    assert not compared.variant.has_crowd
    before, after, change = compared.impacts["sun"]
    assert float(change["sun_hours_change"].min()) < 0
    table = compared.table()
    assert table.loc["sun_buildings_lost", "variant"] > 0
    assert not table["within_noise"].any(), "chance plays no part in it"
    assert {figure.key for figure in after.figures} <= set(compared.variant.summary)
    assert repr(compared.variant) == "<Result: sun>"
    assert before.figure("sun_buildings_lost").value == 0
    with pytest.raises(ScenarioError, match="nobody walks"):
        twin.ensemble(scenario_from_text(SCENARIO.format(shape=[[0, 0], [1, 0], [1, 1]])), city=street)
    with pytest.raises(ResultError, match="did you mean `sun_hours`"):
        after.plot_map("sun_hour")
    with pytest.raises(ParameterError, match="no day"):
        after.plot_map(day="2026-03-22")


def test_a_change_at_the_edge_makes_no_other_map(street: City) -> None:
    """A building beyond the city makes it larger, and one that goes may make it smaller: both sides have the same cells."""
    outside = [[WEST - 30, SOUTH + 40], [WEST - 20, SOUTH + 40], [WEST - 20, SOUTH + 60], [WEST - 30, SOUTH + 60]]
    both = twin.compare(scenario_from_text(SCENARIO.format(shape=outside)), city=street, progress=False)
    before, after, change = both.impacts["sun"]
    assert before.fields.sizes == after.fields.sizes == {"day": 1, "y": 120, "x": 120}
    assert float(change["sun_hours_change"].min()) < -0.5
    alone = twin.run(scenario_from_text(SCENARIO.format(shape=outside)), city=street, progress=False)
    assert alone.impacts["sun"].fields.identical(after.fields)


def test_it_is_kept_as_it_is(compared: twin.Comparison, tmp_path: Path) -> None:
    compared.save(tmp_path)
    kept = twin.open_result(tmp_path / "variant")
    mine, theirs = compared.variant.impacts["sun"], kept.impacts["sun"]
    assert theirs.fields.load().identical(mine.fields)
    assert theirs.figures == mine.figures
    assert theirs.classes == mine.classes
    assert theirs.settings == mine.settings
    assert theirs.assumptions == mine.assumptions
    for name, frame in mine.features.items():
        other = theirs.features[name]
        pd.testing.assert_frame_equal(pd.DataFrame(other.drop(columns="geometry")), pd.DataFrame(frame.drop(columns="geometry")))
        assert shapely.equals_exact(other.geometry.to_numpy(), frame.geometry.to_numpy(), 1e-6).all()
        assert other.crs == frame.crs
    assert isinstance(kept, Result)
    assert kept.figures == compared.variant.figures
    told = (tmp_path / "variant" / "result.json").read_text(encoding="utf-8")
    (tmp_path / "variant" / "result.json").write_text(told.replace('"sun"\n', '"../../sun"\n'), encoding="utf-8")
    with pytest.raises(ResultError, match="not the name of an impact"):
        twin.open_result(tmp_path / "variant")


def test_a_notebook_shows_it_without_a_crowd(compared: twin.Comparison) -> None:
    for shown in (compared, compared.variant):
        page = shown._repr_html_()
        assert "no longer meet" in page
        assert "<b>Tower" not in page


def test_facades_of_a_new_tower_do_not_hide_what_it_takes() -> None:
    import geopandas as gpd

    points = gpd.GeoDataFrame({"building": ["old", "old", "tower", "tower"], "judged": True, "meets": [True, False, True, True]})
    buildings = gpd.GeoDataFrame({"meets": [True, True]}, index=["old", "tower"])
    share, below, _ = _facade_figures(points, buildings, buildings[:0], NORMS["tno-light"], pd.Index(["old"]))
    assert share.value == 50.0
    assert share.note == "of 2 points that can have 2 h of sun; of 2 on new buildings 100.0 %"
    assert below.note.startswith("of 1;")
    (share, *_) = _facade_figures(points, buildings, buildings[:0], NORMS["tno-light"], None)
    assert share.value == 75.0


def test_the_report_answers_by_what_there_should_be_none_of(compared: twin.Comparison) -> None:
    from twin import report

    page = report.write(compared, {"sun": b"PNG", "sun change": b"PNG", "after": b"PNG"})
    assert "There should be none." in page
    assert "Sun and shadow" in page
    assert "What the changes do" in page
    assert "Buildings that no longer meet the norm" in page
    assert "crowding is not judged" in page
    assert "Where people leave" not in page
    assert "<b>Tower" not in page
    assert page.count("data:image/png") == 3
    single = report.write(compared.variant)
    assert "Sun on the ground, 21 March, with" in single


def test_a_map_shows_classes_and_what_a_change_takes(compared: twin.Comparison, street: City) -> None:
    import matplotlib.pyplot as plt

    before, after, _ = compared.impacts["sun"]
    ax = after.plot_map(city=street)
    assert ax.get_title(loc="left") == "Hours of sun, without trees"
    legends = [child for child in ax.get_children() if type(child).__name__ == "Legend"]
    told = [[text.get_text() for text in legend.get_texts()] for legend in legends]
    assert "< 1" in [texts[-1] for texts in told]
    assert any(texts[0] == f"worse off: {len(after.features['lost'])}" for texts in told)
    ax = after.plot_map(before=before, language="nl", bounds=(WEST + 20, SOUTH, WEST + 80, SOUTH + 60))
    assert ax.get_title(loc="left") == "Verandering: zonuren, zonder bomen"
    image = next(child for child in ax.get_children() if child.get_gid() == "field")
    assert np.ma.masked_invalid(image.get_array()).min() < -1
    plt.close("all")


def test_a_scene_has_the_field_on_open_ground_and_its_difference(compared: twin.Comparison, street: City) -> None:
    import viewer
    from viewer.scene import FieldLayer

    scene = viewer.compose(street, compared, scenario=scenario_from_text(compared.variant.provenance["scenario"]))
    now = scene.layer("sun_hours_0321@after")
    assert "21 March" in now.label
    assert isinstance(now, FieldLayer)
    assert now.visible
    ground = np.isfinite(now.values[0])
    assert ground.sum() == int(compared.variant.impacts["sun"].fields["on_ground"].sum())
    change = scene.layer("sun_hours_0321@difference")
    assert isinstance(change, FieldLayer)
    assert change.legend == "sun_hours_change"
    assert np.nanmin(change.values) < -1
    assert not (np.nan_to_num(change.values) > 1e-6).any()
    names = {legend.name for legend in scene.legends}
    assert names == {"sun_hours", "sun_hours_change", "sun_hours_trees", "sun_hours_trees_change"}
    assert len(scene.times) == 0
    assert scene.on("difference").layer("sun_hours_0321@difference")


def test_norms_are_those_of_tno() -> None:
    assert "light norm of TNO: at least 2 possible hours of sun a day from 19 February to 21 October" in NORMS["tno-light"].source
    assert "strict norm of TNO: at least 3 possible hours of sun a day from 21 January to 22 November" in NORMS["tno-strict"].source
    assert {norm.lowest_deg for norm in NORMS.values()} == {10.0}
