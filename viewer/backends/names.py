"""Names over places in a picture."""

from __future__ import annotations

from typing import NamedTuple

from viewer.backends.camera import Camera
from viewer.backends.places import Box, meet
from viewer.backends.sheet import INK, Sheet, plain
from viewer.scene import LabelLayer, Scene


class Name(NamedTuple):
    """What is written over a place: the words, their box and the place in the picture."""

    words: str
    box: Box
    place: tuple[float, float]


def placed_names(sheet: Sheet, scene: Scene, camera: Camera, taken: list[Box]) -> list[Name]:
    """Names over places, one above another where they would meet, or below the place where there is no room above."""
    found: list[Name] = []
    font = sheet.font(15, True)
    for layer in scene.layers:
        if not (isinstance(layer, LabelLayer) and layer.visible and len(layer.points)):
            continue
        places, depth = camera.project(layer.points)
        for (x, y), far, text in zip(places.tolist(), depth, layer.texts, strict=True):
            words = plain(text, 40)
            half, tall = font.getlength(words) / 2 + sheet.px(8), sheet.px(13)
            if far <= 0 or not (0 < x < sheet.width and 0 < y < sheet.height - sheet.px(30)):
                continue
            # what stands near an edge is named too: its name is moved in
            middle = min(max(x, half + 1), sheet.width - half - 1)
            if layer.group == "scale":
                # a mark of a scale stands beside its line, without a stem
                found.append(Name(words, (x - 2 * half - sheet.px(4), y - tall, x - sheet.px(4), y + tall), (x, y)))
                continue
            ends = [y - sheet.px(rise) for rise in (34, 64, 94, 124, -34, -64, -94)]
            boxes: list[Box] = [(middle - half, end - tall, middle + half, end + tall) for end in ends]
            there = [*taken, *(name.box for name in found)]
            free = [box for box in boxes if box[1] > 0 and not any(meet(box, other) for other in there)]
            found.append(Name(words, (free or boxes)[0], (x, y)))
    return found


def write_names(sheet: Sheet, names: list[Name]) -> list[Box]:
    """Write names; returns their boxes."""
    font = sheet.font(15, True)
    for words, box, (x, y) in names:
        middle, height = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if box[0] < x < box[2]:
            sheet.draw.line([(x, y), (x, height)], fill=INK, width=max(1, round(sheet.px(2))))
        sheet.panel(box)
        sheet.draw.text((middle, height), words, fill=INK, font=font, anchor="mm")
    return [name.box for name in names]
