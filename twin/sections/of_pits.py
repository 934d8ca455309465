"""The sections that a report of a pit has: across and along it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from twin.geo.city import City
from twin.sections.made import Section, section
from twin.sections.pits import pits_of

if TYPE_CHECKING:
    from twin.impact_result import ImpactResult
    from twin.result import Result


def pit_sections(
    city: City, result: Result | ImpactResult | None = None, *, title: str = "", side: str = "variant", most: int = 4
) -> dict[str, Section]:
    """Sections across and along each designed pit of a city.

    Parameters
    ----------
    city : City
        The side with the pit.
    result : Result or ImpactResult, optional
        With the impact ``pit``.
    title : str
    side : {"variant", "baseline", ""}
        Of a scenario, as drawings tell it.
    most : int
        Pits of which sections are made.

    Returns
    -------
    dict of str to Section
        By ``"<pit> across"`` and ``"<pit> along"``; ``made.save("across.svg")`` draws one.
    """
    window = shapely.box(*city.bounds)
    pits = [pit for pit in pits_of(city) if (pit.wall or len(pit.stages) > 1) and pit.outline.intersects(window)]
    made: dict[str, Section] = {}
    for pit in pits[:most]:
        across = section(city, across=pit.id, result=result, title=title)
        along = section(city, along=pit.id, result=result, title=title)
        made |= {f"{pit.id} across": replace(across, side=side), f"{pit.id} along": replace(along, side=side)}
    return made
