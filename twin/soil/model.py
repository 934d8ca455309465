"""The ground between soundings: boundaries of units, how thick they are there, and how well that is known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import GeometryError, ParameterError, did_you_mean
from twin.sim.impact.soil.between import CERTAINTY, certainty, distance_weights, distances, nearest_weights
from twin.soil.align import Stretch, units_of
from twin.soil.given import layers_from
from twin.soil.kriging import krige, see_variogram
from twin.soil.layers import fused, layers_of
from twin.soil.water import number

if TYPE_CHECKING:
    import xarray as xr

    from twin.geo.city import City
    from twin.grid import GridSpec

Values = NDArray[np.float64]
Method = Literal["nearest", "idw", "kriging"]
METHODS = ("nearest", "idw", "kriging")
POWER = 2.0
THIN_M = 0.001
"""What is thinner is not there [m]."""

AT_ONCE = 200_000


@dataclass(frozen=True, eq=False)
class SoilModel:
    """Soil between soundings.

    Layers of the soundings are gathered in *units* that follow on each other in one order; a unit that is missing in a sounding is
    there without thickness. Between soundings the heights of the boundaries are interpolated. At a sounding the boundaries that it
    saw are exact. Above what it saw (a predrilled part) and below its end they are those of the others, as far as they fit. The
    bottom of the lowest unit is where the soundings end.

    Made by `from_city`, `from_layers` and `from_table`.

    Parameters
    ----------
    ids : tuple of str
        Soundings.
    places : (N, 2) float64
        Where they stand [m].
    units : tuple of str
        Class of each unit from the top down; ``""`` is ground of which nothing is known.
    heights : (N, U + 1) float64
        Of the boundaries at the soundings, the ground first, in the vertical datum [m].
    seen : (N, U + 1) bool
        Whether the sounding saw that boundary.
    layers : DataFrame
        Layers of the soundings, with ``sounding`` (row of `places`) and ``unit``.
    method : {"nearest", "idw", "kriging"}
        ``idw``: inverse distance to the power 2.
    variogram : mapping, optional
        For kriging; fitted without.
    left_out : mapping of str to str
        Soundings that tell nothing here, and why.
    given : bool
        Whether one table counts everywhere.
    """

    ids: tuple[str, ...]
    places: Values
    units: tuple[str, ...]
    heights: Values
    seen: NDArray[np.bool_]
    layers: pd.DataFrame
    method: Method = "idw"
    variogram: Mapping[str, Any] | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    given: bool = False

    @classmethod
    def from_city(
        cls, city: City, *, method: Method = "idw", variogram: Mapping[str, Any] | None = None,
        kinds: Iterable[str] = ("cpt", "borehole"), **how: Any,
    ) -> SoilModel:  # fmt: skip
        """Of the soundings of a city.

        Parameters
        ----------
        city : City
        method, variogram
            See the class.
        kinds : iterable of str
            Kinds of soundings that count.
        **how
            Keywords of `twin.soil.layers_of` for all of them.

        Raises
        ------
        GeometryError
            When no sounding tells of the soil in the vertical datum.
        """
        wanted = set(kinds)
        tables: dict[str, pd.DataFrame] = {}
        places: dict[str, tuple[float, float]] = {}
        left_out: dict[str, str] = {}
        for key, row in city.soundings.iterrows():
            if str(row.get("kind")) not in wanted:
                continue
            point = row.geometry
            if point is None or point.is_empty:
                left_out[str(key)] = "it has no place"
            elif math.isnan(number(row.get("surface_m"))):
                left_out[str(key)] = "the height of the ground is not known, so its layers have no height"
            else:
                try:
                    tables[str(key)] = layers_of(row, **(how if str(row.get("kind")) == "cpt" else {}))
                except GeometryError as error:
                    left_out[str(key)] = error.what
                else:
                    places[str(key)] = (float(point.x), float(point.y))
        if not tables:
            reasons = "; ".join(f"{key}: {why}" for key, why in left_out.items()) or "the city has none"
            raise GeometryError(f"no sounding tells of the soil ({reasons})", hint="give layers by hand: `SoilModel.from_table`")
        return cls.from_layers(tables, places, method=method, variogram=variogram, left_out=left_out)

    @classmethod
    def from_layers(
        cls, tables: Mapping[str, pd.DataFrame], places: Mapping[str, tuple[float, float]], *, method: Method = "idw",
        variogram: Mapping[str, Any] | None = None, left_out: Mapping[str, str] | None = None,
    ) -> SoilModel:  # fmt: skip
        """Of tables of layers (`twin.soil.layers_of`) and where they hold, both by name.

        Raises
        ------
        GeometryError
            When a table has no heights in the vertical datum, or none has a layer.
        ParameterError
            When the method is not known, or kriging is not possible.
        """
        if method not in METHODS:
            raise ParameterError(f"there is no method `{method}`{did_you_mean(str(method), METHODS)}", hint=", ".join(METHODS))
        for key, table in tables.items():
            if table[["top_z_m", "bottom_z_m"]].isna().to_numpy().any():
                message = "its layers have depths only, and no height in the vertical datum"
                raise GeometryError(message, where=key, hint="state the height of the ground, `surface_m`")
        whole = {key: fused(table) for key, table in tables.items()}
        ids = tuple(key for key in sorted(whole) if len(whole[key]))
        if not ids:
            raise GeometryError("no table has a layer of which the soil is known")
        spots = np.array([places[key] for key in ids], dtype=np.float64)
        if method == "kriging":
            see_variogram(variogram, len(ids))
            apart = distances(spots, spots) + np.where(np.eye(len(ids)) > 0, np.inf, 0.0)
            if len(ids) > 1 and apart.min() < 0.01:
                one, other = np.unravel_index(int(apart.argmin()), apart.shape)
                message = f"{ids[one]} and {ids[other]} stand on one spot, so they cannot both be kriged"
                raise GeometryError(message, hint="leave one out")
        surfaces = np.array([float(tables[key]["top_z_m"].iloc[0]) for key in ids])
        units, heights, seen, layers = _boundaries([whole[key] for key in ids], surfaces, spots)
        layers["id"] = pd.array([ids[k] for k in layers["sounding"]], dtype="str")
        return cls(ids, spots, units, heights, seen, layers, method, variogram, dict(left_out or {}))

    @classmethod
    def from_table(cls, rows: Iterable[Mapping[str, Any]] | pd.DataFrame, *, where: str | None = None) -> SoilModel:
        """Of one table that counts everywhere: a list as `twin.soil.layers_from` has it, or what that gives."""
        table = rows if isinstance(rows, pd.DataFrame) else layers_from(rows, where=where)
        name = where or str(table.attrs.get("id", "given"))
        made = cls.from_layers({name: table}, {name: (0.0, 0.0)}, method="nearest")
        return cls(made.ids, made.places, made.units, made.heights, made.seen, made.layers, "nearest", given=True)

    def column(self, x: float, y: float) -> pd.DataFrame:
        """Layers at a place, from the ground down.

        Parameters
        ----------
        x, y : float
            In the CRS of the soundings [m].

        Returns
        -------
        DataFrame
            Columns of `twin.soil.layers_of`, with properties of the nearest sounding that has the unit, and ``unit``, ``id`` (that
            sounding), ``distance_m`` to it, ``certainty`` by that distance, ``bottom_certainty`` (by the distance to the nearest
            that saw the boundary) and ``bottom_std_m`` (of kriging, else NaN).

        Raises
        ------
        ParameterError
            When the place is no place.
        """
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ParameterError(f"({x!r}, {y!r}) is no place", hint="two finite numbers, in metres")
        point = np.array([[x, y]], dtype=np.float64)
        heights, deviation, apart = self._at(point)
        reach = np.zeros(len(self.ids)) if self.given else distances(point, self.places)[0]
        rows = []
        for unit, kind in enumerate(self.units):
            top, bottom = float(heights[0, unit]), float(heights[0, unit + 1])
            if top - bottom < THIN_M:
                continue
            ground = float(heights[0, 0])
            levels = {"top_m": ground - top, "bottom_m": ground - bottom, "top_z_m": top, "bottom_z_m": bottom}
            levels |= {"thickness_m": top - bottom, "unit": unit}
            row = self._like(unit, kind, reach) | levels
            row["bottom_certainty"] = CERTAINTY[certainty(apart[:, unit + 1])[0]]
            row["bottom_std_m"] = float(deviation[0, unit + 1])
            rows.append(row)
        table = pd.DataFrame(rows, columns=[*self.layers.columns.drop("sounding"), *EXTRA])
        return table.astype(dict.fromkeys(("soil_class", "description", "merged", "source", "id", *TEXTS), "str"))

    def _like(self, unit: int, kind: str, reach: Values) -> dict[str, Any]:
        """What the nearest sounding says of a unit."""
        mine = self.layers[self.layers["unit"] == unit]
        if not kind or not len(mine):
            return {"soil_class": "", "description": "not measured", "id": "", "distance_m": math.nan, "certainty": CERTAINTY[-1],
                    "merged": "", "source": "", "zone": 0, "records": 0, "estimated": True}  # fmt: skip
        far = reach[mine["sounding"].to_numpy()]
        nearest = int(far.argmin())
        row: dict[str, Any] = {str(key): mine[key].iloc[nearest] for key in mine.columns if key != "sounding"}
        return row | {"distance_m": float(far[nearest]), "certainty": CERTAINTY[certainty(far[nearest])]}

    def boundaries(self, grid: GridSpec) -> xr.Dataset:
        """Units on a grid.

        Returns
        -------
        Dataset
            On (unit, y, x): ``top_z_m``, ``bottom_z_m``, ``thickness_m`` [m], ``distance_m`` to the nearest sounding that saw the
            bottom [m], ``certainty`` of it (0 known, 1 inferred, 2 guessed, 3 unknown) and, of kriging, ``std_m`` [m]; with the
            coordinate ``soil_class``.
        """
        import xarray as xr

        shape = (len(self.units) + 1, grid.rows * grid.columns)
        heights, deviation, apart = (np.empty(shape) for _ in range(3))
        x, y = (part.ravel() for part in np.meshgrid(grid.x, grid.y))
        step = max(1, AT_ONCE // max(1, len(self.ids)))
        for start in range(0, len(x), step):
            part = slice(start, start + step)
            found = self._at(np.column_stack([x[part], y[part]]))
            heights[:, part], deviation[:, part], apart[:, part] = (values.T for values in found)
        cubes = [values.reshape(-1, grid.rows, grid.columns) for values in (heights, deviation, apart)]
        dims, metres = ("unit", "y", "x"), {"units": "m"}
        data = {
            "top_z_m": (dims, cubes[0][:-1], metres), "bottom_z_m": (dims, cubes[0][1:], metres),
            "thickness_m": (dims, cubes[0][:-1] - cubes[0][1:], metres), "distance_m": (dims, cubes[2][1:], metres),
            "certainty": (dims, certainty(cubes[2][1:]), {"flag_values": [0, 1, 2, 3], "flag_meanings": " ".join(CERTAINTY)}),
        }  # fmt: skip
        if self.method == "kriging":
            data["std_m"] = (dims, cubes[1][1:], metres)
        return xr.Dataset(
            data, {"unit": np.arange(len(self.units)), "y": grid.y, "x": grid.x, "soil_class": ("unit", list(self.units))},
            {"method": self.method, "soundings": len(self.ids)},
        )  # fmt: skip

    def boundaries_at(self, places: Values) -> xr.Dataset:
        """Boundaries of units at places, such as those along a line.

        Parameters
        ----------
        places : (N, 2) float64
            In the CRS of the soundings [m].

        Returns
        -------
        Dataset
            On (boundary, place), the ground first: ``z_m`` [m], ``distance_m`` to the nearest sounding that saw the boundary [m],
            ``certainty`` of it (0 known, 1 inferred, 2 guessed, 3 unknown) and, of kriging, ``std_m`` [m]. Unit k lies between the
            boundaries k and k + 1; ``attrs["units"]`` has the classes of soil.
        """
        import xarray as xr

        heights, deviation, apart = (values.T for values in self._at(np.asarray(places, dtype=np.float64)))
        dims, metres = ("boundary", "place"), {"units": "m"}
        data = {
            "z_m": (dims, heights, metres), "distance_m": (dims, apart, metres),
            "certainty": (dims, certainty(apart), {"flag_values": [0, 1, 2, 3], "flag_meanings": " ".join(CERTAINTY)}),
        }  # fmt: skip
        if self.method == "kriging":
            data["std_m"] = (dims, deviation, metres)
        return xr.Dataset(data, attrs={"units": list(self.units), "method": self.method, "soundings": len(self.ids)})

    def _at(self, points: Values) -> tuple[Values, Values, Values]:
        """Heights of boundaries, their standard deviations, and the distance to the nearest sounding that saw each; (P, U + 1)."""
        if self.given:
            nothing = np.zeros((len(points), self.heights.shape[1]))
            return nothing + self.heights[0], nothing + np.nan, nothing
        apart = distances(points, self.places)
        nearest = np.column_stack([
            apart[:, seen].min(axis=1) if seen.any() else np.full(len(points), np.inf) for seen in self.seen.T
        ])  # fmt: skip
        if self.method != "kriging":
            weight = nearest_weights(apart) if self.method == "nearest" else distance_weights(apart, POWER)
            return weight @ self.heights, np.full(nearest.shape, np.nan), nearest
        found = [krige(self.places, heights, points, self.variogram) for heights in self.heights.T]
        heights, deviation = (np.column_stack([one[k] for one in found]) for k in (0, 1))
        return np.minimum.accumulate(heights, axis=1), deviation, nearest


EXTRA = ("distance_m", "certainty", "bottom_certainty", "bottom_std_m")
TEXTS = ("certainty", "bottom_certainty")


def _boundaries(
    tables: list[pd.DataFrame], surfaces: Values, places: Values
) -> tuple[tuple[str, ...], Values, NDArray[np.bool_], pd.DataFrame]:
    """Units, heights of their boundaries at each sounding, which of them it saw, and its layers."""
    stretches = [
        [Stretch(*row) for row in zip(table["soil_class"], table["top_z_m"], table["bottom_z_m"], table["zone"] > 0, strict=True)]
        for table in tables
    ]
    units, members = units_of(stretches)
    from_ground = [abs(layers[0].top - ground) <= 0.01 for layers, ground in zip(stretches, surfaces, strict=True)]
    if not all(from_ground):
        units, members = ["", *units], [[unit + 1 for unit in mine] for mine in members]
    count, edges = len(tables), len(units) + 1
    heights, seen = np.full((count, edges), np.nan), np.zeros((count, edges), dtype=bool)
    low, high = np.full((count, edges), -np.inf), np.full((count, edges), np.inf)
    for k, (layers, mine) in enumerate(zip(stretches, members, strict=True)):
        heights[k, 0], seen[k, 0] = surfaces[k], True
        if from_ground[k]:
            heights[k, : mine[0] + 1], seen[k, : mine[0] + 1] = surfaces[k], True
        else:
            low[k, 1 : mine[0] + 1], high[k, 1 : mine[0] + 1] = layers[0].top, surfaces[k]
        for above, layer, unit_above, unit in zip(layers, layers[1:], mine, mine[1:], strict=False):
            between = slice(unit_above + 1, unit + 1)
            if above.bottom - layer.top <= 0.01:
                heights[k, between], seen[k, between] = layer.top, True
            else:
                low[k, between], high[k, between] = layer.top, above.bottom
        high[k, mine[-1] + 1 :] = layers[-1].bottom
    ends = [(mine[-1], layers[-1].bottom) for mine, layers in zip(members, stretches, strict=True)]
    _fill(heights, seen, low, high, places, ends)
    parts = [table.assign(sounding=k, unit=mine) for k, (table, mine) in enumerate(zip(tables, members, strict=True))]
    return tuple(units), np.minimum.accumulate(heights, axis=1), seen, pd.concat(parts, ignore_index=True)


def _fill(
    heights: Values, seen: NDArray[np.bool_], low: Values, high: Values, places: Values, ends: list[tuple[int, float]]
) -> None:
    """Boundaries that a sounding did not see: those of the others by inverse distance, within what it did see."""
    known = np.where(seen, heights, np.nan)
    for edge in range(heights.shape[1]):
        mine = np.flatnonzero(~seen[:, edge])
        others = np.flatnonzero(seen[:, edge])
        values = known[others, edge]
        if not len(others):
            # nobody saw the bottom of this unit: it goes down to where the soundings that end in it end
            others = np.array([k for k, (last, _) in enumerate(ends) if last == edge - 1], dtype=np.int64)
            values = np.array([ends[k][1] for k in others])
        for k in mine:
            if len(others):
                value = float(distance_weights(distances(places[[k]], places[others]))[0] @ values)
            else:
                value = float(low[k, edge]) if np.isfinite(low[k, edge]) else float(heights[k, edge - 1])
            heights[k, edge] = min(max(value, low[k, edge]), high[k, edge])
