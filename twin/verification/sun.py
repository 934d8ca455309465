"""Sun, sky and sight: where the sun stands, how long shadows are, and how much of the sky streets and basins see."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import shapely

from twin.geo.on_earth import OnEarth
from twin.impacts.sun_position import sun_at, sun_path
from twin.sim.impact import shadow, sight, sky, traverse
from twin.verification.case import Case, Chart, Curve, Found, Measure, Site, Trial

UTRECHT = OnEarth(5.1214, 52.0907, "Europe/Amsterdam")
NOONS = {"2025-01-21": 18.12, "2025-02-19": 26.82, "2025-06-21": 61.35, "2025-12-21": 14.47}
"""Geometric altitude of the sun over Utrecht at noon [deg]: 90 - 52.0907 + its declination on that day."""


_PLAIN = Site({"plain": shapely.box(0, 0, 40, 40)}, areas={"block": shapely.box(19.5, 19.5, 20.5, 20.5)})
_TOWN = Site({"town": shapely.box(0, 0, 500, 500)})
_BEHIND = Site({"plain": shapely.difference(shapely.box(0, 0, 210, 12), shapely.box(49.5, 0, 50.5, 12))})
_STREET = Site({"street": shapely.box(0, 0, 120, 20)})
_BASIN = Site({"basin": shapely.Point(0, 0).buffer(40.0)})
"""What is drawn of the cases: ground between walls."""


def _golden(trial: Trial) -> Found:
    at = sun_at(OnEarth(-105.1786, 39.742476), pd.DatetimeIndex(["2003-10-17 12:30:30-07:00"])).iloc[0]
    zenith, azimuth = 90.0 - float(at["geometric_deg"]), float(at["azimuth_deg"])
    return Found((
        Measure("zenith without refraction", zenith, "deg", 50.127, 50.129, 4),
        Measure("azimuth", azimuth, "deg", 194.3392, 194.3412, 4),
    ))  # fmt: skip


def _noons(trial: Trial) -> Found:
    measures = []
    for day, known in NOONS.items():
        path = sun_path(UTRECHT, [day], step_min=1.0)
        measures.append(Measure(f"noon on {day}", float(path["geometric_deg"].max()), "deg", known - 0.01, known + 0.01))
        if day == "2025-02-19":
            hours = float(path.loc[path["geometric_deg"] > 10.0, "seconds"].sum()) / 3600.0
            measures.append(Measure(f"above 10 degrees on {day}", hours, "h", 7.60, 7.67))
    return Found(tuple(measures))


def _length(height: float, altitude: float, azimuth: float = 180.0) -> float:
    """Cells in the shadow of a block of one cell, by the sweep."""
    size = 2 * math.ceil(height / math.tan(math.radians(altitude))) + 5
    z = np.zeros((size, size))
    z[size // 2, size // 2] = height
    return float((shadow.cast(shadow.surface(z, 1.0), azimuth, altitude) == shadow.BUILT).sum())


def _lengths(trial: Trial) -> Found:
    noon = sun_path(UTRECHT, ["2025-12-21"], step_min=1.0)["geometric_deg"].max()
    known = 112.32 / math.tan(math.radians(noon))
    return Found((
        Measure("10 m at 30 degrees", _length(10.0, 30.0), "m", 16.8, 17.9, 1),
        Measure("Dom tower at noon on 21 December", _length(112.32, float(noon)), "m", 434.0, 436.0, 0),
        Measure("that by the tangent", known, "m", digits=1),
    ))  # fmt: skip


def _against_rays(trial: Trial) -> Found:
    """A made-up town of blocks: cells that are other by the sweep than by exact rays, by altitude of the sun."""
    rng = np.random.default_rng(trial.seed)
    z = np.zeros((500, 500))
    for _ in range(300):
        row, column = rng.integers(0, 490, 2)
        z[row : row + rng.integers(8, 30), column : column + rng.integers(8, 30)] = rng.uniform(5, 20)
    of = shadow.surface(z, 1.0)
    altitudes, azimuths = (10.0, 20.0, 30.0, 45.0, 60.0), (25.0, 70.0, 115.0, 160.0, 225.0, 290.0)
    worst = []
    for altitude in altitudes:
        off = [float((shadow.cast(of, a, altitude) != traverse.cast_exactly(of, a, altitude)).mean()) for a in azimuths]
        worst.append(100.0 * max(off))
    chart = Chart((Curve("sweep", np.array(altitudes), np.array(worst)),), "altitude of the sun (deg)", "cells that are other (%)")
    return Found((Measure("most cells other, of all directions", max(worst), "%", -math.inf, 1.0),), chart)


def _canyons(trial: Trial) -> Found:
    measures = []
    for height, width in ((10, 20), (20, 20), (10, 10), (5, 20)):
        z = np.full((401, 801), float(height))
        z[200 - width // 2 : 200 + width // 2] = 0.0
        of = shadow.surface(z, 1.0)
        # the middle of a cell lies half a metre off the middle of the street
        known = sum(math.cos(math.atan(height / (width / 2 + side))) for side in (-0.5, 0.5)) / 2
        for name, way in (("levels", sky.sky_view), ("horizons", sky.sky_view_of_horizons)):
            found = float(way(of, 64)[200, 400])
            label = f"H/W {height / width:g}, {width} m wide, by {name}: {found:.4f}, error"
            measures.append(Measure(label, abs(found - known), "", -math.inf, 0.005, 4))
    return Found(tuple(measures))


def _basins(trial: Trial) -> Found:
    measures = []
    for radius, height in ((40, 40), (20, 20), (30, 10)):
        y, x = np.mgrid[-150:151, -150:151]
        of = shadow.surface(np.where(np.hypot(x, y) <= radius, 0.0, float(height)), 1.0)
        for name, way in (("levels", sky.sky_view), ("horizons", sky.sky_view_of_horizons)):
            off = abs(float(way(of, 64)[150, 150]) - radius**2 / (radius**2 + height**2))
            measures.append(Measure(f"R {radius} m, H {height} m, by {name}: error", off, "", -math.inf, 0.005, 4))
    return Found(tuple(measures))


def _wall(trial: Trial) -> Found:
    """How high something at 200 m must be to show over a wall of 10 m at 50 m, by halving."""
    z = np.zeros((5, 421))
    z[:, 60] = 10.0  # its near face lies 49.5 m from the middle of the cell that is looked from
    of = shadow.surface(z, 1.0)
    measures = []
    for name, exact in (("fan", False), ("exact", True)):
        low, high = 0.0, 100.0
        while high - low > 0.01:
            middle = 0.5 * (low + high)
            seen = sight.viewshed(of, 2, 10, 1.6, middle, exact=exact)[2, 208]
            low, high = (low, middle) if seen else (middle, high)
        measures.append(Measure(f"least height that shows, {name}", high, "m", 35.1, 35.3))
    return Found(tuple(measures))


def cases() -> tuple[Case, ...]:
    """Where the sun stands, shadows, the sky, and sight."""
    return (
        Case("sun-golden", "Sun", "NREL", "Where the sun stands: the example of the algorithm",
             "17 October 2003, 12:30:30 at UTC-7, 39.742476 N, 105.1786 W.",
             "Zenith 50.128 degrees without refraction (50.1116 with that of 820 mbar and 11 degrees), azimuth 194.3402.",
             "Reda and Andreas 2004 (doi:10.1016/j.solener.2003.12.003), appendix A.5", _golden),
        Case("sun-noon", "Sun", "noon", "Noon over Utrecht, and how long the sun stands above 10 degrees",
             "52.0907 N, 5.1214 E, minute by minute, without refraction.",
             "Within 0.01 degrees of 90 - latitude + declination; 7.63 h above 10 degrees on 19 February, within two steps.",
             "Known answer", _noons),
        Case("sun-length", "Sun", "lengths", "How long shadows are", "A block of one cell of 1 m on a plain; sun in the south.",
             "17.32 m of 10 m at 30 degrees, within half a cell and rounding; 435 m of the Dom tower (112.32 m), within 1 m.",
             "Known answer: height / tan(altitude)", _lengths, _PLAIN),
        Case("sun-rays", "Sun", "exact rays", "The sweep beside an exact traversal",
             "300 blocks of 5 to 20 m on 500 x 500 cells; 30 places of the sun.", "At most 1 % of cells are other.",
             "Amanatides and Woo 1987 for the traversal; the bound is ours", _against_rays, _TOWN),
        Case("sight-wall", "Sight", "wall", "What shows over a wall",
             "Eye at 1.6 m, a wall of 10 m whose face is 49.5 m off, something 198 m off (as 50 and 200 m).",
             "What is higher than 1.6 + 8.4 x 4 = 35.2 m shows.", "Known answer: similar triangles", _wall, _BEHIND),
        Case("sky-canyon", "Sky", "canyon", "Sky view factor in the middle of long streets",
             "Streets of 10 and 20 m between walls of 5 to 20 m, 64 directions.", "cos(atan(2H/W)) within 0.005.",
             "Johnson and Watson 1984; Oke 1987", _canyons, _STREET),
        Case("sky-basin", "Sky", "basin", "Sky view factor in the middle of round basins",
             "Basins of 20 to 40 m radius, 64 directions.", "R2 / (R2 + H2) within 0.005.",
             "Johnson and Watson 1984; Oke 1987", _basins, _BASIN),
    )  # fmt: skip
