"""How lorries with soil leave a pit: which ways they may take, of those above wharf cellars too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from twin.geo.pits import Pit
from twin.impacts.routes import way_of
from twin.impacts.site import Site
from twin.impacts.streets import Box, street_network
from twin.scenario.apply import Located, locate
from twin.scenario.routes import VEHICLES

if TYPE_CHECKING:
    from twin.scenario.pit import PitAnalysis

LORRIES = ("lorry", "van")
"""A heavy one, and the heaviest that may drive above wharf cellars."""

COLUMNS = ["vehicle", "found", "length_m", "time_min", "above_cellar_m", "before_min", "told", "geometry"]


AROUND_M = 100.0
"""Streets so far around the area, the pits and where lorries leave are looked at [m]."""


def _reach(site: Site, pits: tuple[Pit, ...], end: Located) -> Box | None:
    """The part of the city in which ways are looked for: all of it where no area is set."""
    if site.area is None:
        return None
    west, south, east, north = shapely.GeometryCollection(
        [shapely.box(*site.area), end.shape, *(pit.outline_at_top for pit in pits)]
    ).bounds
    return west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M


def ways_of(site: Site, pits: tuple[Pit, ...], settings: PitAnalysis) -> dict[str, gpd.GeoDataFrame]:
    """Ways of lorries from each pit to where they leave the city: ``routes``, and their ``route_steps``.

    Nothing where it is not asked, or where there is no pit.

    Raises
    ------
    ScenarioError
        When the place is not in the city.
    """
    if settings.to is None or not pits:
        return {}
    end = locate(settings.to, site.city, "analyses.pit.to")
    net = street_network(site.city, area=_reach(site, pits, end), closed=site.obstacles)
    rows, every = [], []
    for pit in pits:
        start = Located(pit.outline_at_top, "street")
        for name in LORRIES:
            vehicle = VEHICLES[name]
            found = way_of(site.city, net, (start, end), vehicle)
            key = f"{pit.id} {name}"
            rows.append({
                "id": key, "vehicle": name, "found": found.found, "length_m": found.length_m, "time_min": found.time_min,
                "above_cellar_m": found.above_cellar_m, "before_min": float("nan"), "told": found.told, "geometry": found.line,
            })  # fmt: skip
            every.append(found.steps.assign(route=key))
    frame = pd.DataFrame(rows, columns=["id", *COLUMNS]).set_index("id").astype({"vehicle": "str", "told": "str", "found": "bool"})
    steps = gpd.GeoDataFrame(pd.concat(every, ignore_index=True), crs=site.city.crs)
    return {"routes": gpd.GeoDataFrame(frame, geometry="geometry", crs=site.city.crs), "route_steps": steps}
