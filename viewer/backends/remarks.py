"""Remarks and dimensions on a picture: texts with a line to what they speak of, and measured lengths."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from viewer.backends.camera import Camera
from viewer.backends.places import Box
from viewer.backends.sheet import Sheet, plain
from viewer.pit_notes import MEASURES, NOTES
from viewer.scene import AnnotationLayer, Scene
from viewer.words import translate_note

HALO = (255, 255, 255, 200)


def write_remarks(sheet: Sheet, scene: Scene, camera: Camera) -> list[Box]:
    """Write the remarks and dimensions of a scene; returns the boxes of their texts."""
    boxes: list[Box] = []
    for layer in scene.layers:
        if not (isinstance(layer, AnnotationLayer) and layer.visible and len(layer.starts)):
            continue
        starts, near = camera.project(layer.starts)
        ends, far = camera.project(layer.ends)
        there = _seen(sheet, starts, near) & (far > 0.1)
        own = layer.name.split("@")[0] in (NOTES, MEASURES)
        for one, two, seen, text in zip(starts.tolist(), ends.tolist(), there, layer.texts, strict=True):
            if seen:
                text = translate_note(text, sheet.language) if own else text
                ink, words = (*layer.colour, 255), plain(text, 60)
                if layer.dimension:
                    boxes.append(_dimension(sheet, tuple(one), tuple(two), words, ink))
                else:
                    boxes.append(_remark(sheet, tuple(one), tuple(two), words, ink, beside=own))
    return boxes


def _seen(sheet: Sheet, places: NDArray[np.float64], depth: NDArray[np.float64]) -> NDArray[np.bool_]:
    inside = ((places >= 0) & (places <= [sheet.width, sheet.height])).all(axis=1)
    return np.asarray((depth > 0.1) & inside)


def _line(sheet: Sheet, one: tuple[float, float], two: tuple[float, float], colour: tuple[int, ...], wide: float = 2.0) -> None:
    sheet.draw.line([one, two], fill=HALO, width=max(2, round(sheet.px(wide + 3))))
    sheet.draw.line([one, two], fill=colour, width=max(1, round(sheet.px(wide))))


def _remark(
    sheet: Sheet, thing: tuple[float, float], end: tuple[float, float], text: str, colour: tuple[int, ...], *, beside: bool
) -> Box:
    """A dot on the thing, a line, and the text at its other end: round it, or beside it on the side away from the thing."""
    _line(sheet, thing, end, colour)
    dot = sheet.px(4)
    sheet.draw.ellipse((thing[0] - dot, thing[1] - dot, thing[0] + dot, thing[1] + dot), fill=colour, outline=HALO)
    return _text(sheet, end, text, colour, side=(1 if end[0] >= thing[0] else -1) if beside else 0)


def _dimension(sheet: Sheet, one: tuple[float, float], two: tuple[float, float], text: str, colour: tuple[int, ...]) -> Box:
    """A line with a tick across it at both ends, and the text at its middle."""
    _line(sheet, one, two, colour)
    length = math.hypot(two[0] - one[0], two[1] - one[1])
    if length > 1e-6:
        across = (-(two[1] - one[1]) / length * sheet.px(8), (two[0] - one[0]) / length * sheet.px(8))
        for x, y in (one, two):
            _line(sheet, (x - across[0], y - across[1]), (x + across[0], y + across[1]), colour)
    return _text(sheet, ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2), text, colour)


def _text(sheet: Sheet, place: tuple[float, float], text: str, colour: tuple[int, ...], side: int = 0) -> Box:
    """A text in the middle of a place, or right (1) or left (-1) of it."""
    font = sheet.font(15, True)
    half, tall = font.getlength(text) / 2 + sheet.px(7), sheet.px(12)
    x = min(max(place[0] + side * half, half + 1), sheet.width - half - 1)
    y = min(max(place[1], tall + 1), sheet.height - tall - 1)
    box = (x - half, y - tall, x + half, y + tall)
    sheet.panel(box)
    sheet.draw.text((x, y), text, fill=colour, font=font, anchor="mm")
    return box
