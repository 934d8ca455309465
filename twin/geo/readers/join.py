"""Two cities in one coordinate reference system as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import CRSError
from twin.geo.city import City
from twin.geo.crs import same, short_name
from twin.geo.mesh import TriangleMesh
from twin.geo.readers.model import Findings
from twin.geo.readers.rows import joined
from twin.geo.readers.stack import note_duplicate
from twin.geo.readers.surface_links import PARENT
from twin.geo.records import Quality
from twin.geo.textures import Texture


def join(first: City, second: City, names: tuple[str, str] = ("the first city", "the second")) -> City:
    """Everything of two cities; of two objects with the same id, and of two rasters of one kind, that of the first is kept.

    Parameters
    ----------
    first, second : City
    names : (str, str)
        What to call them in findings.

    Raises
    ------
    CRSError
        When they are in different systems.
    """
    if not same(first.crs, second.crs):
        raise CRSError(
            f"{names[0]} is in {short_name(first.crs)}, {names[1]} in {short_name(second.crs)}",
            hint="read the sources of one of them again with crs=..., and save it",
        )
    findings = Findings()
    second = _without_known(first, second, names, findings)
    rasters = {}
    for role in ("terrain", "dsm", "canopy"):
        mine, theirs = getattr(first, role), getattr(second, role)
        rasters[role] = theirs if mine is None else mine
        if mine is not None and theirs is not None and theirs is not mine:
            note_raster(role, names[0], findings)
    surfaces, table, textures = _surfaces(first, second)
    return replace(
        first,
        layers={name: joined(frame, second.layers[name]) for name, frame in first.layers.items()},
        surfaces=surfaces,
        objects=_below(first.objects, second.objects),
        sources=first.sources + second.sources,
        quality=first.quality + second.quality + Quality(findings.collected()),
        name=first.name or second.name,
        synthetic=first.synthetic or second.synthetic,
        date=max(first.date, second.date),
        metadata={**second.metadata, **first.metadata},
        textures=textures,
        surface_table=table,
        parts=_below(first.parts, second.parts),
        **rasters,
    )


def note_raster(role: str, kept: str, findings: Findings) -> None:
    """The rule for two rasters of one kind, of which one is of a city that is there already."""
    findings.add("raster-left", "", f"{kept} has a raster of this kind ({role}) too: that is kept, the other left out")


def _below(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Two tables, one below the other, without a word on columns that only one has."""
    if not len(other):
        return one
    return pd.concat([one, other]) if len(one) else other


def _without_known(first: City, second: City, names: tuple[str, str], findings: Findings) -> City:
    """The second city without the objects that the first has too."""
    twice = set(second.objects.index[second.objects.index.isin(first.objects.index)])
    for name, frame in second.layers.items():
        twice |= set(frame.index[frame.index.isin(first.layers[name].index)])
    for object_id in sorted(twice):
        note_duplicate(str(object_id), names[0], names[1], findings)
    return second.without(twice) if twice else second


def _surfaces(first: City, second: City) -> tuple[TriangleMesh, pd.DataFrame, tuple[Texture, ...]]:
    """The triangles of both, with the second's moved, and what they point to."""
    mesh, table = second.surfaces, second.surface_table
    if not len(mesh):
        return first.surfaces, first.surface_table, first.textures
    outlines = mesh.outlines
    if outlines is not None and outlines.row is not None:
        outlines = outlines._replace(row=_later(outlines.row, len(first.surface_table)))
    mesh = replace(
        mesh,
        vertices=mesh.vertices + (second.origin - first.origin),
        owner=mesh.owner + np.int32(len(first.objects)),
        outlines=outlines,
        texture=None if mesh.texture is None else _later(mesh.texture, len(first.textures)),
    )
    if PARENT in table:
        table = table.assign(**{PARENT: table[PARENT] + len(first.surface_table)})
    whole = pd.concat([first.surface_table, table], ignore_index=True) if len(first.surface_table) else table
    return TriangleMesh.concatenate([first.surfaces, mesh]), whole, first.textures + second.textures


def _later(rows: NDArray[np.int32], by: int) -> NDArray[np.int32]:
    """Rows of a table in which they come so many later; -1 stays."""
    return np.where(rows >= 0, rows + by, -1).astype(np.int32)
