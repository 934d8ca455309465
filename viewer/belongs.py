"""Whether a result is of the city that it is drawn over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import ParameterError
from twin.geo.crs import short_name

if TYPE_CHECKING:
    from pyproj import CRS

    from twin.geo.city import City
    from twin.result import Result

Box = tuple[float, float, float, float]

_HINT = "compose the result with the city that it was run on: `twin.read_city(...)` of what its scenario names as `city`"


def require_same_place(city: City, result: Result) -> None:
    """See that a result lies in the city: people of one city over another are not to be told from a real picture.

    Parameters
    ----------
    city : City
    result : Result

    Raises
    ------
    ParameterError
        When the result is in another coordinate system, or its fields or people lie altogether outside the city.
    """
    stated = str(result.fields.attrs.get("crs", "") or "")
    other = _horizontal(stated)
    extents = extents_of(result)
    if other is not None and other != _flat(city.crs):
        told = "; ".join(f"its {what} reach {_words(box)}" for what, box in extents.items())
        raise ParameterError(
            f"the result is in {stated if len(stated) < 40 else short_name(other)}, the city in {short_name(city.crs)}"
            + (f": {told}, the city reaches {_words(city.bounds)}" if told else ""),
            where=_name(city),
            hint=_HINT,
        )
    for what, box in extents.items():
        if not _meet(box, city.bounds):
            raise ParameterError(
                f"the {what} of the result do not lie in the city: they reach {_words(box)}, "
                f"the city reaches {_words(city.bounds)}",
                where=_name(city),
                hint=_HINT,
            )


def extents_of(result: Result) -> dict[str, Box]:
    """Boxes in plan round the fields and the people of a result, west, south, east, north; without what it has not."""
    found: dict[str, Box] = {}
    fields, people = result.fields, result.trajectories
    if fields.data_vars and "x" in fields.coords and "y" in fields.coords:
        _add(found, "fields", np.asarray(fields["x"], float), np.asarray(fields["y"], float))
    if len(people):
        _add(found, "people", people["x"].to_numpy(float), people["y"].to_numpy(float))
    return found


def _add(found: dict[str, Box], what: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    if len(x) and len(y):
        found[what] = (float(x.min()), float(y.min()), float(x.max()), float(y.max()))


def _meet(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _words(box: Box) -> str:
    west, south, east, north = box
    return f"from ({west:.0f}, {south:.0f}) to ({east:.0f}, {north:.0f})"


def _name(city: City) -> str:
    return city.name or (city.sources[0].name.split("!")[0] if city.sources else "")


def _horizontal(text: str) -> CRS | None:
    """The coordinate system in plan; None where none is stated or it is not known here."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if not text:
        return None
    try:
        return _flat(CRS.from_user_input(text))
    except CRSError:
        return None


def _flat(crs: CRS) -> CRS:
    """Without the vertical part: the same place in plan may be stated with and without heights."""
    flat = crs.sub_crs_list[0] if crs.is_compound and crs.sub_crs_list else crs
    return flat.to_2d()
