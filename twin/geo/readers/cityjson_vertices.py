"""Vertices of a CityJSON file: whole numbers with a scale and a translation."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import FormatError
from twin.geo.readers.jsonarrays import Documents
from twin.geo.readers.model import Findings

FARTHEST_M = 1e8
"""No projected coordinate on Earth is larger [m]."""


def _three(value: Any) -> NDArray[np.float64] | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    if not all(type(number) in (int, float) and math.isfinite(number) for number in value):
        return None
    return np.array(value, dtype=np.float64)


def transform_of(
    header: dict[str, Any], name: str, version: str, findings: Findings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and translation that a document states, three numbers each; ones and zeros when it may do without.

    Raises
    ------
    FormatError
        When it may not, or they are not three finite numbers.
    """
    transform = header.get("transform")
    if transform is None:
        if version not in ("0.8", "0.9", "1.0"):
            message = "no `transform`, which is required; coordinates are taken as they are"
            findings.add("no-transform", "", message, path="transform")
        return np.ones(3), np.zeros(3)
    scale = _three(transform.get("scale")) if isinstance(transform, dict) else None
    translate = _three(transform.get("translate")) if isinstance(transform, dict) else None
    if scale is None or translate is None:
        raise FormatError("`transform` needs a scale and a translate of three finite numbers", where=name)
    return scale, translate


def check_scale(scale: NDArray[np.float64], where: str) -> None:
    """See that coordinates keep apart.

    Raises
    ------
    FormatError
        When the scale has a zero.
    """
    if not (scale != 0).all():
        message = f"the scale of `transform` is {scale.tolist()}: with a zero all places fall together"
        raise FormatError(message, where=where, hint="give the size of a step in metres, such as 0.001 for whole millimetres")


def in_units_of(
    scale: NDArray[np.float64], shift: NDArray[np.float64], version: str, document: dict[str, Any], table: NDArray[np.float64],
    where: str, findings: Findings,
) -> NDArray[np.float64]:  # fmt: skip
    """Vertices of a feature that has a transform of its own, as they would be with the `scale` and `shift` of the header."""
    own_scale, own_shift = transform_of(document, where, version, findings)
    check_scale(own_scale, where)
    if (own_scale == scale).all() and (own_shift == shift).all():
        return table
    return (table * own_scale + (own_shift - shift)) / scale


def in_metres(
    tables: list[NDArray[np.float64]],
    scale: NDArray[np.float64],
    shift: NDArray[np.float64],
    name: str,
    findings: Findings,
) -> NDArray[np.float64]:
    """All vertices in metres, without the shift; NaN for those that lie nowhere on Earth."""
    if not tables:
        return np.empty((0, 3))
    with np.errstate(over="ignore", invalid="ignore"):
        vertices = np.concatenate(tables) * scale
        far = (np.abs(vertices + shift) > FARTHEST_M).any(axis=1)
    if far.any():
        first = int(np.flatnonzero(far)[0])
        message = f"{int(far.sum())} vertices are further than {FARTHEST_M:g} m from the origin of the CRS; not used"
        findings.add("vertex", "", message, severity="error", path=f"{name} vertices[{first}]")
        vertices[far] = np.nan
    return vertices


def taken_table(text: Documents, number: int) -> NDArray[np.float64] | None:
    """Vertices (V, 3) from an array that was taken out of the text; None when they are not three numbers each."""
    arrays = text.arrays
    if arrays.table[number, 0] != 2 or not (arrays.sizes_of(number, 0) == 3).all():
        return None
    return arrays.numbers_of(number).astype(np.float64).reshape(-1, 3)


def vertex_table(vertices: list[Any], where: str, findings: Findings) -> NDArray[np.float64]:
    """Vertices (V, 3) as in the file; a row that is not three numbers becomes NaN, and is noted."""
    if not vertices:
        return np.empty((0, 3))
    if set(map(type, vertices)) == {list} and set(map(len, vertices)) == {3}:
        flat = list(chain.from_iterable(vertices))
        if set(map(type, flat)) <= {int, float}:
            return np.array(flat, dtype=np.float64).reshape(-1, 3)
    rows = [_three(vertex) for vertex in vertices]
    for number, row in enumerate(rows):
        if row is None:
            message = f"vertex {number} is not three numbers; surfaces that use it are left out"
            findings.add("vertex", "", message, severity="error", path=f"{where} vertices[{number}]")
    return np.array([np.full(3, np.nan) if row is None else row for row in rows])
