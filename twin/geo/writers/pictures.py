"""Pictures on surfaces, to be written beside a file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from twin.errors import OutputError
from twin.geo.city import City
from twin.geo.mesh import TriangleMesh
from twin.geo.writers.atomic import write_bytes

SUFFIX = {"image/png": ".png", "image/jpeg": ".jpg"}
KIND = {"image/png": "PNG", "image/jpeg": "JPG"}
"""Types of pictures as CityJSON names them."""

_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


def used(mesh: TriangleMesh) -> NDArray[np.int64]:
    """Rows of `City.textures` that some triangle shows."""
    if mesh.texture is None:
        return np.empty(0, np.int64)
    rows = np.unique(mesh.texture)
    return np.asarray(rows[rows >= 0], dtype=np.int64)


def named(city: City) -> dict[int, tuple[str, bytes]]:
    """Name and content of each picture in use, by its row in `City.textures`.

    A name has a part of the checksum in it: two pictures never take each other's place, and the same one comes out again.

    Raises
    ------
    OutputError
        When a picture is no longer where it was read.
    """
    found: dict[int, tuple[str, bytes]] = {}
    for row in used(city.surfaces).tolist():
        texture = city.textures[row]
        try:
            content = texture.read()
        except OSError as error:
            message = f"the picture {texture.name} cannot be read again: {error.strerror or error}"
            raise OutputError(message, where=str(texture.path), hint="put it back where it was, or read the city again") from None
        code = hashlib.sha256(content).hexdigest()[:10]
        stem = re.sub(rf"_{code}$", "", PurePosixPath(texture.name.replace("\\", "/")).stem)
        stem = _PLAIN.sub("_", stem)[:40] or "picture"
        found[row] = f"{stem}_{code}{SUFFIX[texture.media_type]}", content
    return found


def folder_of(path: Path) -> str:
    """Name of the folder for the pictures of a file, beside it."""
    return path.name.partition(".")[0] + "_pictures"


def write_pictures(pictures: Iterable[tuple[str, bytes]], folder: Path) -> None:
    """Write pictures into a folder, which is made when there is any.

    Raises
    ------
    OutputError
        When the folder cannot be made, or a picture not be written.
    """
    for name, content in pictures:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"the folder for pictures cannot be made: {error.strerror or error}", where=str(folder)) from None
        write_bytes(folder / name, content)


def places(mesh: TriangleMesh) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """What each polygon shows, and where in it each of its corners lies.

    Returns
    -------
    (P,) int64
        Row of `City.textures`; -1 for a polygon that shows none, or of which some corner has no place.
    (N, 2) float32
        Place of each index of the rings.
    """
    outlines = mesh.polygons
    rings, polygon = outlines.rings, outlines.polygon.astype(np.int64)
    picture = np.full(len(rings.counts), -1, dtype=np.int64)
    uv = np.full((len(rings.indices), 2), np.nan, dtype=np.float32)
    if mesh.texture is None or mesh.uv is None or not len(rings.indices):
        return picture, uv
    picture[polygon] = mesh.texture
    width = len(mesh.vertices)
    of_index = np.repeat(np.repeat(np.arange(len(rings.counts)), rings.counts), rings.sizes)
    known = (polygon[:, None] * width + mesh.triangles).ravel()
    order = np.argsort(known, kind="stable")
    wanted = of_index * width + rings.indices
    place = np.minimum(np.searchsorted(known[order], wanted), len(order) - 1)
    uv = mesh.uv.reshape(-1, 2)[order[place]]
    uv[known[order[place]] != wanted] = np.nan
    lacking = ~np.isfinite(uv).all(axis=1)
    picture[of_index[lacking]] = -1
    return picture, uv
