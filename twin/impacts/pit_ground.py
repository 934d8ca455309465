"""How the ground around a pit moves: at any point, and as a raster."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray

from twin.errors import GeometryError, ParameterError, did_you_mean
from twin.grid import GridSpec
from twin.sim.impact.pit import behind_wall
from twin.sim.impact.pit.behind_wall import HIGHEST_FREE_M, REACHES, SHAPES, WALLS, Expected, Moved, Walls
from twin.variables import variable

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class GroundMovement:
    """How the ground around a pit moves.

    Parameters
    ----------
    pit : shapely polygon
    walls : Walls
    horizontal_ratio : float
        Horizontal movement over settlement.
    largest : Expected
        The settlement that is used, in the middle, and its range [mm]; all three are the same when it was given.
    told : tuple of str
        What was taken for granted.
    """

    pit: shapely.Polygon
    walls: Walls
    horizontal_ratio: float
    largest: Expected
    told: tuple[str, ...]

    def at(self, points: NDArray[np.float64]) -> Moved:
        """Movement at points, (N, 2) float64 [m]; NaN inside the pit."""
        return behind_wall.ground_moves(points, self.walls, self.horizontal_ratio)

    def field(self, bounds: Box | None = None, cell_m: float = 1.0, crs: str | None = None) -> xr.Dataset:
        """Movement on a raster, see `settlement_field`."""
        reach = max(REACHES[k] * depth for k, depth in zip(self.walls.shape, self.walls.depth, strict=True))
        grid = GridSpec.from_bounds(bounds or self.pit.bounds, cell_m, crs=crs, margin=0.0 if bounds else reach)
        x, y = np.meshgrid(grid.x, grid.y)
        moved = self.at(np.column_stack([x.ravel(), y.ravel()]))
        found = {"settlement": moved.settlement, "shift_east": moved.horizontal[:, 0], "shift_north": moved.horizontal[:, 1]}
        arrays = {
            name: variable(name).array(value.reshape(grid.shape).astype(np.float32))
            for name, value in found.items()
        }
        names = ("largest_low_mm", "largest_mm", "largest_high_mm")
        still = shapely.box(*grid.bounds).buffer(1e-6).covers(shapely.box(*self.pit.bounds).buffer(reach, join_style="mitre"))
        attrs = {"crs": grid.crs or "", "cell_m": float(grid.cell), "still_beyond": int(still)}
        attrs |= dict(zip(names, self.largest, strict=True))
        return xr.Dataset(arrays, coords={"y": grid.y, "x": grid.x}, attrs=attrs | {"told": "; ".join(self.told)})

    def of(self, which: str) -> GroundMovement:
        """The same for the ``low`` or ``high`` end of the range."""
        largest = float(getattr(self.largest, which))
        share = largest / self.largest.middle if self.largest.middle > 0.0 else 1.0
        return replace(self, walls=self.walls._replace(largest=self.walls.largest * share), largest=Expected(*[largest] * 3))


Ground: TypeAlias = GroundMovement | xr.Dataset | Callable[[NDArray[np.float64]], Any]
"""Movement of the ground: of `ground_around`, a Dataset with ``settlement`` (or ``drawdown_settlement``) and perhaps ``shift_east``
and ``shift_north`` [mm], or a function from points (N, 2) to a `Moved` or to settlements (N,) [mm]."""


def ground_around(
    pit: shapely.Polygon, depth_m: float, *, largest_mm: float | tuple[float, float, float] | None = None, wall: str = "sheet-pile",
    shape: str = "concave", horizontal_ratio: float = 0.75, held: bool = True,
) -> GroundMovement:  # fmt: skip
    """How the ground around a pit moves at any point, as if no building were there.

    Parameters
    ----------
    pit : shapely polygon
        Outline of the pit; sides in pieces are one wall [m].
    depth_m : float
        From the surface to the floor [m].
    largest_mm : float, or (low, middle, high), optional
        Largest settlement behind the walls [mm]: of a design, or measured. Without it an estimate by kind of wall.
    wall : str
        Key of `twin.sim.impact.pit.behind_wall.WALLS`; used for the estimate only.
    shape : str
        One of `twin.sim.impact.pit.behind_wall.SHAPES`: ``concave`` for walls that are held, ``spandrel`` for those that bend
        first.
    horizontal_ratio : float
        Horizontal movement over settlement; 0.75 is an estimate.
    held : bool
        Whether struts or anchors hold the wall; used for the estimate only. Of a wall that stands free more is estimated, and
        nothing of one that is higher than `twin.sim.impact.pit.behind_wall.HIGHEST_FREE_M`.

    Returns
    -------
    GroundMovement

    Raises
    ------
    GeometryError
        When the outline is not one polygon without holes.
    ParameterError
        When a value cannot be used, and without ``largest_mm`` for a wall that stands free and is too high for an estimate.
    """
    if not isinstance(pit, shapely.Polygon) or pit.is_empty or not pit.is_valid or len(pit.interiors):
        why = shapely.is_valid_reason(pit) if isinstance(pit, shapely.Polygon) and not pit.is_valid else "it is something else"
        raise GeometryError(f"the outline of a pit is one polygon without holes: {why}", hint="give each pit by itself")
    chosen("shape", shape, SHAPES)
    for name, value, least in (("depth_m", depth_m, 1e-6), ("horizontal_ratio", horizontal_ratio, 0.0)):
        if not (math.isfinite(value) and value >= least):
            raise ParameterError(f"`{name}` cannot be {value}", hint="give a number above 0; a depth is from the surface down")
    told = ["the wall is taken to stand: it needs a geotechnical design", "greenfield: no building holds the ground"]
    if largest_mm is None:
        chosen("wall", wall, WALLS)
        largest = behind_wall.expected_settlement(wall, depth_m, held=held)
        if math.isnan(largest.middle):
            highest = HIGHEST_FREE_M[wall]
            raise ParameterError(
                f"no estimate holds for a {wall} wall that stands free for {depth_m:g} m, of more than {highest:g} m",
                hint="such a wall needs a design: give its `largest_mm`, or hold it by struts or anchors",
            )
        span = f"{largest.middle:.0f} mm ({largest.low:.0f} to {largest.high:.0f})"
        told.append(f"largest settlement {span}: an estimate for a {wall}{'' if held else ' that stands free'}, not a design")
    else:
        given = np.atleast_1d(np.asarray(largest_mm, np.float64))
        if len(given) not in (1, 3) or not np.isfinite(given).all() or (np.diff(given) < 0.0).any() or given[0] < 0.0:
            raise ParameterError(f"`largest_mm` cannot be {largest_mm}", hint="give one number, or low, middle and high, from 0")
        largest = Expected(*(given if len(given) == 3 else np.repeat(given, 3)).tolist())
    walls = behind_wall.walls_of(shapely.get_coordinates(pit.exterior), depth_m, largest.middle, shape)
    return GroundMovement(pit, walls, float(horizontal_ratio), largest, tuple(told))


def settlement_field(
    pit: shapely.Polygon, depth_m: float, *, bounds: Box | None = None, cell_m: float = 1.0, crs: str | None = None, **options: Any
) -> xr.Dataset:
    """Settlement and horizontal movement around a pit, as a raster.

    Parameters
    ----------
    pit, depth_m
        As in `ground_around`.
    bounds : (west, south, east, north), optional
        By default as far as the ground moves [m].
    cell_m : float
        [m]
    crs : str, optional
    **options
        As in `ground_around`: ``largest_mm``, ``wall``, ``shape``, ``horizontal_ratio``.

    Returns
    -------
    Dataset
        ``settlement``, ``shift_east``, ``shift_north`` (y, x) float32 [mm]; NaN inside the pit. The range of the largest settlement
        and what was taken for granted are in its attributes, and ``still_beyond``: 1 when nothing moves outside of it.

    Raises
    ------
    GeometryError, ParameterError
        As `ground_around`.
    """
    return ground_around(pit, depth_m, **options).field(bounds, cell_m, crs)


def chosen(name: str, value: str, known: Any) -> None:
    """Refuse a word that is not known.

    Raises
    ------
    ParameterError
    """
    if value not in known:
        raise ParameterError(f"there is no {name} `{value}`{did_you_mean(str(value), known)}", hint=f"one of {', '.join(known)}")
