"""No export counts as done before it was read back and found to hold what it should."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.errors import OutputError, TwinError
from twin.geo.city import City, read_city
from twin.geo.topology import quantised
from twin.geo.writers.cityjson_pack import SCALE_M, has_area

COORDINATE_M = 0.002
"""Coordinates come back within this: they are rounded to the millimetre [m]."""


def check_written(city: City, written: Path, target: Path) -> City:
    """Read a file that was just written; its objects must have the extent and the area that they had.

    Parameters
    ----------
    city : City
        That was written.
    written : Path
        The file, still under its temporary name.
    target : Path
        Its final name, for messages.

    Returns
    -------
    City
        What was read.

    Raises
    ------
    OutputError
        When it cannot be read, or something is missing or elsewhere.
    """
    again = read_again(written, target)
    wrong = differing(city, again, target)
    for what, rows in wrong.items():
        one = city.objects.index[rows[0]]
        raise OutputError(f"{len(rows)} objects have another {what} in what was written, first: {one}", where=str(target))
    return again


def read_again(written: Path, target: Path) -> City:
    """What was just written, read; OutputError that names `target` when it cannot be."""
    try:
        return read_city(written)
    except TwinError as error:
        raise OutputError(f"what was written cannot be read back: {error.what}", where=str(target)) from None


def differing(city: City, again: City, target: Path) -> dict[str, NDArray[np.int64]]:
    """Rows of the objects whose area or extent is another in what was read again, by what differs.

    Raises
    ------
    OutputError
        When an object or the rows of a layer are not there.
    """
    rows = again.objects.index.get_indexer(city.objects.index)
    if (rows < 0).any():
        missing = city.objects.index[rows < 0]
        raise OutputError(f"{len(missing)} objects are not in what was written, first: {missing[0]}", where=str(target))
    if not len(city.objects):
        return {}
    found: dict[str, NDArray[np.int64]] = {}
    edges = edge_lengths(city)
    for what, mine, theirs in zip(("area", "extent"), measures(city, on_grid=True), measures(again), strict=True):
        # a millimetre along the edges of an object changes its area by so much
        slack = COORDINATE_M * (1.0 + edges) if what == "area" else np.full(mine.shape, 2 * COORDINATE_M)
        wrong = np.flatnonzero((np.abs(theirs[rows] - mine) > slack).reshape(len(mine), -1).any(axis=1))
        if len(wrong):
            found[what] = wrong
    return found


def as_triangles(city: City, rows: NDArray[np.int64]) -> City:
    """The city with the polygons of some objects in triangles: rounding to the millimetre made an outline cross itself."""
    mesh = city.surfaces
    if mesh.outlines is None:
        return city
    torn = np.zeros(len(mesh.outlines.rings.counts), dtype=bool)
    torn[mesh.outlines.polygon[np.isin(mesh.owner, rows)]] = True
    outlines = mesh.outlines.select(np.ones(len(mesh), dtype=bool), mesh.triangles, torn)
    return replace(city, surfaces=replace(mesh, outlines=outlines))


def edge_lengths(city: City) -> NDArray[np.float64]:
    """Length of all edges of the triangles of each object, (O,) [m]."""
    mesh = city.surfaces
    corners = mesh.vertices[mesh.triangles]
    length = np.linalg.norm(corners - corners[:, [1, 2, 0]], axis=2).sum(axis=1)
    return np.bincount(mesh.owner, weights=length, minlength=len(city.objects)).astype(np.float64)


def measures(city: City, *, on_grid: bool = False) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area (O,) [m2] and box (O, 6) [m] of the triangles of each object; 0 without triangles.

    With `on_grid` those do not count that have no area on whole millimetres: they cannot be written.
    """
    mesh, count = city.surfaces, len(city.objects)
    if on_grid:
        mesh = mesh.select(has_area(quantised(mesh.vertices, SCALE_M)[mesh.triangles]))
    area = np.bincount(mesh.owner, weights=mesh.areas(), minlength=count).astype(np.float64)
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    corners = mesh.vertices[mesh.triangles] + city.origin
    np.minimum.at(low, mesh.owner, corners.min(axis=1))
    np.maximum.at(high, mesh.owner, corners.max(axis=1))
    box = np.hstack([low, high])
    return area, np.where(np.isfinite(box), box, 0.0)
