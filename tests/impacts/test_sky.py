"""How much of the sky is seen: of a city, with trees, before and after a change."""

from __future__ import annotations

import numpy as np
import pytest

from tests.impacts.places import SOUTH, WEST, block, plain, planted
from twin.errors import ParameterError
from twin.geo.city import City
from twin.impacts.site import Site
from twin.impacts.sky import analyse, behind_leaves, sky_view
from twin.impacts.sun import sun_hours
from twin.scenario.analyses import SkyAnalysis
from twin.sim.impact import shadow


def _street(height: float = 12.0) -> City:
    city = block(plain(160), "north", 0, 86, 160, 96, height)
    return block(city, "south", 0, 64, 160, 74, height)


def test_a_street_sees_the_strip_between_its_houses() -> None:
    found = sky_view(_street(), trees=False)["sky_view"]
    middle = float(found.sel(x=WEST + 80, y=SOUTH + 80, method="nearest"))
    # 12 m between walls of 12 m that end 80 m away: a little more than the 0.447 of an endless one
    assert middle == pytest.approx(np.cos(np.arctan(2.0)), abs=0.015)
    assert float(found.max()) == pytest.approx(1.0, abs=1e-6)
    assert "sky_view_trees" not in sky_view(_street(), trees=False)


def test_a_value_that_cannot_be_used_is_named() -> None:
    with pytest.raises(ParameterError, match="-1 cannot be used for `cell_m`: it should be greater"):
        sky_view(_street(), cell=-1)
    with pytest.raises(ParameterError, match="`directions`"):
        sky_view(_street(), directions=2)
    with pytest.raises(ParameterError, match="`step_min`"):
        sun_hours(_street(), "2026-03-21", step_min=0)


def test_crowns_hide_what_a_roof_of_leaves_would() -> None:
    z = np.zeros((121, 121))
    base, top = np.full(z.shape, 5.0, np.float32), np.full(z.shape, 6.0, np.float32)
    y, x = np.mgrid[-60:61, -60:61]
    base[np.hypot(x, y) > 10], top[np.hypot(x, y) > 10] = np.nan, np.nan
    hidden = behind_leaves(shadow.surface(z, 1.0, shadow.Crowns(base, top)))
    # a disc of radius 10 m at 5 m hides R2 / (R2 + H2) of the sky over its middle
    assert hidden[60, 60] == pytest.approx(100 / 125, abs=0.05)
    assert hidden[60, 0] < 0.01
    assert not behind_leaves(shadow.surface(z, 1.0)).any()


def test_a_tree_takes_sky_and_a_change_is_felt_only_where_it_reaches() -> None:
    settings = SkyAnalysis(directions=16)
    city = planted(_street(), [{"x": 40.0, "y": 80.0, "height_m": 9.0, "crown_diameter_m": 6.0}])
    before = Site(city)
    old = analyse(before, settings)
    bare, leafy = (old.fields[name].to_numpy() for name in ("sky_view", "sky_view_trees"))
    assert (leafy <= bare + 1e-6).all()
    assert (bare - leafy).max() > 0.2
    after = Site(block(city, "new", 90, 110, 100, 120, 6.0))
    part, whole = analyse(after, settings, (before, old)), analyse(after, settings)
    assert part.fields.identical(whole.fields)
    change = part.difference(old)["sky_view_change"]
    assert float(change.min()) < -0.05
    assert not (change > 1e-5).any()
    assert part.figure("sky_mean").value < old.figure("sky_mean").value
    assert part.figure("sky_mean").exact
