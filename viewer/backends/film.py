"""Pictures of a scene from one place: what stands still is lit once, the rest at each moment.

PyVista finds what each sample shows; the light is ours, see `viewer.kernels`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viewer import looks, props
from viewer.backends import light, pack
from viewer.backends.camera import Camera
from viewer.backends.crowding import crowded_colours
from viewer.backends.visible import visible_triangles
from viewer.kernels import film as kernels
from viewer.scene import FieldLayer, MeshLayer, PeopleLayer, Scene

SAMPLES = 2
"""Samples a pixel in each direction."""

BODY_SEGMENTS = 5
NEAR_PIXELS = 26.0
"""Where somebody is higher than this in the picture, people have shoulders and a head."""

SHADOW_CORNERS = 6
LONGEST_SHADOW_M = 4.0
FIELD_STEPS = 8
"""A field is drawn so many times between two of its moments, so that it flows and does not jump."""


class _People(NamedTuple):
    """People of all layers at a moment: feet (N, 3), scale of each figure (N, 3), linear colour (N, 3)."""

    at: NDArray[np.float64]
    scale: NDArray[np.float64]
    albedo: NDArray[np.float32]


class _Body(NamedTuple):
    """A figure, and how sun, sky, ground and lamps light each of its faces, (T,) each."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    sun: NDArray[np.float64]
    sky: NDArray[np.float64]
    bounce: NDArray[np.float64]
    lamp: NDArray[np.float64]


class Film:
    """Pictures of a scene from one camera.

    Parameters
    ----------
    scene : Scene
        Of one side.
    camera : Camera
    """

    def __init__(self, scene: Scene, camera: Camera) -> None:
        self.scene, self.camera = scene, camera
        still = replace(scene, layers=tuple(one for one in scene.layers if not isinstance(one, PeopleLayer)))
        packed = pack.pack(still, scene.time, camera)
        self.shift = camera.target.copy()
        self.ids = visible_triangles(packed, camera, SAMPLES)
        self.eye = eye_of(scene, camera, self.shift)
        self.surfaces = pack.surfaces(packed, self.shift, scene.look)
        self.heights = pack.height_raster(packed, self.shift, lit=scene if self.eye.look.lamps else None)
        rows, columns = self.ids.shape
        self.colour = np.zeros((rows, columns, 3), np.float32)
        self.light = np.zeros((rows, columns, 5), np.float32)
        self.depth = np.zeros((rows, columns), np.float32)
        still_of = (self.ids, self.eye, self.surfaces, self.heights)
        self._rows(lambda a, b: kernels.still_light(*still_of, a, b, self.colour, self.light, self.depth))
        self.pixels = np.zeros((camera.height, camera.width, 3), np.float32)
        self._drawn: tuple[bool, object] | None = None
        self.bodies = [self._body(*props.capsule(segments=BODY_SEGMENTS)), self._body(*props.figure())]
        self._behind(packed)

    def _behind(self, packed: pack.Packed) -> None:
        """Make ready what is seen through layers that are half transparent, where there are any."""
        self.below: Film | None = None
        self.solid = np.ones((self.camera.height, self.camera.width, 1), np.float32)
        if not (packed.opacity < 1.0).any():
            return
        opaque = [one for one in self.scene.layers if not (isinstance(one, MeshLayer) and one.opacity < 1.0)]
        self.below = Film(replace(self.scene, layers=tuple(opaque)), self.camera)
        of_sample = np.concatenate([[np.float32(1.0)], packed.opacity])[self.ids]
        shape = (self.camera.height, SAMPLES, self.camera.width, SAMPLES)
        self.solid = of_sample.reshape(shape).mean(axis=(1, 3), dtype=np.float32)[..., None]

    def _rows(self, work: object) -> None:
        light.in_bands(self.camera.height, work)  # type: ignore[arg-type]

    def _body(self, vertices: NDArray[np.float64], faces: NDArray[np.int32]) -> _Body:
        a, b, c = (vertices[faces[:, k]] for k in range(3))
        normal = np.cross(b - a, c - a)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        facing = normal @ self.eye.sun
        up = 0.5 + 0.5 * normal[:, 2]
        sun = np.where(facing > -0.5, np.maximum(0.35 + 0.65 * facing, 0.0), 0.02) / self.eye.sun[2]
        sky = np.minimum(1.0, 0.9 / np.maximum(up, 0.25)) * up
        return _Body(vertices, faces, sun, sky, 0.10 * (1.0 - up) + 0.03, 0.75 + 0.25 * normal[:, 2])

    def frame(self, time: float) -> NDArray[np.uint8]:
        """The picture of a moment [s] in a film, without anything written on it, (H, W, 3) uint8 sRGB."""
        return self.picture(time, blend=True)[0]

    def picture(self, time: float, *, blend: bool = False, sky: bool = True) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The picture of a moment, without anything written on it.

        Parameters
        ----------
        time : float
            [s]
        blend : bool
            Let fields flow from one of their moments to the next, as in a film; else they are what they are at this one.
        sky : bool
            Whether the sky counts; otherwise a pixel has the colour of what is in it, black for nothing.

        Returns
        -------
        pixels : (H, W, 3) uint8
            sRGB.
        cover : (H, W) uint8
            How much of each pixel has something in it.
        """
        self._field(time, blend, sky)
        people = self._people(time)
        camera = self.camera
        rows, columns = self.ids.shape
        number = np.zeros((rows, columns), np.int32)
        dark = np.zeros((camera.height, camera.width), np.float32)
        tint, haze = np.zeros((0, 1, 3), np.float32), np.zeros(0, np.float32)
        if len(people.at):
            tint, haze = self._draw_people(people, number, dark)
        out, cover = np.empty((camera.height, camera.width, 3), np.uint8), np.empty((camera.height, camera.width), np.uint8)
        of = (self.ids, self.pixels, number, tint, haze, self.eye.look.horizon, dark, SAMPLES, sky)
        self._rows(lambda a, b: kernels.merge(*of, a, b, out, cover))
        if self.below is not None:
            behind, _ = self.below.picture(time, blend=blend, sky=sky)
            out = np.rint(self.solid * out + (1.0 - self.solid) * behind).astype(np.uint8)
        return out, cover

    def _field(self, time: float, blend: bool, sky: bool) -> None:
        """Draw the field of a moment on the ground, unless that is done already."""
        layers = [one for one in self.scene.layers if isinstance(one, FieldLayer) and one.visible]
        steps = tuple(_step(layer, time) for layer in layers)
        moment = (sky, steps if blend else time)
        if moment == self._drawn:
            return
        self._drawn = moment
        between = [_between(layer, step) for layer, step in zip(layers, steps, strict=True)] if blend else layers
        drape = pack.drape_of(replace(self.scene, layers=tuple(between)), time, self.shift)
        of = (self.ids, self.eye, self.surfaces, self.heights, drape, self.colour, self.light, sky)
        self._rows(lambda a, b: kernels.field_on(*of, a, b, self.pixels))

    def _people(self, time: float) -> _People:
        parts = [_People(np.empty((0, 3)), np.empty((0, 3)), np.empty((0, 3), np.float32))]
        for layer in self.scene.layers:
            if not (isinstance(layer, PeopleLayer) and layer.visible):
                continue
            ids, positions = layer.between(time)
            inside, scale = pack.figure_scales(positions.astype(np.float64), self.camera)
            colours = pack.person_colours(layer.colour, ids[inside])
            plain = np.array(layer.colour, dtype=np.uint8)
            colours = crowded_colours(colours, plain, positions[inside].astype(np.float64), self.scene, time)
            albedo = pack.to_linear(np.arange(256))[colours].astype(np.float32)
            kind = np.full(len(albedo), light.PERSON, np.uint8)
            albedo = looks.albedo_in(self.scene.look, albedo, kind, np.zeros(len(albedo), bool))
            parts.append(_People(positions[inside].astype(np.float64) - self.shift, scale[inside], albedo))
        return _People(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _draw_people(
        self, people: _People, number: NDArray[np.int32], dark: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Fill the numbers of figures and the shadows they throw; returns the colour of each face and how hazy each figure is."""
        camera = self.camera
        body = self._body_for(people)
        corners = (people.at + self.shift)[:, None] + body.vertices[None] * people.scale[:, None]
        pixels, depth = camera.project(corners.reshape(-1, 3))
        flat = np.column_stack([pixels * SAMPLES - 0.5, depth]).astype(np.float32).reshape(len(corners), -1, 3)
        near = np.full(number.shape, np.inf, np.float32)
        spans = _spans(flat, number.shape)
        rows = SAMPLES * camera.height
        light.in_bands(rows, lambda a, b: kernels.draw_figures(flat, body.faces, spans, self.depth, a, b, near, number))
        lit = np.zeros((len(people.at), 2), np.float32)
        light.in_bands(len(lit), lambda a, b: kernels.light_people(people.at, self.heights, self.eye.sun, a, b, lit))
        self._shadows(people, lit, dark)
        away = depth.reshape(len(corners), -1).mean(axis=1)
        haze = np.zeros(len(away), np.float32)
        if not camera.parallel:
            haze = (1.0 - np.exp(-((np.maximum(0.0, away - self.eye.haze_from) / self.eye.haze_length) ** 2))).astype(np.float32)
        return self._tints(people, body, lit), haze

    def _body_for(self, people: _People) -> _Body:
        """A figure with a head where somebody is seen large, else a plain one."""
        if self.camera.parallel:
            return self.bodies[0]
        ahead = (people.at + self.shift - self.camera.eye) @ self.camera.forward
        nearest = float(ahead[ahead > 0.5].min(initial=np.inf))
        return self.bodies[1.75 * self.camera.height / (2 * self.camera.tan_half * nearest) > NEAR_PIXELS]

    def _tints(self, people: _People, body: _Body, lit: NDArray[np.float32]) -> NDArray[np.float32]:
        look = self.eye.look
        falls = (
            lit[:, :1, None] * body.sun[None, :, None] * np.array(look.sun)
            + body.sky[None, :, None] * np.array(look.ambient)
            + body.bounce[None, :, None] * np.array(look.bounce)
            + look.lamps * lit[:, 1:, None] * body.lamp[None, :, None] * np.array(look.lamp)
        )
        return np.asarray(people.albedo[:, None, :] * falls, dtype=np.float32)

    def _shadows(self, people: _People, lit: NDArray[np.float32], dark: NDArray[np.float32]) -> None:
        sun = self.eye.sun
        reach = min(1.75 * math.hypot(sun[0], sun[1]) / sun[2], LONGEST_SHADOW_M)
        flat = math.hypot(sun[0], sun[1])
        if flat < 1e-6:
            return
        away = -np.array([sun[0] / flat, sun[1] / flat])
        side = np.array([-away[1], away[0]])
        outline = [(-0.16, -0.14), (0.0, -0.24), (reach, -0.20), (reach + 0.18, 0.0), (reach, 0.20), (0.0, 0.24), (-0.16, 0.14)]
        shape = np.array([[*(forth * away + aside * side), 0.03] for forth, aside in outline])
        corners = (people.at + self.shift)[:, None] + shape[None] * people.scale[:, None, :]
        pixels, depth = self.camera.project(corners.reshape(-1, 3))
        placed = np.column_stack([pixels - 0.5, depth]).astype(np.float32).reshape(len(corners), -1, 3)
        # in a plan shadows of so many would hide the floor; the moon throws hardly any
        strong = 0.0 if self.camera.parallel else 0.3 if self.eye.look.lamps else 1.0
        strength = np.ascontiguousarray(lit[:, 0] * np.float32(strong))
        strength[(placed[:, :, 2] <= 0.3).any(axis=1)] = 0.0  # partly behind the camera
        of = (placed, strength, self.depth, self.ids, self.surfaces.kind, SAMPLES)
        self._rows(lambda a, b: kernels.throw_shadows(*of, a, b, dark))


def eye_of(scene: Scene, camera: Camera, shift: NDArray[np.float64]) -> light.Eye:
    """The camera for the kernels, in coordinates from which `shift` is subtracted, and the light that it sees."""
    return light.Eye(
        camera.eye - shift,
        camera.forward,
        camera.right,
        camera.up,
        camera.tan_half,
        camera.distance,
        camera.parallel,
        light.sun_vector(scene.sun_azimuth_deg, scene.sun_altitude_deg),
        1.2 * camera.distance,
        max(6.0 * camera.distance, 1500.0),
        SAMPLES,
        looks.LIGHTS[scene.look],
    )


def _spans(flat: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Rows and columns that each figure may touch, (N, 4); none for who is behind the camera."""
    low = np.ceil(np.clip(flat[:, :, :2].min(axis=1), -1e6, 1e6))
    high = np.floor(np.clip(flat[:, :, :2].max(axis=1), -1e6, 1e6))
    spans = np.column_stack([low[:, 1], high[:, 1], low[:, 0], high[:, 0]]).astype(np.int32)
    spans[:, [0, 2]] = np.maximum(spans[:, [0, 2]], 0)
    spans[:, 1] = np.minimum(spans[:, 1], shape[0] - 1)
    spans[:, 3] = np.minimum(spans[:, 3], shape[1] - 1)
    spans[(flat[:, :, 2] <= 0.05).any(axis=1), 0] = np.iinfo(np.int32).max
    return spans


def _step(layer: FieldLayer, time: float) -> float:
    """Where a moment lies among those of a layer, in steps of `FIELD_STEPS` to the next."""
    # a value is the mean of the interval that ends at its moment: it is drawn as it is in the middle
    times = layer.times
    middles = np.concatenate([[times[0]], (times[:-1] + times[1:]) / 2]) if len(times) > 1 else times
    place = float(np.interp(time, middles, np.arange(len(middles))))
    return round(place * FIELD_STEPS) / FIELD_STEPS


def _between(layer: FieldLayer, step: float) -> FieldLayer:
    first = min(int(step), len(layer.times) - 1)
    share = np.float32(step - first)
    values = layer.values[first]
    if share > 0 and first + 1 < len(layer.times):
        after = layer.values[first + 1]
        mixed = (1 - share) * np.nan_to_num(values) + share * np.nan_to_num(after)
        values = np.where(np.isfinite(values) | np.isfinite(after), mixed, np.float32(np.nan)).astype(np.float32)
    return replace(layer, times=layer.times[:1], values=values[None])
