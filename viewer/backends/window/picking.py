"""What is under the pointer, and what is known of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer import raster, rays, style
from viewer.backends.camera import Camera
from viewer.backends.sheet import plain
from viewer.backends.window.creases import sharp_edges
from viewer.backends.window.packing import Packing
from viewer.backends.window.stage import Stage
from viewer.backends.window.state import Picked, State, fields_of
from viewer.backends.window.texts import say
from viewer.words import local_number, translate_thing

MOST_ROWS = 14
UNITS = {
    "m": "m",
    "m2": "m²",
    "m3": "m³",
    "deg": "°",
    "s": "s",
    "kg": "kg",
    "m_s": "m/s",
    "c": "°C",
    "pct": "%",
    "mm": "mm",
    "kpa": "kPa",
}
"""Endings of the names of attributes, and the units that they mean."""


def ray_of(camera: Camera, x: float, y: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Origin and direction of the line of sight through a pixel (from the upper left)."""
    half = camera.height / 2 / camera.tan_half
    aside = (x - camera.width / 2) / half * camera.right + (camera.height / 2 - y) / half * camera.up
    if camera.parallel:
        return camera.eye + camera.distance * aside, camera.forward
    along = camera.forward + aside
    return camera.eye, along / np.linalg.norm(along)


def point_at(state: State, stage: Stage, camera: Camera, x: float, y: float) -> tuple[int, tuple[float, float, float] | None]:
    """The triangle (of the packing) under a pixel, -1 for none, and the place on it."""
    packing = stage.packing
    origin, along = ray_of(camera, x, y)
    keep = packing.shown(state.visible)
    if state.underground:
        # one looks through glass
        keep &= packing.opacity(underground=True) > 0.5
    plane = None
    if state.cut is not None:
        a, b, c, d = state.cut.plane
        plane = (a, b, c, d - float(np.dot((a, b, c), packing.shift)) + 0.03)
    found, far = rays.first_triangle(origin - packing.shift, along, packing.corners, keep, plane)
    if found < 0:
        return -1, None
    at = origin + far * along
    return found, (float(at[0]), float(at[1]), float(at[2]))


def pick(state: State, stage: Stage, camera: Camera, x: float, y: float) -> Picked | None:
    """What is under a pixel: a person, an object, or a place; None for the sky."""
    triangle, at = point_at(state, stage, camera, x, y)
    origin, along = ray_of(camera, x, y)
    pixel = 0.0 if camera.parallel else 2.0 * camera.tan_half / camera.height
    feet = stage.moment.feet
    there = np.arange(len(feet))
    if state.cut is not None:  # who stands before the section is not drawn
        a, b, c, d = state.cut.plane
        there = np.flatnonzero(feet @ np.array([a, b, c]) <= d + 0.03)
    person, far = rays.first_person(origin, along, feet[there], 2.0 * pixel)
    person = int(there[person]) if person >= 0 else person
    if person >= 0 and not state.tool and (at is None or far < math.dist(origin, at) + 0.3):
        return _person(state, stage, person)
    if at is None:
        return None
    packing = stage.packing
    layer, row = packing.layers[packing.layer[triangle]], int(packing.row[triangle])
    title = say(layer.label, state.language)
    rows = [*_known(layer.attributes, row, state.language), *_fields(state, at), _place(state, at)]
    return Picked(layer.name, row, at, title, tuple(rows[:MOST_ROWS]))


def outline(packing: Packing, picked: Picked) -> NDArray[np.float64]:
    """Edges of what was picked, (N, 2, 3), in coordinates of the scene."""
    number = next((k for k, layer in enumerate(packing.layers) if layer.name == picked.layer), -1)
    mine = (packing.layer == number) & (packing.row == picked.row)
    if picked.row < 0 or number < 0 or not mine.any():
        return np.empty((0, 2, 3))
    _, ends = sharp_edges(packing.corners[mine], packing.normal[mine], np.zeros(int(mine.sum()), np.int64))
    return ends.astype(np.float64) + packing.shift


def _person(state: State, stage: Stage, number: int) -> Picked:
    moment = stage.moment
    layer = stage.crowd.layers[moment.layer[number]]
    x, y, z = (float(v) for v in moment.feet[number])
    rows = [(say("id", state.language), str(int(moment.ids[number]))), *_fields(state, (x, y, z)), _place(state, (x, y, z))]
    title = say("Person", state.language)
    return Picked(layer.name, number, (x, y, z), title, tuple(rows), person=int(moment.ids[number]))


def _fields(state: State, at: tuple[float, float, float]) -> list[tuple[str, str]]:
    """Values of the fields at a place, of those whose floor is there."""
    rows = []
    for layer in fields_of(state.scene.layers):
        if not (state.visible[layer.name] and state.on_side(layer)):
            continue
        x, y = np.array([at[0]]), np.array([at[1]])
        floor = float(raster.sample(layer.height, layer.west, layer.north, layer.cell, x, y)[0])
        value = float(raster.sample(layer.frame(state.time), layer.west, layer.north, layer.cell, x, y)[0])
        if not (math.isfinite(floor) and math.isfinite(value)) or abs(floor - at[2]) > 1.5:
            continue
        legend = state.scene.legend(layer.legend)
        number = int(style.classify(np.array([value], np.float32), legend)[0])
        label = legend.classes[number].label if number >= 0 else ""
        figure = f"{local_number(f'{value:.2f}', state.language)} {say(legend.unit, state.language)}"
        told = f"{label}: {figure}" if number >= 0 else figure
        if legend.named:
            told = plain(translate_thing(label, state.language), 40)
        rows.append((say(legend.title, state.language), told))
    return rows


def _place(state: State, at: tuple[float, float, float]) -> tuple[str, str]:
    x, y, z = (a + b for a, b in zip(at, state.scene.origin, strict=True))
    text = "  ".join(local_number(f"{v:.2f}", state.language) for v in (x, y, z))
    return say("Place", state.language), text


def _known(attributes: dict[str, list[Any]], row: int, language: str) -> list[tuple[str, str]]:
    out = []
    for name, column in attributes.items():
        if not 0 <= row < len(column) or _empty(column[row]):
            continue
        label, unit = label_of(name)
        text = column[row]
        if isinstance(text, float | np.floating):
            text = local_number(f"{text:.2f}".rstrip("0").rstrip("."), language)
        out.append((say(label, language), plain(f"{text} {unit}".strip(), 60)))
    return out


def label_of(name: str) -> tuple[str, str]:
    """Name for people and unit of an attribute: ``"ground_m"`` is the ground in m."""
    for ending, unit in sorted(UNITS.items(), key=lambda pair: -len(pair[0])):
        if name.lower().endswith(f"_{ending}"):
            return name[: -len(ending) - 1].replace("_", " "), unit
    return plain(name.replace("_", " "), 30), ""


def _empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and not math.isfinite(value))
