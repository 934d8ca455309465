"""Light that is worked out once for a place of the sun, and then costs nothing a frame.

Floors take it from a raster that is laid over them, everything else has it in the colours of its corners. Sun and shadow, open
sky and the light that comes back from the ground are those of `viewer.backends.light`, so that the window looks like the pictures.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from viewer import looks, raster
from viewer.backends import lamps, light, pack
from viewer.backends.window.actors import BEYOND
from viewer.backends.window.packing import Packing
from viewer.backends.window.state import UNDERGROUND
from viewer.kernels.arrays import Look
from viewer.scene import Scene

MOST_TEXELS = 1_000_000
MOST_CORNERS = 450_000
"""More corners than this get the light of the middle of their triangle."""
HEIGHT_CELLS = 3_000_000
BORDER = 2
"""Texels of full light round the raster, for whatever takes none of it."""
_TABLE = pack.to_linear(np.arange(256)).astype(np.float32)


class Baking:
    """Light on the triangles of a packing.

    Parameters
    ----------
    packing : Packing
    visible : dict of str to bool
        Layers that cast shadow now, by name.
    scene : Scene, optional
        With the lamps that light its streets in the look of the night.
    """

    def __init__(self, packing: Packing, visible: dict[str, bool], scene: Scene | None = None) -> None:
        self._scene = scene
        self._packing = packing
        self._heights = pack.height_raster(packing.casters(visible), np.zeros(3), HEIGHT_CELLS)
        self._lay_raster(visible)
        self._find_points()
        self._floor_sky = self._sky(self._floor_points)
        self._sky_seen = self._sky(self._points, self._normals)

    def _lay_raster(self, visible: dict[str, bool]) -> None:
        """The raster over the floors, and which triangles take their light from it."""
        packing = self._packing
        floor = (
            ((packing.kind == light.FLOOR) | (packing.kind == light.WATER)) & packing.shown(visible) & (packing.normal[:, 2] > 0.6)
        )
        used = packing.corners[floor].reshape(-1, 3)
        low, high = (used.min(axis=0), used.max(axis=0)) if len(used) else (np.zeros(3), np.ones(3))
        span = np.maximum(high - low, 1.0)[:2]
        self.cell = max(0.35, math.sqrt(float(span[0] * span[1]) / MOST_TEXELS))
        self.west, self.north = float(low[0]), float(high[1])
        self.shape = (int(span[1] / self.cell) + 1, int(span[0] / self.cell) + 1)
        which = np.flatnonzero(floor)
        triangles = np.arange(3 * len(which), dtype=np.int32).reshape(-1, 3)
        z = raster.top_heights(used, triangles, self.west, self.north, self.cell, self.shape)
        self._is_floor = np.isfinite(z)
        i, j = np.nonzero(self._is_floor)
        x, y = self.west + (j + 0.5) * self.cell, self.north - (i + 0.5) * self.cell
        self._floor_points = np.column_stack([x, y, z[i, j]]).astype(np.float64)
        self.textured = np.zeros(len(packing.corners), bool)
        if len(which):
            middle = packing.corners[which].mean(axis=1)
            over = raster.sample(z, self.west, self.north, self.cell, middle[:, 0], middle[:, 1])
            # what lies under a deck or a roof of floor is lit by itself
            self.textured[which] = ~(np.abs(over - middle[:, 2]) > 0.7)

    def _find_points(self) -> None:
        """Where light is asked for: corners, or middles where there are too many."""
        packing = self._packing
        below = np.array([one.group == UNDERGROUND for one in packing.layers] or [False])[packing.layer]
        self._asked = np.flatnonzero(~self.textured & ~below & (packing.kind != light.BEYOND))
        corners, normal = packing.corners[self._asked].astype(np.float64), packing.normal[self._asked].astype(np.float64)
        soft = packing.kind[self._asked] == light.FOLIAGE
        middle = corners.mean(axis=1)
        self._each = 3 if 3 * len(corners) <= MOST_CORNERS else 1
        at = middle[:, None, :] if self._each == 1 else corners + 0.2 * (middle[:, None, :] - corners)
        off = np.where(soft, 1.2, 0.25 + 0.5 * self._heights.cell)[:, None, None]
        self._points = (at + off * normal[:, None, :]).reshape(-1, 3)
        self._normals = np.repeat(normal, self._each, axis=0)

    def _sky(self, points: NDArray[np.float64], normals: NDArray[np.float64] | None = None) -> NDArray[np.float32]:
        if normals is None:
            normals = np.broadcast_to(np.array([0.0, 0.0, 1.0]), points.shape)
        straight_up = np.array([0.05, 0.05, 1.0]) / math.sqrt(1.005)
        return light.light_at(points, normals, self._heights, straight_up)[:, 1].astype(np.float32) / np.float32(255.0)

    def texture_coordinates(self, triangles: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of the corners of triangles, (3 N, 2) float32: on the raster, or on its border of full light."""
        rows, columns = self.shape
        wide, high = columns + 2 * BORDER, rows + 2 * BORDER
        corners = self._packing.corners[triangles].reshape(-1, 3)
        u = ((corners[:, 0] - self.west) / self.cell + BORDER) / wide
        v = 1.0 - ((self.north - corners[:, 1]) / self.cell + BORDER) / high
        out = np.column_stack([u, v]).astype(np.float32)
        out[np.repeat(~self.textured[triangles], 3)] = (1.0 / wide, 1.0 / high)
        out[np.repeat(self._packing.kind[triangles] == light.BEYOND, 3)] = BEYOND
        return out

    def light(
        self, azimuth_deg: float, altitude_deg: float, look: str = "presentation"
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Colours of all corners under a sun, and the raster of light on the floors.

        Parameters
        ----------
        azimuth_deg, altitude_deg : float
            Of the sun; below the horizon it is night.
        look : str
            House style, one of `viewer.scene.LOOKS`.

        Returns
        -------
        colours : (T, 3, 3) uint8
        raster : (H, W, 3) uint8
            South first, with its border.
        """
        sun = light.sun_vector(azimuth_deg, altitude_deg)
        day = Daylight.at(altitude_deg, look)
        floors = np.full((*self.shape, 3), 255, np.uint8)
        lit = self._sun(self._floor_points, sun, day)
        shine = day.on(lit * np.float32(sun[2] / day.level(sun)), self._floor_sky, np.float32(1.0))
        if looks.LIGHTS[look].lamps and self._scene is not None:
            lamp = lamps.lamp_raster(self._scene, self._packing.shift, self.west, self.north, self.cell, self.shape)
            shine += (
                lamp[self._is_floor][:, None] * np.array(looks.LIGHTS[look].lamp, np.float32) * np.float32(looks.LIGHTS[look].lamps)
            )
        floors[self._is_floor] = _share(shine)
        framed = np.pad(floors[::-1], ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), constant_values=255)
        return self._colours(sun, day, look), np.ascontiguousarray(framed)

    def _sun(self, points: NDArray[np.float64], sun: NDArray[np.float64], day: Daylight) -> NDArray[np.float32]:
        if day.sun <= 0.0:
            return np.zeros(len(points), np.float32)
        return light.sun_at(points, self._heights, sun).astype(np.float32) / np.float32(255.0)

    def _colours(self, sun: NDArray[np.float64], day: Daylight, look: str) -> NDArray[np.uint8]:
        packing = self._packing
        count = len(packing.corners)
        facing = (packing.normal @ sun).astype(np.float32)
        soft = packing.kind == light.FOLIAGE
        facing = np.where(soft, np.maximum(0.35 + 0.65 * facing, 0.02), np.maximum(facing, 0.0))
        # what no light is asked for (far away, or below the ground) stands in the open
        lit, sky = np.ones((count, 3), np.float32), np.ones((count, 3), np.float32)
        wanted = np.repeat(facing[self._asked] > 0.0, self._each)
        found = np.zeros(len(self._points), np.float32)
        found[wanted] = self._sun(self._points[wanted], sun, day)
        lit[self._asked] = found.reshape(-1, self._each)
        sky[self._asked] = self._sky_seen.reshape(-1, self._each)
        sky[soft] = 0.9
        up = (0.5 + 0.5 * packing.normal[:, 2:3]).astype(np.float32)
        factor = day.on(lit * (facing / np.float32(day.level(sun)))[:, None], sky, up)
        factor[self.textured] = 1.0
        # a cut is a drawing: its colours are what they are
        factor[packing.kind == light.DRAWN] = 1.0
        changed = np.array([one.group == "change" for one in packing.layers] or [False])[packing.layer]
        albedo = looks.albedo_in(look, _TABLE[packing.albedo], packing.kind, changed)
        water = packing.kind == light.WATER
        albedo[water] = 0.72 * albedo[water] + 0.28 * np.array(looks.LIGHTS[look].mirror, np.float32)
        return _encoded(albedo[:, None, :] * factor)


class Daylight:
    """Strength and colour of sun and sky by the height of the sun."""

    def __init__(self, look: Look, sun: float, sky: float, warm: float) -> None:
        self.sun = sun
        self._sun = (sun * np.array(look.sun) * (1.0 - warm * np.array([0.0, 0.2, 0.46]))).astype(np.float32)
        self._sky = np.array(look.ambient, np.float32) * np.float32(sky)
        self._back = np.array(look.bounce, np.float32) * np.float32(0.25 + 0.75 * sky)

    @classmethod
    def at(cls, altitude_deg: float, look: str = "presentation") -> Daylight:
        """Of a height of the sun above the horizon [deg]; styles other than the presentation's keep their own light."""
        if look != "presentation":
            return cls(looks.LIGHTS[look], 1.0, 1.0, 0.0)
        return cls(
            looks.LIGHTS[look],
            _smooth(altitude_deg, -1.0, 6.0),
            0.22 + 0.78 * _smooth(altitude_deg, -9.0, 9.0),
            1.0 - _smooth(altitude_deg, 2.0, 18.0),
        )

    @staticmethod
    def level(sun: NDArray[np.float64]) -> float:
        """The facing that counts as full sun: a flat floor by day, less of it when the sun is low."""
        return max(float(sun[2]), 0.35)

    def on(self, sun: NDArray[np.float32], sky: NDArray[np.float32], up: NDArray[np.float32] | np.float32) -> NDArray[np.float32]:
        """Light on surfaces, linear: `sun` and `sky` (...), `up` is 1 for floors and 0.5 for walls; (..., 3)."""
        ambient = np.minimum(1.0, sky / np.maximum(up, np.float32(0.25))) * up
        bounce = 0.10 * (1.0 - up) + 0.03
        return sun[..., None] * self._sun + ambient[..., None] * self._sky + np.asarray(bounce)[..., None] * self._back


def _smooth(value: float, low: float, high: float) -> float:
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return share * share * (3.0 - 2.0 * share)


_CODES = 4096


def _encoded(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """From linear light to sRGB; what is brighter than white comes near it."""
    return _ENCODE[np.minimum(linear * np.float32(_CODES / 2), np.float32(_CODES - 1)).astype(np.int16)]


def _share(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What a colour is multiplied by for light on it; never more than the colour itself."""
    return _PLAIN[np.minimum(linear * np.float32(_CODES / 2), np.float32(_CODES - 1)).astype(np.int16)]


def _encoding(*, soft: bool) -> NDArray[np.uint8]:
    value = (np.arange(_CODES) + 0.5) * 2.0 / _CODES
    if soft:
        value = np.where(value > 0.8, 0.8 + 0.2 * (1.0 - np.exp(-(value - 0.8) / 0.2)), value)
    srgb = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.clip(np.rint(255.0 * srgb), 0, 255).astype(np.uint8)


_ENCODE, _PLAIN = _encoding(soft=True), _encoding(soft=False)
