"""Points and lines of CityGML, which stand for objects that have no faces."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.geo.kernels.numbers import numbers_of
from twin.geo.readers.citygml_faces import FaceTable
from twin.geo.readers.model import Findings

FARTHEST_M = 1e8
"""No projected coordinate on Earth is larger [m]."""

Anchors = dict[int, NDArray[np.float64]]
Shapes = dict[int, BaseGeometry]


def skeletons_of(
    faces: FaceTable, drawn: set[int], shift: NDArray[np.float64], findings: Findings, *, swap: bool
) -> tuple[Anchors, Shapes]:
    """Points and lines of objects without faces, x east (or longitude) first.

    Parameters
    ----------
    faces : FaceTable
    drawn : set of int
        Rows that have faces.
    shift : (3,) float64
        Taken from all coordinates [m].
    findings : Findings
    swap : bool
        Whether the file has north (or latitude) first.

    Returns
    -------
    dict of int to (3,) float64
        The point of each row that has one.
    dict of int to shapely geometry
        Points of rows that have several, and lines, with z.
    """
    anchors: Anchors = {}
    shapes: Shapes = {}
    for row, found in _by_row(faces, faces.points, drawn, findings, "point").items():
        points = np.concatenate(found)[:, [1, 0, 2] if swap else [0, 1, 2]] - shift
        if len(points) == 1:
            anchors[row] = points[0]
        else:
            shapes[row] = shapely.MultiPoint(points)
    for row, found in _by_row(faces, faces.lines, drawn, findings, "line").items():
        lines = [shapely.LineString(one[:, [1, 0, 2] if swap else [0, 1, 2]] - shift) for one in found if len(one) > 1]
        if lines:
            anchors.pop(row, None)
            shapes[row] = lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
    return anchors, shapes


def _by_row(
    faces: FaceTable, texts: list[tuple[int, str]], drawn: set[int], findings: Findings, what: str
) -> dict[int, list[NDArray[np.float64]]]:
    """Positions (P, 3) of each text, by row; what are none is noted."""
    found: dict[int, list[NDArray[np.float64]]] = {}
    wanted = [(row, text) for row, text in texts if row >= 0 and row not in drawn]
    if not wanted:
        return found
    joined = "".join(f"{text}\0" for _, text in wanted).encode("utf-8", "replace")
    values, ends, _ = numbers_of(joined, len(wanted))
    start = 0
    for (row, _), end in zip(wanted, ends.tolist(), strict=True):
        numbers = values[start:end]
        start = end
        flat = len(numbers) == 2
        if not len(numbers) or (len(numbers) % 3 and not flat) or not (np.abs(numbers) < FARTHEST_M).all():
            message = f"a {what} of which the positions are not three numbers each; left out"
            findings.add(what, faces.ids_of_rows[row], message, severity="error")
            continue
        found.setdefault(row, []).append(np.append(numbers, 0.0).reshape(1, 3) if flat else numbers.reshape(-1, 3))
    return found
