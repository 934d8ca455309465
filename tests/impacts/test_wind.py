"""Wind: classes of the standard, the climate, maps, places, and before and after."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import twin
from tests.impacts.factor_files import FOUR, HEAD, geotiff, grid_csv
from tests.impacts.places import CRS, SOUTH, WEST, block, plain
from tests.reference.wind import drawn
from twin.errors import FormatError, ParameterError, ScenarioError
from twin.impacts.nen8100 import comfort_class, danger_class, rating
from twin.impacts.site import Site
from twin.impacts.wind import _frame, analyse, possible, shares_of, spacing_of, wind_comfort, wind_points
from twin.impacts.wind_climate import climate_of, read_climate, read_knmi_hours, speed_ratio, wind_climate
from twin.impacts.wind_factors import read_factors
from twin.plots.impact import plot_impact
from twin.report.impacts import impact_section
from twin.report.texts import ENGLISH
from twin.scenario import read_scenario, scenario_from_text
from twin.scenario.wind import WindAnalysis
from viewer.style import impact_legends

CLIMATE = pd.DataFrame(
    {"direction_deg": FOUR, "frequency_percent": [20.0, 20.0, 25.0, 30.0], "k": 2.0, "a_m_s": [5.0, 6.0, 7.0, 8.0]}
)


def _settings(folder: Path, **more: Any) -> WindAnalysis:
    CLIMATE.to_csv(folder / "climate.csv", index=False)
    climate = {"file": "climate.csv", "height_m": 10, "source": "a test"}
    return WindAnalysis.model_validate({"factors": "now.csv", "reference_m": 10, "climate": climate, **more}).beside(folder)


# --- the standard


def test_classes_are_those_of_the_standard() -> None:
    assert comfort_class(np.array([0.0, 2.49, 2.5, 4.99, 5.0, 9.99, 10.0, 19.9, 20.0, 99.0, np.nan])).tolist() == [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4, -1,
    ]  # fmt: skip
    assert danger_class(np.array([0.0, 0.049, 0.06, 0.29, 0.3, np.nan])).tolist() == [0, 0, 1, 1, 2, -1]
    every = np.arange(5, dtype=np.int8)
    assert rating(every, "traversing").tolist() == [0, 0, 0, 1, 2]
    assert rating(every, "strolling").tolist() == [0, 0, 1, 2, 2]
    assert rating(every, "sitting").tolist() == [0, 1, 2, 2, 2]
    with pytest.raises(ParameterError, match=r"siting.*sitting"):
        rating(every, "siting")


# --- the climate


def test_hours_of_knmi_are_read_and_give_back_the_climate_they_are_of(tmp_path: Path) -> None:
    sectors = np.arange(0.0, 360.0, 30.0)
    rng = np.random.default_rng(1)
    share = rng.dirichlet(np.full(12, 20.0)) * 0.97
    known = pd.DataFrame({"direction_deg": sectors, "frequency_percent": 100.0 * share, "k": rng.uniform(1.8, 2.3, 12),
                          "a_m_s": rng.uniform(4.5, 7.0, 12)})  # fmt: skip
    direction, speed = drawn(climate_of(known), sectors, 120_000, seed=5)
    speed = np.where(np.isnan(direction), 0.0, speed.round())
    told = np.where(np.isnan(direction), 0, np.where(direction == 0.0, 360, direction))
    lines = ["# BRON: KONINKLIJK NEDERLANDS METEOROLOGISCH INSTITUUT", "# STN,YYYYMMDD,   HH,   DD,   FH,   FF,    T", "#"]
    lines += [f"  260,20010101,    1,{int(d):5d},{int(10 * v):5d},     ,   58" for d, v in zip(told, speed, strict=True)]
    lines += ["  260,20010102,    1,  990,   20,   20,   50", "  260,20010102,    2,     ,     ,     ,   50"]
    (tmp_path / "hours.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    hours = read_knmi_hours(tmp_path / "hours.txt")
    assert len(hours) == 120_001
    assert hours.attrs["hours_unknown"] == 1
    assert np.isnan(hours["direction_deg"].iloc[-1])
    assert hours["speed_m_s"].iloc[-1] == 2.0
    found = wind_climate(hours)
    assert found["frequency_percent"].to_numpy() == pytest.approx(known["frequency_percent"].to_numpy(), abs=0.3)
    assert found["a_m_s"].to_numpy() == pytest.approx(known["a_m_s"].to_numpy(), rel=0.05)
    assert found.attrs["above_5_percent"] == pytest.approx(found.attrs["above_5_fitted_percent"], abs=0.5)
    assert found.attrs["calm_percent"] == pytest.approx(3.0, abs=0.2)
    found.to_csv(tmp_path / "sectors.csv", index=False)
    again = read_climate(tmp_path / "sectors.csv")
    assert again.to_numpy() == pytest.approx(found[again.columns].to_numpy(), rel=1e-9)
    potential = "TIME IN GMT\nDATE,TIME, DD,QDD, UP,QUP\n19500301,01,  0,  2,  2,  2\n19500301,02,250,  2,  60,  2\n"
    (tmp_path / "pot.asc").write_text(potential, encoding="utf-8")
    assert read_knmi_hours(tmp_path / "pot.asc")["speed_m_s"].tolist() == [0.2, 6.0]


def test_a_climate_that_cannot_be_is_told(tmp_path: Path) -> None:
    for changed, told in (
        ({"k": 0.1}, "`k` of sector 1 is 0.1"), ({"frequency_percent": 0.2}, "0.8 % of the hours"),
        ({"frequency_percent": 30.0}, "120.0 %"),
        ({"direction_deg": [0.0, 90.0, 180.0, 280.0]}, "evenly round"), ({"a_m_s": np.nan}, "a_m_s"),
    ):  # fmt: skip
        CLIMATE.assign(**changed).to_csv(tmp_path / "c.csv", index=False)
        with pytest.raises(FormatError, match=told):
            read_climate(tmp_path / "c.csv")
    CLIMATE.drop(columns="k").to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(FormatError, match="no column `k`"):
        read_climate(tmp_path / "c.csv")
    (tmp_path / "h.txt").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(FormatError, match="DD"):
        read_knmi_hours(tmp_path / "h.txt")
    few = pd.DataFrame({"direction_deg": [10.0, 200.0], "speed_m_s": [5.0, 6.0]})
    with pytest.raises(ParameterError, match="too little to fit"):
        wind_climate(few)
    with pytest.raises(ParameterError, match="no column"):
        wind_climate(few.drop(columns="speed_m_s"))


def test_the_logarithmic_law_over_grass_gives_its_known_ratio() -> None:
    assert speed_ratio(60.0, 0.03) == pytest.approx(np.log(60 / 0.03) / np.log(10 / 0.03), rel=1e-12)
    assert speed_ratio(10.0, 0.03) == pytest.approx(1.0)
    assert speed_ratio(10.0, 1.0) < 1.0
    with pytest.raises(ParameterError, match="height_m"):
        speed_ratio(0.5, 1.0)


def test_a_climate_with_fewer_sectors_than_directions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("x,y," + ",".join(map(str, range(0, 360, 30))) + "\n1,2" + ",0.5" * 12 + "\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="none stands for 30, 60"):
        shares_of(read_factors(tmp_path / "f.csv"), CLIMATE)


# --- maps, places, before and after


def test_the_map_is_that_of_the_points_and_empty_beyond_them(tmp_path: Path) -> None:
    city = block(plain(60), "house", 28, 28, 33, 33, 10.0)
    factors = read_factors(grid_csv(tmp_path / "now.csv", 0.8), target=city.crs)
    points = wind_points(factors, CLIMATE, crs=city.crs)
    expected = float((CLIMATE["frequency_percent"] * np.exp(-((5.0 / 0.8 / CLIMATE["a_m_s"]) ** 2))).sum())
    assert points["p5_percent"].to_numpy() == pytest.approx(np.full(len(points), expected), abs=1e-4)
    fields = wind_comfort(city, factors, CLIMATE, cell=1.0)["wind_p5"]
    x, y = fields["x"].to_numpy() - WEST, fields["y"].to_numpy() - SOUTH
    known = np.isfinite(fields.to_numpy())
    inside = (x[None, :] > 10) & (x[None, :] < 50) & (y[:, None] > 10) & (y[:, None] < 50)
    assert fields.to_numpy()[known] == pytest.approx(np.full(known.sum(), expected), abs=1e-3)
    # a cell with a point at its edge counts to it; no cell further out has a value
    beyond = (x[None, :] < 9) | (x[None, :] > 51) | (y[:, None] < 9) | (y[:, None] > 51)
    assert not known[np.broadcast_to(beyond, known.shape)].any()
    round_house = (abs(x[None, :] - 30.5) < 2.4) & (abs(y[:, None] - 30.5) < 2.4)
    assert not known[round_house].any(), "nothing is interpolated through a building"
    away = inside & ((abs(x[None, :] - 30.5) > 8) | (abs(y[:, None] - 30.5) > 8))
    assert known[away].all()
    alone = wind_comfort(city, factors, CLIMATE, cell=1.0, spacing_m=2.0)["wind_p5"]
    assert np.isfinite(alone.to_numpy()).sum() == len(factors) - 1, "further apart than allowed: only cells with a point"


def test_a_raster_has_its_own_cells_and_no_more(tmp_path: Path) -> None:
    city = plain(60)
    x, y = WEST + np.arange(12.5, 40.0, 5.0), SOUTH + np.arange(12.5, 40.0, 5.0)
    cube = np.full((4, 6, 6), 0.8)
    cube[:, 2, 3] = np.nan
    geotiff(tmp_path / "now.tif", cube, x, y, ["0", "90", "180", "270"])
    fields = wind_comfort(city, read_factors(tmp_path / "now.tif", target=city.crs), CLIMATE)["wind_p5"]
    assert np.isfinite(fields.to_numpy()).sum() == 35 * 25


def test_before_and_after_and_what_falls_short(tmp_path: Path) -> None:
    before_city = plain(60)
    after_city = block(before_city, "tower", 24, 24, 31, 31, 40.0)
    grid_csv(tmp_path / "now.csv", 0.35)
    grid_csv(tmp_path / "tower.csv", lambda x, y: 1.2 if np.hypot(x - 35, y - 27) < 8 else 0.35)
    corners = ((32, 22), (42, 22), (42, 32), (32, 32))
    spot = {"polygon": [[WEST + x, SOUTH + y] for x, y in corners]}
    settings = _settings(tmp_path, variant="tower.csv", places=[{"at": spot, "activity": "sitting", "label": "Terrace"}])
    possible(before_city, settings)
    old = analyse(Site(before_city), settings)
    again = analyse(Site(before_city), settings, (Site(before_city), old))
    for name in ("wind_p5", "wind_p15"):
        assert np.array_equal(old.fields[name].to_numpy(), again.fields[name].to_numpy(), equal_nan=True)
    assert again.figure("wind_worse").value == 0.0
    assert len(again.features["worse"]) == 0
    new = analyse(Site(after_city, changed=True), settings, (Site(before_city), old))
    assert old.figure("wind_short").verdict == "meets"
    assert new.figure("wind_short").verdict == "exceeds"
    assert new.figure("wind_worse").value == new.figure("wind_short").value == 7.0 - 2.0, "two of the seven lie on the tower"
    assert new.figure("wind_places_short").value == 1.0
    assert new.features["places"].loc["Terrace", "rating"] == "poor"
    assert old.features["places"].loc["Terrace", "activity"] == "sitting"
    assert any("in a building" in told for told in new.assumptions)
    page = impact_section(new, {}, ENGLISH)
    assert "Terrace" in page
    assert "Where the class becomes worse" in page
    assert "poor" in page
    change = new.difference(old)["wind_p5_change"].to_numpy()
    assert np.nanmax(change) > 20.0
    for before in (None, old):
        ax = plot_impact(new, before=before, city=after_city)
        assert ax.images
    drawn_in = plot_impact(new, city=after_city, language="nl").figure
    legend = [text.get_text() for text in drawn_in.findobj() if hasattr(text, "get_text")]
    assert any("E: > 20" in text for text in legend)
    scene = impact_legends(new.classes_of("wind_p5"))[0]
    assert [item.label for item in scene.classes] == ["A", "B", "C", "D", "E"]
    part = analyse(Site(after_city, (WEST, SOUTH, WEST + 30, SOUTH + 30), changed=True), settings)
    assert len(part.features["points"]) == 21


def test_points_elsewhere_are_compared_with_the_map_and_new_ground_with_nothing(tmp_path: Path) -> None:
    grid_csv(tmp_path / "now.csv", 0.35)
    moved = [(x, y) for x in (22.5, 27.5, 57.0) for y in (22.5, 27.5)]
    rows = [f"{WEST + x},{SOUTH + y},1,1,1,1" for x, y in moved]
    (tmp_path / "tower.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    settings = _settings(tmp_path, variant="tower.csv")
    before = Site(plain(60))
    old = analyse(before, settings)
    new = analyse(Site(plain(60), changed=True), settings, (before, old))
    assert new.figure("wind_worse").value == 4.0, "nothing was computed at 57 m without the changes"
    assert new.features["worse"]["before_class"].unique().tolist() == ["A"]
    assert "of 4 that were computed" in new.figure("wind_worse").note


def test_a_dangerous_place_does_for_nothing(tmp_path: Path) -> None:
    """Storms from one side: below 10 % of the hours above 5 m/s is good for passing through, yet in over 3 % it is above 15."""
    grid_csv(tmp_path / "now.csv", lambda x, y: 1.0 if x == 25 else 0.1 if x < 40 else 0.9)
    spot = {"polygon": [[WEST + x, SOUTH + y] for x, y in ((20, 20), (30, 20), (30, 30), (20, 30))]}
    sectors = [{"direction_deg": d, "frequency_percent": f, "k": 1.5, "a_m_s": a}
               for d, f, a in zip((0, 90, 180, 270), (10, 30, 30, 30), (15.0, 0.5, 0.5, 0.5), strict=True)]
    climate = {"sectors": sectors, "height_m": 10, "source": "a test"}
    settings = _settings(tmp_path, climate=climate, places=[{"at": spot, "activity": "traversing", "label": "Passage"}])
    made = analyse(Site(plain(60)), settings)
    place = made.features["places"].loc["Passage"]
    assert (place["class"], place["rating"], place["danger"]) == ("C", "good", "dangerous")
    assert not place["meets"]
    assert place["short_percent"] == pytest.approx(100 / 3), "three of nine, those on the edge too"
    assert made.figure("wind_places_short").verdict == "exceeds"


def test_what_has_no_points_is_not_judged(tmp_path: Path) -> None:
    grid_csv(tmp_path / "now.csv", 0.5)
    spot = {"polygon": [[WEST + x, SOUTH + y] for x, y in ((11, 11), (14, 11), (14, 14))]}
    made = analyse(Site(plain(60)), _settings(tmp_path, places=[{"at": spot, "activity": "sitting"}]))
    assert made.figure("wind_places_short").verdict == ""
    assert any("1 of 1 places have no point" in told for told in made.assumptions)
    assert "no factors here" in impact_section(made, {}, ENGLISH)
    with pytest.raises(FormatError, match="lie in buildings"):
        analyse(Site(block(plain(60), "hall", 5, 5, 55, 55, 8.0)), _settings(tmp_path))


def test_levels_do_not_make_points_lie_closer(tmp_path: Path) -> None:
    path = grid_csv(tmp_path / "now.csv")
    one = read_factors(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    both = [lines[0] + ",level", *(f"{line},{level}" for line in lines[1:] for level in ("street", "wharf"))]
    path.write_text("\n".join(both), encoding="utf-8")
    assert spacing_of(read_factors(path)) == spacing_of(one) == 5.0


def test_a_class_is_that_of_the_share_that_is_told(tmp_path: Path) -> None:
    factors = read_factors(grid_csv(tmp_path / "now.csv"))
    shares = shares_of(factors, CLIMATE)
    near = np.full_like(shares.p5, 2.499_99)
    told = _frame(replace(shares, p5=near), CRS)
    assert (told["p5_percent"] == 2.5).all()
    assert (told["class"] == "B").all()


def test_without_a_file_of_the_changes_nothing_is_claimed(tmp_path: Path) -> None:
    grid_csv(tmp_path / "now.csv", 0.5)
    settings = _settings(tmp_path)
    old = analyse(Site(plain(60)), settings)
    new = analyse(Site(plain(60), changed=True), settings, (Site(plain(60)), old))
    assert any("not known" in told for told in new.assumptions)
    assert old.figure("wind_short").verdict == "exceeds"
    assert not any(figure.verdict for figure in new.figures)
    assert np.isnan(new.figure("wind_worse").value)
    assert new.figures[-1].key == "wind_worse", "of what nothing is judged a report tells the last"
    assert np.array_equal(old.fields["wind_p5"].to_numpy(), new.fields["wind_p5"].to_numpy(), equal_nan=True)


def test_factors_elsewhere_and_levels(tmp_path: Path) -> None:
    (tmp_path / "now.csv").write_text(HEAD + "5.1,52.1,1,1,1,1\n", encoding="utf-8")
    with pytest.raises(FormatError, match=r"outside the city.*\n.*crs"):
        possible(plain(60), _settings(tmp_path))
    spots = ((10, "1,1,1,1,wharf"), (10, "0.5,0.5,0.5,0.5,"), (20, "1,1,1,1,wharf"))
    rows = [f"{WEST + x},{SOUTH + 10},{rest}" for x, rest in spots]
    (tmp_path / "now.csv").write_text("x,y,0,90,180,270,level\n" + "\n".join(rows) + "\n", encoding="utf-8")
    made = analyse(Site(plain(60)), _settings(tmp_path))
    assert sorted(made.features["points"]["level"]) == ["street", "wharf", "wharf"]
    assert np.isfinite(made.fields["wind_p5"].to_numpy()).sum() == 2, "the street lies above the wharf"


# --- in a scenario


def test_files_stay_in_the_folder_of_the_scenario(tmp_path: Path) -> None:
    body = "title: Wind\nanalyses:\n  wind:\n    factors: {file}\n    reference_m: 10\n"
    body += "    climate: {{hours: h.txt, height_m: 10, source: x}}\n"
    for file in ("../now.csv", "/now.csv", "a/../../now.csv", "C:/now.csv"):
        with pytest.raises(ScenarioError, match="folder of the scenario"):
            scenario_from_text(body.format(file=file))
    (tmp_path / "s.yaml").write_text(body.format(file="now.csv"), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"there is no file `now.csv`") as caught:
        read_scenario(tmp_path / "s.yaml")
    assert "s.yaml:4 analyses.wind.factors" in str(caught.value.where)
    outside = tmp_path.parent / "elsewhere.csv"
    outside.write_text("x", encoding="utf-8")
    (tmp_path / "now.csv").symlink_to(outside)
    with pytest.raises(ScenarioError, match="outside the folder"):
        read_scenario(tmp_path / "s.yaml")


@pytest.mark.parametrize(("more", "told"), [
    ({"reference_m": 60}, "transfer"), ({"unit": "m_s"}, "reference_m_s"), ({"reference_m_s": 10}, "reference_m_s"),
    ({"climate": {"height_m": 10, "source": "x"}}, "one of `file`"),
])  # fmt: skip
def test_settings_that_do_not_go_together_are_told(tmp_path: Path, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        _settings(tmp_path, **more)


def test_the_sample_says_what_the_tower_does(tmp_path: Path) -> None:
    from twin.geo.samples import sample_folder

    both = twin.compare(sample_folder().parent / "wind_tower.yaml", progress=False)
    before, after, change = both.impacts["wind"]
    assert before.figure("wind_short").verdict == "meets"
    assert after.figure("wind_short").verdict == "exceeds"
    assert after.settings["file"] == "wind/tower.csv"
    assert before.settings["file"] == "wind/now.csv"
    assert float(change["wind_p5_change"].max()) > 10.0
    assert "square" in after.features["worse"].index
    assert any("made up" in told for told in after.assumptions)
    alone = twin.run(sample_folder().parent / "wind_tower.yaml", progress=False)
    assert alone.impacts["wind"].settings["file"] == "wind/tower.csv"
    alone.save(tmp_path / "out")
    assert len(twin.open_result(tmp_path / "out").impacts["wind"].features["points"]) == len(after.features["points"])
