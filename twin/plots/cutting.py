"""What a vertical plane meets in a city: objects, the ground, areas that it runs over, mains that it crosses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.plots.course import Course, straight
from twin.plots.slicing import SNAP_M, Plane, closed_outline, slice_triangles

if TYPE_CHECKING:
    from twin.geo.city import City


class Cut(NamedTuple):
    """One object cut by the plane.

    Parameters
    ----------
    id, layer : str
    area : shapely geometry
        What it fills of the section, in distance and height [m]; empty for a surface.
    lines : shapely geometry
        Cuts that enclose nothing.
    """

    id: str
    layer: str
    area: Any
    lines: Any


def cut_objects(city: City, plane: Plane | Course) -> list[Cut]:
    """Every object with triangles that the plane cuts within the ends of its line.

    Parameters
    ----------
    city : City
    plane : Plane or Course
        What both sides of a bend cut of an object is one.

    Returns
    -------
    list of Cut
        In the order of `City.objects`. Parts of a building are cut one by one.
    """
    mesh = city.surfaces
    if not len(mesh):
        return []
    vertices = mesh.vertices + city.origin
    found: dict[int, list[tuple[Any, Any]]] = {}
    for leg, offset in _course(plane).legs():
        for row, area, lines in _cut_by(vertices, mesh.triangles, mesh.owner, leg):
            moved = (shapely.transform(shape, lambda at, by=offset: at + np.array([by, 0.0])) for shape in (area, lines))
            found.setdefault(row, []).append(tuple(moved))
    ids, layers = city.objects.index, city.objects["layer"].to_numpy()
    return [
        Cut(str(ids[row]), str(layers[row]), _joined([area for area, _ in cuts]), _joined([lines for _, lines in cuts]))
        for row, cuts in sorted(found.items())
    ]


def _course(line: Plane | Course) -> Course:
    return straight(line) if isinstance(line, Plane) else line


def _joined(shapes: list[Any]) -> Any:
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes, grid_size=SNAP_M)


def _cut_by(
    vertices: NDArray[np.float64], triangles: NDArray[np.int32], owner: NDArray[np.int32], plane: Plane
) -> Iterator[tuple[int, Any, Any]]:
    """Row, area and lines of every object that one plane cuts."""
    rows, segments = slice_triangles(vertices, triangles, plane)
    owners = owner[rows]
    window = shapely.box(0.0, -1e5, plane.length, 1e5)
    order = np.argsort(owners, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(owners[order])) + 1) if len(order) else []:
        reach = segments[group][:, :, 0]
        if reach.max() < 0.0 or reach.min() > plane.length:
            continue
        area, lines = (shapely.intersection(shape, window) for shape in closed_outline(segments[group]))
        if not (area.is_empty and lines.is_empty):
            yield int(owners[group[0]]), area, lines


def profile(city: City, plane: Plane | Course) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances (N,) and heights (N,) of the ground along the line [m], at least four to a cell of the terrain."""
    step = 0.25 * city.terrain.grid.cell if city.terrain is not None else 0.5
    count = int(np.clip(np.ceil(plane.length / step), 2, 20_000)) + 1
    distance = np.linspace(0.0, plane.length, count)
    at = plane.at(distance)
    return distance, city.ground_at(at[:, 0], at[:, 1])


def guessed(city: City, plane: Plane | Course, distance: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where along the line (N,) the height of the ground is not measured: no terrain is known there."""
    if city.terrain is None:
        return np.ones(len(distance), bool)
    at = plane.at(distance)
    return np.asarray(~np.isfinite(city.terrain.at(at[:, 0], at[:, 1])))


def under_streets(
    city: City, plane: Plane | Course, distance: NDArray[np.float64], ground: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ground filled up to the streets on it: a raster has slopes where a quay has walls."""
    filled = ground.copy()
    for reach, row in crossed(city, "roads", plane):
        z = row.get("z_m")
        if str(row.get("surface", "")) == "bridge" or z is None or not np.isfinite(z):
            continue
        for start, end in reach:
            edges = np.array([start, end])
            # the ends of a street are corners of the outline, wherever the steps of the profile fall
            outside = np.interp(edges, distance, filled)
            distance = np.concatenate([distance, edges - 1e-3, edges + 1e-3])
            filled = np.concatenate([filled, outside, outside])
            order = np.argsort(distance, kind="stable")
            distance, filled = distance[order], filled[order]
            inside = (distance >= start) & (distance <= end)
            filled[inside] = np.fmax(filled[inside], float(z))
    keep = (distance >= 0) & (distance <= plane.length)
    return distance[keep], filled[keep]


def crossed(city: City, layer: str, plane: Plane | Course) -> list[tuple[list[tuple[float, float]], Any]]:
    """Rows of a layer of polygons that the line runs over: intervals along it, and the row."""
    frame = city.layers[layer]
    if not len(frame):
        return []
    near = frame.iloc[np.sort(frame.sindex.query(plane.line, predicate="intersects"))]
    made = [(_course(plane).intervals(shape), row) for shape, (_, row) in zip(near.geometry, near.iterrows(), strict=True)]
    return [(reach, row) for reach, row in made if reach]


def mains(
    city: City, plane: Plane | Course, ground: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> list[tuple[float, float, Any]]:
    """Middle height [m], distance [m] and row of every main that the line crosses and whose depth below the ground is known.

    `ground` is what its cover counts from, as `profile` has it: that of the street, not of a pit that is dug around it.
    """
    frame = city.layers["utilities"]
    if not len(frame):
        return []
    found = []
    near = frame.iloc[np.sort(frame.sindex.query(plane.line, predicate="intersects"))]
    for shape, (_, row) in zip(near.geometry, near.iterrows(), strict=True):
        for at in _course(plane).crossings(shape):
            wide = row.get("diameter_m")
            radius = 0.5 * float(wide) if wide is not None and np.isfinite(wide) else 0.1
            cover = row.get("cover_m")
            if cover is not None and np.isfinite(cover):
                found.append((float(np.interp(at, *ground)) - float(cover) - radius, at, row))
    return found


def datum_of(city: City) -> str:
    """Short name of the vertical datum, e.g. ``"NAP"``; empty when the system has none."""
    vertical = [part for part in city.crs.sub_crs_list if part.is_vertical]
    return vertical[0].name.replace(" height", "").strip() if vertical else ""
