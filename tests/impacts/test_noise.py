"""Sound of an event: its sources, levels before facades, limits by the clock, before and after a change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.impacts.places import SOUTH, WEST, block, plain
from twin.errors import ParameterError, ScenarioError
from twin.geo.city import City
from twin.impacts.noise import analyse, moments, possible, sound_field
from twin.impacts.site import Site
from twin.impacts.sound_sources import direction, energy_of, power_of
from twin.scenario.noise import NoiseAnalysis, SoundSource, sound_together
from twin.sim.impact.acoustics import total, weights


def _stage(**more: Any) -> dict[str, Any]:
    return {"id": "stage", "at": {"point": (WEST + 60.0, SOUTH + 60.0)}, "level_db": 100.0, "distance_m": 25.0, **more}


def _asked(*sources: dict[str, Any], **more: Any) -> NoiseAnalysis:
    return NoiseAnalysis.model_validate({"sources": sources or (_stage(),), **more})


def _street() -> City:
    return block(block(plain(120), "near", 50, 80, 70, 90, 9.0), "far", 50, 100, 70, 110, 9.0)


def _height(city: City, west: float, south: float, east: float, north: float, height: float) -> City:
    return block(city, f"block-{west:g}", west, south, east, north, height)


def test_a_stage_is_as_loud_as_it_is_measured() -> None:
    """110 dB(C) at 30 m: 95 dB(C) at 169 m when only distance counts."""
    source = SoundSource.model_validate(_stage(level_db=110, weighting="C", distance_m=30))
    power = float(total(power_of(source) + weights("C")))
    assert power - 20.0 * np.log10(30.0) - 11.0 == pytest.approx(110.0)
    assert power - 20.0 * np.log10(169.0) - 11.0 == pytest.approx(95.0, abs=0.02)
    assert 10.0 * np.log10(energy_of(source, "C").sum()) == pytest.approx(power)
    own = SoundSource.model_validate(_stage(bands_dba=[0] * 8))
    assert np.ptp(power_of(own) + weights("A")) == pytest.approx(0.0)


@pytest.mark.parametrize("spectrum", ["pop", "dance", "voice"])
def test_usual_spectra_sum_to_their_level(spectrum: str) -> None:
    source = SoundSource.model_validate(_stage(level_db=90, spectrum=spectrum))
    at_25 = power_of(source) - 20.0 * np.log10(25.0) - 11.0
    assert float(total(at_25 + weights("A"))) == pytest.approx(90.0)
    assert float(total(at_25 + weights("C"))) >= 90.0


def test_loudspeakers_look_somewhere_and_bass_does_not() -> None:
    source = SoundSource.model_validate(_stage(facing_deg=90, rejection_db=20))
    sent = direction(source, np.array([90.0, 270.0, 0.0, 180.0]))
    assert sent is not None
    assert sent[0] == pytest.approx(1.0)
    assert sent[1, 4] == pytest.approx(0.01)
    assert sent[1, 0] == 1.0
    assert sent[2] == pytest.approx(sent[3])
    assert direction(SoundSource.model_validate(_stage()), np.array([0.0])) is None


def test_levels_in_the_open_fall_with_distance() -> None:
    field = sound_field(_street(), [_stage()])
    level = field.level("A")
    assert level.attrs["units"] == "dB"
    middle = float(level.sel(x=WEST + 60.5, y=SOUTH + 34.5, method="nearest"))
    # hard ground sends as much again: 3 dB more than in the open
    assert middle == pytest.approx(100.0 + 3.0, abs=0.5)
    assert float(level.sel(x=WEST + 60.5, y=SOUTH + 9.5, method="nearest")) == pytest.approx(middle - 6.0, abs=0.5)
    behind = float(level.sel(x=WEST + 60.5, y=SOUTH + 95.5, method="nearest"))
    assert behind < float(level.sel(x=WEST + 60.5, y=SOUTH + 25.5, method="nearest")) - 8.0


def test_other_levels_need_no_new_way() -> None:
    other = _stage(id="second", at={"point": (WEST + 20.0, SOUTH + 20.0)}, level_db=95.0)
    field = sound_field(_street(), [_stage(), other])
    louder = field.with_levels({"stage": 106.0})
    assert louder.shares is field.shares
    again = sound_field(_street(), [_stage(level_db=106.0), other])
    assert louder.level("C").equals(again.level("C"))
    assert np.array_equal(louder.facade_level("A"), again.facade_level("A"))
    one, two, both = (field.level("A", names).to_numpy() for names in (["stage"], ["second"], None))
    assert both == pytest.approx(10 * np.log10(10 ** (one / 10) + 10 ** (two / 10)), abs=1e-3)
    with pytest.raises(ParameterError, match=r"no source `stag`.*stage"):
        field.with_levels({"stag": 1.0})
    with pytest.raises(ParameterError, match="no source `third`"):
        field.level("A", ["third"])


def test_the_other_side_of_a_street_sends_sound_back() -> None:
    city = block(block(plain(120), "near", 20, 80, 100, 90, 12.0), "far", 20, 40, 100, 50, 12.0)
    fields = [sound_field(city, [_stage()], reflections=0)]
    fields += [sound_field(city, [_stage()], absorption=kept) for kept in (1.0, 0.2, 0.0)]
    off, deaf, usual, hard = (field.facade_level("A") for field in fields)
    assert np.array_equal(off, deaf)
    there = np.isfinite(off)
    assert (usual[there] >= off[there]).all()
    assert (hard[there] >= usual[there]).all()
    # before the house on the other side: the wall opposite is 20 m behind the source, which is 18 m off
    middle = np.abs(fields[0].facades.points[:, 0] - 60.0).argmin()
    assert 1.0 < usual[middle] - off[middle] < 3.0
    assert fields[2].level("A").equals(fields[0].level("A"))
    by_map = sound_field(city, [_stage()], map_reflections=True).level("A") - fields[0].level("A")
    assert float(by_map.min()) >= 0.0
    assert float(by_map.sel(x=WEST + 60.5, y=SOUTH + 78.5, method="nearest")) > 1.0
    used = city.with_layer("buildings", city.buildings.assign(use=["barrier", "barrier"]))
    soft = sound_field(used, [_stage()], absorption_by_use={"barrier": 1.0}).facade_level("A")
    assert np.array_equal(soft, off)


def test_loudspeakers_that_look_away_are_heard_off_what_they_look_to() -> None:
    city = block(block(plain(120), "near", 20, 80, 100, 90, 12.0), "far", 20, 40, 100, 50, 12.0)
    away = _stage(facing_deg=180, rejection_db=25)
    off, on = (sound_field(city, [away], reflections=n, facade_spacing_m=10) for n in (0, 1))
    north = off.facades.normals[:, 1] < -0.9
    near = north & (off.facades.points[:, 1] > 70.0) & (np.abs(off.facades.points[:, 0] - 60.0) < 10.0)
    assert (on.facade_level("A") - off.facade_level("A"))[near].min() > 2.5


def test_beyond_its_reach_a_source_is_not_heard() -> None:
    field = sound_field(_street(), [_stage()], reach_m=30.0)
    level = field.level("A").to_numpy()
    assert np.isnan(level[:20]).all()
    assert np.isfinite(level[55:65, 55:65]).all()
    assert (np.isinf(field.facade_level("A")) | (field.facade_level("A") > 60.0)).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1439), st.integers(1, 1439), st.integers(0, 1439))
def test_a_moment_lies_in_a_stretch_of_the_clock(start: int, length: int, moment: int) -> None:
    def clock(minute: int) -> str:
        return f"{minute % 1440 // 60:02d}:{minute % 60:02d}"

    hours = clock(start), clock(start + length)
    at = clock(moment), clock(moment + 1) if moment < 1439 else "24:00"
    assert sound_together(hours, at) == ((moment - start) % 1440 < length)
    assert sound_together(at, hours) == sound_together(hours, at)


def test_only_what_sounds_together_is_added() -> None:
    day, night = _stage(hours=("12:00", "18:00")), _stage(id="late", hours=("17:00", "01:00"))
    found = moments(_asked(day, night))
    assert [row.hours for row, _ in found] == [("07:00", "23:00"), ("23:00", "07:00")]
    assert set(found[0][1]) == {("stage",), ("late",), ("stage", "late")}
    assert found[1][1] == (("late",),)
    assert moments(_asked(day))[1][1] == ()


def test_facades_are_judged_by_the_hour() -> None:
    city, chosen = _street(), _asked(_stage(hours=("20:00", "01:00")), facade_spacing_m=5)
    found = analyse(Site(city), chosen)
    near, far = (found.features["buildings"].loc[name] for name in ("near", "far"))
    assert near["dba_0700_2300"] == pytest.approx(near["dba_2300_0700"])
    assert near["above_db"] == pytest.approx(max(near["dba_2300_0700"] - 70, near["dbc_2300_0700"] - 85))
    assert not near["meets"]
    assert far["dba_0700_2300"] < near["dba_0700_2300"] - 8.0
    figure = found.figure("noise_dba_2300_0700")
    assert figure.value == near["dba_2300_0700"]
    assert figure.limit == 70.0
    assert "Gemeenteblad 2024, 320882" in figure.limit_source
    assert figure.note == "at near"
    margin = found.figure("noise_margin").value
    quieter = analyse(Site(city), _asked(_stage(level_db=100.0 + margin, hours=("20:00", "01:00")), facade_spacing_m=5))
    assert quieter.figure("noise_margin").value == pytest.approx(0.0, abs=0.02)
    assert quieter.figure("noise_above").value == 0.0
    day = analyse(Site(city), _asked(_stage(hours=("12:00", "22:00"))))
    assert day.features["buildings"]["dba_2300_0700"].isna().all()
    assert day.features["facades"]["dba_2300_0700"].isna().all()
    with pytest.raises(Exception, match="noise_dba_2300_0700"):
        day.figure("noise_dba_2300_0700")


def test_a_table_of_ones_own() -> None:
    table = [{"hours": ["00:00", "24:00"], "dba": 120, "dbc": 140}]
    found = analyse(Site(_street()), _asked(table=table, limits_source="permit of 2026"))
    assert found.figure("noise_above").value == 0.0
    assert found.figure("noise_above").limit_source == "permit of 2026"
    kings = analyse(Site(_street()), _asked(limits="utrecht-kings-day"))
    assert kings.figure("noise_dba_0000_2400").limit == 90.0


def test_what_is_not_sensitive_is_not_judged() -> None:
    city = _street()
    used = city.buildings.assign(use=["hall", "dwelling"])
    found = analyse(Site(city.with_layer("buildings", used)), _asked())
    assert found.features["buildings"]["judged"].tolist() == [False, True]
    assert found.figure("noise_dba_0700_2300").note == "at far"


def test_what_stood_in_between_and_goes_is_told() -> None:
    quiet = _stage(level_db=84.0, hours=("12:00", "22:00"))
    before, after = Site(_street()), Site(block(plain(120), "far", 50, 100, 70, 110, 9.0))
    old = analyse(before, _asked(quiet))
    new = analyse(after, _asked(quiet), (before, old))
    assert list(new.features["lost"].index) == ["far"]
    row = new.features["lost"].loc["far"]
    assert row["before_db"] <= 0.0 < row["after_db"]
    assert new.figure("noise_lost").value == 1.0
    change = new.difference(old)["sound_level_a_change"].to_numpy()
    assert np.nanmax(change[:20]) > 8.0
    assert np.abs(change[70:]).max() < 1e-3
    wall = Site(block(_street(), "wall", 40, 66, 80, 68, 5.0))
    screened = analyse(wall, _asked(quiet), (before, old))
    loud, less = (one.features["buildings"].loc["near", "dba_0700_2300"] for one in (old, screened))
    assert less < loud - 3.0


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(ParameterError, match="it has nothing that sounds"):
        sound_field(_street(), [])
    with pytest.raises(ParameterError, match="given twice"):
        sound_field(_street(), [_stage(), _stage()])
    with pytest.raises(ParameterError, match="sources"):
        sound_field(_street(), [_stage(bands_dba=[1.0, 2.0])])
    with pytest.raises(ScenarioError, match=r"nowhere"):
        possible(_street(), _asked(_stage(at="nowhere")))
    with pytest.raises(ScenarioError, match=r"outside|beyond|far"):
        possible(_street(), _asked(_stage(at={"point": (0.0, 0.0)})))


def test_a_stage_on_a_roof_stands_on_it() -> None:
    city = _height(_street(), 55, 55, 65, 65, 20.0)
    below, above = sound_field(_street(), [_stage()]), sound_field(city, [_stage()])
    far = {"x": WEST + 60.5, "y": SOUTH + 95.5, "method": "nearest"}
    assert float(above.level("A").sel(**far)) > float(below.level("A").sel(**far)) + 3.0


def test_what_sounds_when_no_limit_holds_is_on_the_map_and_said() -> None:
    table = [{"hours": ["07:00", "23:00"], "dba": 80, "dbc": 95}]
    found = analyse(Site(_street()), _asked(_stage(hours=("23:30", "01:00")), table=table))
    assert float(found.fields["sound_level_a"].max()) > 100.0
    assert found.features["buildings"]["meets"].all()
    assert any("no limit in the table" in one for one in found.assumptions)
    assert not any("no limit in the table" in one for one in analyse(Site(_street()), _asked()).assumptions)
    with pytest.raises(ValueError, match="two limits have the same hours"):
        _asked(table=table * 2)


def test_a_city_without_buildings_has_a_map_and_nothing_to_judge() -> None:
    found = analyse(Site(plain(60)), _asked(_stage(at={"point": (WEST + 30.0, SOUTH + 30.0)})))
    assert np.isfinite(found.fields["sound_level_c"]).all()
    assert found.figure("noise_above").value == 0.0
    assert not len(found.features["facades"])


def test_facades_far_out_of_reach_are_not_looked_at_and_others_hear_the_same() -> None:
    city = block(block(plain(700), "near", 90, 90, 110, 100, 8.0), "far", 600, 600, 620, 610, 8.0)
    near = sound_field(city, [_stage(at=[WEST + 60.0, SOUTH + 60.0])], reach_m=100.0, cell=2.0, reflections=0)
    every = sound_field(city, [_stage(at=[WEST + 60.0, SOUTH + 60.0])], reach_m=1000.0, cell=2.0, reflections=0)
    assert set(city.buildings.index[near.facades.building]) == {"near"}
    both = np.isin(every.facades.building, near.facades.building)
    assert both.sum() == len(near.facades) < len(every.facades)
    np.testing.assert_array_equal(near.facades.points, every.facades.points[both])
    np.testing.assert_allclose(near.facade_level("A"), every.facade_level("A")[both], atol=1e-9)


def test_out_of_reach_of_an_area_nothing_is_before_facades() -> None:
    city = block(plain(700), "far", 600, 600, 620, 610, 8.0)
    corner = (WEST + 590.0, SOUTH + 590.0, WEST + 640.0, SOUTH + 640.0)
    field = sound_field(city, [_stage(at=[WEST + 60.0, SOUTH + 60.0])], reach_m=100.0, cell=2.0, area=corner)
    assert len(field.facades) == 0
    assert np.isnan(field.level("A")).all()
