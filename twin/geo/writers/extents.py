"""Boxes around what is written in CityJSON: of the whole file, and of each object with its parts."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.geo.writers.cityjson_pack import SCALE_M

GROUP = "CityObjectGroup"


def stated_boxes(boxes: NDArray[np.int64], origin: NDArray[np.float64]) -> list[list[float]]:
    """Boxes as CityJSON states them: lowest and highest x, y and z of each [m].

    Parameters
    ----------
    boxes : (N, 6) int64
        In steps of `SCALE_M` from the origin.
    origin : (3,) float64
    """
    found: list[list[float]] = np.round(boxes * SCALE_M + np.tile(origin, 2), 3).tolist()
    return found


def tell_extents(objects: dict[str, Any], vertices: list[list[int]], origin: NDArray[np.float64]) -> None:
    """Give each object that has a geometry, or of which a part has one, its ``geographicalExtent``.

    Parameters
    ----------
    objects : dict
        ``CityObjects`` as they are written; those that are parts name their whole first.
    vertices : list of [x, y, z]
        In steps of `SCALE_M` from the origin.
    origin : (3,) float64
    """
    used = [_flat([one["boundaries"] for one in written.get("geometry", ())]) for written in objects.values()]
    sizes = np.array([len(some) for some in used], dtype=np.int64)
    if not sizes.any():
        return
    corners = np.array(vertices, dtype=np.int64)[list(chain.from_iterable(used))]
    starts = (np.cumsum(sizes) - sizes)[sizes > 0]
    boxes = np.empty((len(objects), 6), dtype=np.int64)
    boxes[:, :3], boxes[:, 3:] = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    boxes[sizes > 0] = np.hstack([np.minimum.reduceat(corners, starts), np.maximum.reduceat(corners, starts)])
    row = {object_id: number for number, object_id in enumerate(objects)}
    whole = {one: up for one, written in objects.items() if (up := _whole(written, objects))}
    for one in reversed(_wholes_first(objects, whole)):
        if one in whole:
            mine, above = boxes[row[one]], boxes[row[whole[one]]]
            np.minimum(above[:3], mine[:3], out=above[:3])
            np.maximum(above[3:], mine[3:], out=above[3:])
    there = boxes[:, 0] <= boxes[:, 3]
    names = [object_id for object_id, has in zip(objects, there.tolist(), strict=True) if has]
    for object_id, box in zip(names, stated_boxes(boxes[there], origin), strict=True):
        objects[object_id]["geographicalExtent"] = box


def _flat(boundaries: list[Any]) -> list[int]:
    """The numbers in some nests of lists, each of the same depth everywhere."""
    found: list[int] = []
    for nest in boundaries:
        while nest and isinstance(nest[0], list):
            nest = list(chain.from_iterable(nest))
        found += nest
    return found


def _whole(written: dict[str, Any], objects: dict[str, Any]) -> str:
    """What an object is a part of; empty for one that is for itself, or only the member of a group."""
    return next((one for one in written.get("parents", ()) if one in objects and objects[one]["type"] != GROUP), "")


def _wholes_first(objects: dict[str, Any], whole: dict[str, str]) -> list[str]:
    """Ids in an order in which parts come after what they are parts of; without those that are parts of themselves."""
    parts: dict[str, list[str]] = {}
    for one, up in whole.items():
        parts.setdefault(up, []).append(one)
    order = [one for one in objects if one not in whole]
    for one in order:  # grows while it is gone through
        order += parts.get(one, ())
    return order
