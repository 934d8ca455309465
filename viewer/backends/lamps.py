"""Where lamps throw their light at night: a raster of it on the ground."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twin.geo.layer_names import is_lamp
from viewer import raster
from viewer.scene import MeshLayer, Scene

REACH_M = 9.0
"""A lamp's light is halved at about this distance from its foot [m]."""

STAGE_REACH_M = 22.0
STREET = 0.30
"""Light on streets where the city has no lamps: that they are lit is known, by what is not."""


def lamp_raster(
    scene: Scene, shift: NDArray[np.float64], west: float, north: float, cell: float, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Light of lamps on the ground, (H, W); about 1 below a lamp.

    Parameters
    ----------
    scene : Scene
    shift : (3,) float64
        Subtracted from what the scene has.
    west, north, cell, shape
        Of the raster, as `viewer.raster.top_heights` has them.
    """
    from scipy.ndimage import gaussian_filter

    out = np.zeros(shape, np.float32)
    lamps, stages = _places(scene, is_lamp), _places(scene, lambda kind: "stage" in kind)
    for places, reach, strength in ((lamps, REACH_M, 1.0), (stages, STAGE_REACH_M, 2.2)):
        if not len(places):
            continue
        spots = np.zeros(shape, np.float32)
        column, row = ((places[:, 0] - shift[0] - west) / cell).astype(int), ((north - places[:, 1] + shift[1]) / cell).astype(int)
        inside = (row >= 0) & (column >= 0) & (row < shape[0]) & (column < shape[1])
        np.add.at(spots, (row[inside], column[inside]), 1.0)
        for share, width in ((0.75, reach / 2), (0.25, 1.4 * reach)):  # bright below, and far a little
            sigma = width / cell
            blurred = gaussian_filter(spots, sigma, mode="constant", truncate=3.0)
            out += np.float32(strength * share * 2 * np.pi * sigma**2) * blurred
    if not len(lamps):
        out += STREET * _streets(scene, shift, west, north, cell, shape)
    return np.minimum(out, np.float32(2.5))


def _places(scene: Scene, is_one: Callable[[str], bool]) -> NDArray[np.float64]:
    """Middles of the things of a kind, (N, 2)."""
    found = [np.empty((0, 2))]
    for layer in scene.layers:
        if not isinstance(layer, MeshLayer) or layer.owner is None or not layer.visible:
            continue
        if layer.group not in ("furniture", "change"):
            continue
        stated = [str(kind).lower() for kind in layer.attributes.get("kind", [])]
        wanted = np.array([is_one(one) for one in stated], dtype=bool)
        mine = layer.owner >= 0
        if not wanted.any() or not mine.any():
            continue
        owner, middle = layer.owner[mine], layer.vertices[layer.triangles[mine]].mean(axis=1)
        count = np.bincount(owner, minlength=len(wanted))
        at = np.column_stack([np.bincount(owner, middle[:, k], minlength=len(wanted)) / np.maximum(count, 1) for k in (0, 1)])
        found.append(at[wanted & (count > 0)])
    return np.concatenate(found)


def _streets(
    scene: Scene, shift: NDArray[np.float64], west: float, north: float, cell: float, shape: tuple[int, int]
) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    top = np.full(shape, np.nan, np.float32)
    for layer in scene.layers:
        if isinstance(layer, MeshLayer) and layer.visible and layer.group == "street":
            raster.top_heights(layer.vertices - shift, layer.triangles, west, north, cell, shape, top)
    return np.asarray(gaussian_filter(np.isfinite(top).astype(np.float32), 2.0 / cell, truncate=3.0))
