"""Colours of people where they stand so close that they hide the floor: then they have the colour that it has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer import style
from viewer.scene import FieldLayer, Scene

DENSE = 3
"""From this class on (D, above 0.72 people/m2 on a walkway) figures hide the floor under them when it is seen from aside."""
STEP_M = 1.5
"""A floor is somebody's when it lies within this height of the feet [m]."""


def crowded_colours(
    colours: NDArray[np.uint8], plain: NDArray[np.uint8], at: NDArray[np.float64], scene: Scene, time: float
) -> NDArray[np.uint8]:
    """Colours of people, of the class of the floor where that is dense: the legend tells what stands there.

    Parameters
    ----------
    colours : (N, 3) uint8
        Of the people.
    plain : (3,) uint8
        What these are shades of; the class is shaded alike, so that a crowd is not one blot.
    at : (N, 3) float64
        Where they stand.
    scene : Scene
    time : float
        Moment [s].
    """
    made = colours.copy()
    shade = colours.astype(np.float64).sum(axis=1, keepdims=True) / max(float(plain.astype(np.float64).sum()), 1.0)
    for layer in scene.layers:
        if not (isinstance(layer, FieldLayer) and layer.visible and layer.legend == "density"):
            continue
        rows, columns = layer.height.shape
        i = np.floor((layer.north - at[:, 1]) / layer.cell).astype(np.int64)
        j = np.floor((at[:, 0] - layer.west) / layer.cell).astype(np.int64)
        inside = (i >= 0) & (i < rows) & (j >= 0) & (j < columns)
        i, j = np.where(inside, i, 0), np.where(inside, j, 0)
        legend = scene.legend(layer.legend)
        of = style.classify(layer.frame(time)[i, j], legend)
        here = inside & (of >= DENSE) & (np.abs(np.nan_to_num(layer.height[i, j], nan=np.inf) - at[:, 2]) < STEP_M)
        made[here] = np.clip(style.class_colours(legend)[of[here]] * shade[here], 0, 255).astype(np.uint8)
    return made
