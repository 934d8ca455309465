"""Water around a pit beside analytic elements: timml for what is steady, ttim for what takes time.

Both know a pit by line sinks along its outline that hold a level, sheet piles by leaky line doublets, and a canal by line sinks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import timml
import ttim
from numpy.typing import NDArray

from tests.impacts.places import SOUTH, WEST, plain
from tests.impacts.test_pit import LAYERS, OPEN, _pit
from twin.geo.city import City
from twin.impacts.pit import analyse
from twin.impacts.site import Site
from twin.scenario.pit import PitAnalysis

pytestmark = pytest.mark.slow
"""The other programs compile for more than a minute."""

CORNERS = ((60.0, 60.0), (90.0, 60.0), (90.0, 80.0), (60.0, 80.0), (60.0, 60.0))
"""Of the pit; x and y are above those of the corner of the town."""

AT, Y = (93.0, 101.0, 111.0, 131.0, 155.0), 71.0
JOINTS_D = 0.6 / (1e-7 * 86_400.0)
"""Of sheet piles: 0.6 m from joint to joint, of 1e-7 m/s."""

UPPER_M2_D, HIGH_M, RESISTANCE_D = 15.0, 3.0, 3000.0
LOWER_M2_D, THICK_M = 170.0, 17.0


@dataclass(frozen=True)
class Told:
    """What is pumped [m3/d], and how far the water falls at some places [m]."""

    inflow: float
    fall: NDArray[np.float64]


def _ours(field: str, floor: float, city: City | None = None, *, toe: float = -8.0, **given: Any) -> Told:
    options = PitAnalysis.model_validate({**OPEN, "layers": LAYERS, "canal": city is not None, **given})
    found = analyse(Site(plain(160, 5.0) if city is None else city, pits=(_pit(floor, toe_m=toe),)), options)
    near = found.fields[field].sel(x=WEST + np.array(AT), y=SOUTH + Y)
    return Told(float(found.features["stages"]["inflow_m3_d"].iloc[0]), near.to_numpy().astype(np.float64))


def _sides(corners: tuple[tuple[float, float], ...], pieces: int) -> list[tuple[float, float, float, float]]:
    points = [
        (x + (u - x) * k / pieces, y + (v - y) * k / pieces)
        for (x, y), (u, v) in pairwise(corners) for k in range(pieces)
    ]  # fmt: skip
    return [(*one, *two) for one, two in zip(points, [*points[1:], points[0]], strict=True)]


def _within(by: float) -> tuple[tuple[float, float], ...]:
    west, south, east, north = 60.0 + by, 60.0 + by, 90.0 - by, 80.0 - by
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def _heads(head: Callable[..., Any], *time: Any) -> NDArray[np.float64]:
    return np.array([-float(np.ravel(head(x, Y, *time))[0]) for x in AT])


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _timml(model: Any, fall: float, *, sheets: bool = False, canal: float | None = None) -> Told:
    sinks = [timml.River(model, *side, hls=-fall, order=3) for side in _sides(_within(0.5 if sheets else 0.0), 5)]
    if sheets:
        for side in _sides(CORNERS, 5):
            timml.LeakyLineDoublet(model, *side, res=JOINTS_D, order=3)
    if canal is not None:
        y = np.linspace(-330.0, 470.0, 41)
        for one, two in pairwise(y):
            timml.River(model, canal, one, canal, two, hls=0.0, order=2)
    model.solve(silent=True)
    return Told(float(sum(sink.discharge().sum() for sink in sinks)), _heads(model.head))


def _upper() -> Any:
    k = UPPER_M2_D / HIGH_M
    return timml.ModelMaq(kaq=k, z=[HIGH_M + 0.1, HIGH_M, 0.0], c=RESISTANCE_D, topboundary="semi", hstar=0.0)


STEADY = {"storativity": 1e-7, "specific_yield": 1e-3, "pumping_days": 36_500.0}


def _canal(west: float) -> City:
    city = plain(160, 5.0)
    shape = shapely.box(WEST + west, SOUTH - 400.0, WEST + west + 10.0, SOUTH + 600.0)
    frame = gpd.GeoDataFrame({"kind": ["canal"]}, index=pd.Index(["canal"], name="id"), geometry=[shape], crs=city.crs)
    return city.with_layer("water", frame)


def test_a_pit_in_the_sand_below_the_clay() -> None:
    known = _timml(
        timml.ModelMaq(kaq=LOWER_M2_D / THICK_M, z=[0.0, -3.0, -20.0], c=RESISTANCE_D, topboundary="semi", hstar=0.0), 7.0
    )
    found = _ours("head_drawdown_m", -4.0, **{**STEADY, "specific_yield": 0.4, "pumping_days": 10.0})
    assert found.fall == pytest.approx(known.fall, rel=0.01)
    # some comes from above as well
    assert found.inflow == pytest.approx(known.inflow, rel=0.03)


def test_a_pit_with_open_sides() -> None:
    found, known = _ours("drawdown_m", 2.0, toe=1.0, **STEADY), _timml(_upper(), 1.0)
    assert found.inflow == pytest.approx(known.inflow, rel=0.01)
    assert found.fall == pytest.approx(known.fall, rel=0.01)


def test_sheet_piles_let_through_what_their_joints_do() -> None:
    found, known = _ours("drawdown_m", 2.0, **STEADY), _timml(_upper(), 1.0, sheets=True)
    assert found.inflow == pytest.approx(known.inflow, rel=0.01)
    assert found.fall == pytest.approx(known.fall, rel=0.02)


@pytest.mark.parametrize(("sheets", "off"), [(False, 0.03), (True, 0.01)])
def test_a_canal_feeds_the_pit(sheets: bool, off: float) -> None:
    found = _ours("drawdown_m", 2.0, _canal(110.0), toe=-8.0 if sheets else 1.0, **STEADY)
    known = _timml(_upper(), 1.0, sheets=sheets, canal=110.0)
    assert found.inflow == pytest.approx(known.inflow, rel=off)
    assert found.fall[:2] == pytest.approx(known.fall[:2], rel=0.03)
    assert found.fall[2] == 0.0
    # beyond the canal the edge of the cells does not know of it: no less than it is, and little
    assert (found.fall[3:] >= known.fall[3:] - 1e-6).all()
    assert (found.fall[3:] < 0.03).all()


@pytest.mark.parametrize("days", [10.0, 90.0, 365.0])
@pytest.mark.parametrize("sheets", [False, True])
def test_water_falls_further_and_further(sheets: bool, days: float) -> None:
    model = ttim.ModelMaq(
        kaq=UPPER_M2_D / HIGH_M, z=[HIGH_M, 0.0], Saq=0.1 / HIGH_M, topboundary="conf", phreatictop=False, tmin=1.0, tmax=400.0
    )
    sinks = [ttim.HeadLineSink(model, *side, tsandh=[(0.0, -1.0)]) for side in _sides(_within(0.5 if sheets else 0.0), 3)]
    if sheets:
        for side in _sides(CORNERS, 3):
            ttim.LeakyLineDoublet(model, *side, res=JOINTS_D, order=3)
    model.solve(silent=True)
    time = np.array([days])
    inflow, fall = float(sum(sink.discharge(time)[0, 0] for sink in sinks)), _heads(model.head, time)
    found = _ours("drawdown_m", 2.0, toe=-8.0 if sheets else 1.0, specific_yield=0.1, pumping_days=days, resistance_d=1e7)
    # one field in place of all times: what is pumped comes out no less, falls some hundredths of that at the pit less or more
    assert 0.99 * inflow < found.inflow < 1.15 * inflow
    assert found.fall == pytest.approx(fall, abs=0.035 if not sheets else 0.004)
