"""Names over places in a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from viewer.backends.camera import Camera
from viewer.backends.places import Box, meet
from viewer.backends.sheet import INK, Sheet, plain
from viewer.scene import LabelLayer, Scene

Line = tuple[float, float, float, float]


class Name(NamedTuple):
    """What is written over a place: the words, their box and the place in the picture."""

    words: str
    box: Box
    place: tuple[float, float]


NEAR_PX = 130.0
"""Places of one name that are so near each other share it [px]."""
CLEAR_PX = 10.0
"""Names keep so far from the places of others [px]."""


def placed_names(sheet: Sheet, scene: Scene, camera: Camera, taken: list[Box]) -> list[Name]:
    """Names over places, one above another where they would meet, below or beside the place where there is no room above.

    They hide no place that has a name, and no line to a place leads through the name of another. Where all of that cannot be, what
    hides least is taken.
    """
    found: list[Name] = []
    font = sheet.font(15, True)
    wanted = list(_wanted(sheet, scene, camera))
    clear = sheet.px(CLEAR_PX)
    spots: list[Box] = [(x - clear, y - clear, x + clear, y + clear) for _, x, y, scale in wanted if not scale]
    for words, x, y, scale in wanted:
        half, tall = font.getlength(words) / 2 + sheet.px(8), sheet.px(13)
        if scale:
            # a mark of a scale stands beside its line, without a stem
            found.append(Name(words, (x - 2 * half - sheet.px(4), y - tall, x - sheet.px(4), y + tall), (x, y)))
            continue
        there = [*taken, *(name.box for name in found)]
        lines = [ends for name in found if (ends := _line(name.box, name.place)) is not None]

        def hides(box: Box, at: tuple[float, float] = (x, y), there: list[Box] = there, lines: list[Line] = lines) -> int:
            line = _line(box, at)
            hidden = 100 * sum(meet(box, other) for other in there) + 10 * sum(meet(box, spot) for spot in spots)
            return hidden + 10 * sum(_crosses(box, ends) for ends in lines) + 10 * sum(
                line is not None and _crosses(name.box, line) for name in found
            )

        boxes = [box for box in _tries(sheet, x, y, half, tall) if box[1] > 0 and box[3] < sheet.height - sheet.px(30)]
        found.append(Name(words, min(boxes or _tries(sheet, x, y, half, tall), key=hides), (x, y)))
    return found


def _wanted(sheet: Sheet, scene: Scene, camera: Camera) -> Iterator[tuple[str, float, float, bool]]:
    """Words, place in the picture, and whether it is a mark of a scale; a name once for places that are near each other."""
    had: list[tuple[str, float, float]] = []
    for layer in scene.layers:
        if not (isinstance(layer, LabelLayer) and layer.visible and len(layer.points)):
            continue
        places, depth = camera.project(layer.points)
        for (x, y), far, text in zip(places.tolist(), depth, layer.texts, strict=True):
            words = plain(text, 40)
            if far <= 0 or not (0 < x < sheet.width and 0 < y < sheet.height - sheet.px(30)):
                continue
            scale = layer.group == "scale"
            if not scale:
                if any(words == other and math.hypot(x - a, y - b) < sheet.px(NEAR_PX) for other, a, b in had):
                    continue
                had.append((words, x, y))
            yield words, x, y, scale


def _tries(sheet: Sheet, x: float, y: float, half: float, tall: float) -> list[Box]:
    """Boxes for a name: over the place, under it, then to its sides; what stands near an edge is moved in."""
    ends = [(0.0, y - sheet.px(rise)) for rise in (34, 64, 94, 124, -34, -64, -94)]
    beside = half + sheet.px(16)
    rises = (34, 64, 94, 124, 154, -34, -64, -94, -124)
    ends += [(side * beside, y - sheet.px(rise)) for rise in rises for side in (1, -1)]
    made: list[Box] = []
    for aside, end in ends:
        middle = min(max(x + aside, half + 1), sheet.width - half - 1)
        made.append((middle - half, end - tall, middle + half, end + tall))
    return made


def _line(box: Box, place: tuple[float, float]) -> Line | None:
    """From a place to the middle of the height of its name, straight up where it can; None where the name lies over it."""
    x, y = place
    if box[0] <= x <= box[2] and box[1] <= y <= box[3]:
        return None
    return x, y, min(max(x, box[0] + 1.0), box[2] - 1.0), (box[1] + box[3]) / 2


def _crosses(box: Box, line: Line) -> bool:
    """Whether a line leads through a box."""
    x0, y0, x1, y1 = line
    start, end = 0.0, 1.0
    for low, high, at, step in ((box[0], box[2], x0, x1 - x0), (box[1], box[3], y0, y1 - y0)):
        if abs(step) < 1e-9:
            if not low < at < high:
                return False
            continue
        one, two = sorted(((low - at) / step, (high - at) / step))
        start, end = max(start, one), min(end, two)
    return start < end


def write_names(sheet: Sheet, names: list[Name]) -> list[Box]:
    """Write names; returns their boxes."""
    font = sheet.font(15, True)
    for _, box, place in names:
        # a mark of a scale stands right beside its place
        line = None if box[1] <= place[1] <= box[3] else _line(box, place)
        if line is not None:
            sheet.draw.line([line[:2], line[2:]], fill=INK, width=max(1, round(sheet.px(2))))
    for words, box, _ in names:
        middle, height = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        sheet.panel(box)
        sheet.draw.text((middle, height), words, fill=INK, font=font, anchor="mm")
    return [name.box for name in names]
