"""The impact "sky": how much of the sky open ground sees, with and without trees, before and after a change.

The kernels are `twin.sim.impact.sky` and, for trees, `twin.sim.impact.shadow` from places spread evenly over the sky.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from twin.grid import GridSpec
from twin.impact_result import Classes, ImpactResult
from twin.impacts.site import Reach, Site, Window, all_windows, corner_of, reached, reliefs, surface_of, with_surface
from twin.palette import Colour
from twin.result import Figure
from twin.scenario.analyses import SkyAnalysis, settings_of
from twin.sim.impact import shadow, sky
from twin.variables import variable

if TYPE_CHECKING:
    from twin.geo.city import City

BANDS, AZIMUTHS = 8, 24
"""Places of the sky from which it is looked through crowns: bands of altitude that count the same, times directions."""

ENCLOSED = 0.3
"""Open ground that sees less of the sky than this is counted; in the middle of a long street it is so where walls are 1.6 times as
high as the street is wide."""

SHADES: tuple[Colour, ...] = ((43, 24, 76), (68, 69, 135), (63, 124, 144), (96, 176, 137), (190, 213, 126), (250, 241, 184))
BORDERS = (0.15, 0.3, 0.45, 0.6, 0.8)


def sky_view(
    city: City,
    *,
    cell: float = 1.0,
    area: tuple[float, float, float, float] | None = None,
    directions: int = 64,
    trees: bool = True,
    light: float = 0.03,
) -> xr.Dataset:
    """How much of the sky each place sees.

    Parameters
    ----------
    city : City
    cell : float
        [m]
    area : (west, south, east, north), optional
        By default the whole city [m].
    directions : int
        In which is looked.
    trees : bool
        Whether it is worked out with trees too.
    light : float
        Part of the sky that is seen through crowns.

    Returns
    -------
    Dataset
        ``sky_view`` without trees and, if wanted, ``sky_view_trees``, dims (y, x), 0 to 1.

    Raises
    ------
    ParameterError
        When a value cannot be used.
    """
    settings = settings_of(SkyAnalysis, cell_m=cell, directions=directions, trees=trees, summer_light=light)
    return sky_of(Site(city, area), settings)


def sky_of(site: Site, settings: SkyAnalysis, *, before: tuple[Site, xr.Dataset] | None = None) -> xr.Dataset:
    """As `sky_view`, of a site; `before` is the same without a change, and then only what that can reach is worked out anew."""
    grid = site.grid(settings.cell_m)
    names = ("sky_view", "sky_view_trees")[: 2 if settings.trees else 1]
    fields = {name: np.zeros(grid.shape, np.float32) for name in names}
    range_m = site.heights()
    todo, reach = all_windows(grid), reach_of_sky(settings.directions, trees=settings.trees)
    if before is not None and site.continues(before[0]):
        todo = reached(before[0], site, grid, reach, trees=settings.trees)
        for name, values in fields.items():
            values[:] = before[1][name].to_numpy()
    for window, relief, (whole, inner) in reliefs(site, grid, todo, reach, trees=settings.trees):
        of, unknown = surface_of(relief, corner_of(grid, window), range_m), np.isnan(relief.surface)
        del relief
        within = None if window == whole else _within(site, grid, (whole, window), settings.directions)
        bare = sky.sky_view(of, settings.directions, within=within)
        bare[unknown] = 0.0
        fields["sky_view"][whole.cells] = bare[inner.cells]
        if settings.trees:
            leafy = bare - (1.0 - settings.summer_light) * behind_leaves(of)
            fields["sky_view_trees"][whole.cells] = np.maximum(leafy, 0.0)[inner.cells]
    made = {name: variable(name).array(values) for name, values in fields.items()}
    return xr.Dataset(made, coords={"y": grid.y, "x": grid.x}, attrs={"crs": grid.crs or "", "cell_m": float(grid.cell)})


def reach_of_sky(directions: int, *, trees: bool) -> Reach:
    """What the rays of a sky view can meet."""
    bare = Reach.towards(*sky.lowest_of(directions))
    return bare.over(Reach.all_round(_altitude(0))) if trees else bare


def _within(site: Site, grid: GridSpec, windows: tuple[Window, Window], directions: int) -> list[tuple[slice, slice]]:
    """What can be in the way in each direction of a window, in the cells of that with what stands around it."""
    core, around = windows
    made = []
    for azimuth, lowest in zip(*sky.lowest_of(directions), strict=True):
        need = site.around(grid, core, Reach.towards(azimuth, lowest)).cut(around) or core
        made.append(need.inside(around).cells)
    return made


def _altitude(band: int) -> float:
    """Of the places of the sky in a band [deg]."""
    return math.degrees(math.asin(math.sqrt((band + 0.5) / BANDS)))


def behind_leaves(of: shadow.Surface) -> NDArray[np.float32]:
    """Share of the sky that crowns hide and nothing solid does, counted as the sky view factor counts it, (R, C) float32."""
    hidden = np.zeros(of.shape, np.float32)
    if not of.crown_rows.shape[1]:
        return hidden
    for band in range(BANDS):
        altitude = _altitude(band)
        for k in range(AZIMUTHS):
            azimuth = 360.0 * (k + 0.5 * (band % 2) + 0.25) / AZIMUTHS
            hidden += shadow.cast(of, azimuth, altitude, phases=1) == shadow.LEAVES
    return hidden / np.float32(BANDS * AZIMUTHS)


def possible(city: City, settings: SkyAnalysis) -> None:
    """Every city has a sky."""


def analyse(site: Site, settings: SkyAnalysis, before: tuple[Site, ImpactResult] | None = None) -> ImpactResult:
    """Sky view on a site; `before` as in `twin.impacts.registry.Impact`."""
    known = None if before is None else (before[0], before[1].fields)
    fields, ground = with_surface(site, sky_of(site, settings, before=known), settings.cell_m)
    name = "sky_view_trees" if settings.trees else "sky_view"
    values, told = fields[name].to_numpy()[ground], "with trees" if settings.trees else "without trees"
    mean = float(values.mean(dtype=np.float64)) if values.size else float("nan")
    closed = float((values < ENCLOSED).sum()) * settings.cell_m**2
    figures = (
        Figure("sky_mean", "Sky seen from open ground", 100.0 * mean, "%", digits=1, note=f"mean; {told}", exact=True),
        Figure(
            "sky_enclosed", f"Ground that sees less than {100 * ENCLOSED:g} % of the sky", closed, "m2", digits=0, note=told,
            exact=True,
        ),
    )  # fmt: skip
    classes = [sky_classes("sky_view", "Sky view")]
    if settings.trees:
        classes.append(sky_classes("sky_view_trees", "Sky view, with trees"))
    notes = [
        f"The sky view factor is that of level ground under a sky that is equally bright all over, in {settings.directions} "
        f"directions, on cells of {settings.cell_m:g} m. What stands lower than {sky.LOWEST_DEG:g} degrees above the horizon hides "
        "nothing.",
    ]  # fmt: skip
    if settings.trees:
        notes.append(f"Through crowns {100 * settings.summer_light:g} % of the sky is seen, as in summer.")
    settled = dict(settings.model_dump(mode="json"))
    return ImpactResult("sky", "Sky view", fields, {}, figures, tuple(classes), tuple(notes), settled)


def sky_classes(name: str, title: str) -> Classes:
    """Classes of sky view factors."""
    labels = ("< 0.15", "0.15 – 0.3", "0.3 – 0.45", "0.45 – 0.6", "0.6 – 0.8", "> 0.8")
    return Classes(name, title, "share", BORDERS, SHADES, labels, "1 where nothing hides the sky", (0.02, 0.05, 0.1), "higher")
