"""What is written on a picture: title, time, legend, scale, north arrow, names, credits."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from viewer import looks, style
from viewer.backends import pack
from viewer.backends.camera import Camera
from viewer.backends.names import placed_names, write_names
from viewer.backends.places import Box, Sights, sights
from viewer.backends.remarks import write_remarks
from viewer.backends.sheet import INK, SOFT, Sheet, plain
from viewer.damage import DAMAGE
from viewer.key import MOST
from viewer.scene import FieldLayer, KeyEntry, Legend, MeshLayer, PeopleLayer, Scene
from viewer.words import local_number, translate, translate_thing


def time_text(scene: Scene, time: float) -> str:
    """The moment as clock time where the scene has a start, with the time since then: ``"14:34:20 (t = 04:20)"``."""
    seconds = max(0, round(time))
    since = f"{seconds // 60:02d}:{seconds % 60:02d}" if seconds < 3600 else _clock(seconds)
    if not scene.clock_start:
        return f"t = {since}"
    parts = [int(part) for part in scene.clock_start.split(":")]
    start = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
    return f"{_clock(start + seconds)}  (t = {since})"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


class Written(NamedTuple):
    """What is written on a picture.

    Parameters
    ----------
    image : Image
        Everything but the moment, over nothing.
    place : tuple of float
        Left end and middle height of the moment [px].
    font : FreeTypeFont
    """

    image: Image.Image
    place: tuple[float, float]
    font: ImageFont.FreeTypeFont

    def over(self, picture: Image.Image, moment: str) -> Image.Image:
        """A picture with all of it on it, and a moment in words."""
        both = Image.alpha_composite(picture.convert("RGBA"), self.image)
        if moment:
            ImageDraw.Draw(both).text(self.place, moment, fill=SOFT, font=self.font, anchor="lm")
        return both.convert(picture.mode)


def write_on(picture: Image.Image, scene: Scene, time: float, camera: Camera, language: str = "en") -> Image.Image:
    """The picture with everything written on it."""
    moment = moment_text(scene, time, language)
    return written(picture, scene, time, camera, language, moment).over(picture, moment)


def written(picture: Image.Image, scene: Scene, time: float, camera: Camera, language: str, widest: str) -> Written:
    """What is to be written on the picture of a moment, with room for the `widest` words that tell one."""
    sheet = Sheet(picture.size, language)
    foot = write_credits(sheet, scene)
    taken = [scale_and_north(sheet, camera, foot)]
    box, place, font = _title(sheet, scene, widest, sights(picture, scene, time, camera, ()), taken)
    taken.append(box)
    remarks = write_remarks(sheet, scene, camera)
    # a name that the title would hide gives way to it
    names = remarks + write_names(sheet, placed_names(sheet, scene, camera, [*taken, *remarks]))
    seen = sights(picture, scene, time, camera, names)
    legend = _legend(sheet, scene, foot, seen, taken, opened=bool(remarks))
    if legend is not None:
        taken.append(legend)
    _key(sheet, scene, foot, seen, taken, opened=bool(remarks))
    return Written(sheet.image, place, font)


def _title(
    sheet: Sheet, scene: Scene, moment: str, seen: Sights, taken: list[Box]
) -> tuple[Box, tuple[float, float], ImageFont.FreeTypeFont]:
    """Title and subtitle, at the side where they hide least; returns their panel, and place and font of the moment."""
    pad, room = sheet.px(16), sheet.width * 0.62
    lines = [(*sheet.fitted(plain(scene.title), 30, True, room), INK, 40.0)]
    if scene.subtitle:
        lines.append((*sheet.fitted(plain(sheet.say_all(scene.subtitle)), 19, False, room), INK, 28.0))
    if moment:
        lines.append((*sheet.fitted(moment, 17, False, room), SOFT, 25.0))
    width = max(font.getlength(text) for text, font, _, _ in lines)
    top, height = sheet.px(22), sum(sheet.px(step) for *_, step in lines)
    wide, high = width + 2 * pad, height + 1.3 * pad
    lefts = (top, sheet.width - top - wide, (sheet.width - wide) / 2)
    box = seen.best([(x, top, x + wide, top + high) for x in lefts], taken, (sheet.width, sheet.height))
    left = box[0]
    sheet.panel(box)
    y = top + 0.55 * pad
    for text, font, colour, step in lines:
        middle = y + sheet.px(step) / 2
        if colour is not SOFT:  # the moment changes from picture to picture
            sheet.draw.text((left + pad, middle), text, fill=colour, font=font, anchor="lm")
        y += sheet.px(step)
    return box, (left + pad, middle), font


def moment_text(scene: Scene, time: float, language: str) -> str:
    """Clock time and how many people there are, where anything moves."""
    parts = []
    moving = [layer for layer in scene.layers if isinstance(layer, FieldLayer | PeopleLayer) and layer.visible]
    if any(isinstance(layer, PeopleLayer) or len(layer.times) > 1 for layer in moving):
        parts.append(time_text(scene, time))
    many = [f"{len(layer.frame(time)):,}" for layer in moving if isinstance(layer, PeopleLayer)]
    parts += [f"{local_number(number, language)} {translate('people', language)}" for number in many]
    return "   ·   ".join(parts)


def _drawn_legend(scene: Scene) -> Legend | None:
    for layer in scene.layers:
        if isinstance(layer, FieldLayer) and layer.visible:
            return scene.legend(layer.legend)
    return None


def _legend(sheet: Sheet, scene: Scene, foot: float, seen: Sights, taken: list[Box], *, opened: bool) -> Box | None:
    """Classes of the field; returns their panel, None where there is no field."""
    legend = _drawn_legend(scene)
    if legend is None:
        return None
    px, pad, row = sheet.px, sheet.px(14), sheet.px(27)
    say = sheet.say
    title, unit = sheet.font(17, True), sheet.font(15)
    small, letter = sheet.font(16), sheet.font(17, True)
    note = sheet.font(12.5)
    letters, ranges = [], []
    for mark_of, words in style.class_texts(legend):
        letters.append(mark_of)
        ranges.append(plain(translate_thing(words, sheet.language), 30) if legend.named else local_number(words, sheet.language))
    heading, of_unit = f"{say(legend.title)} ", f"[{say(legend.unit)}]" if legend.unit else ""
    mark = max(letter.getlength(text) for text in letters)
    inner = max(
        title.getlength(heading) + unit.getlength(of_unit),
        note.getlength(say(legend.note)),
        px(62) + mark + max(small.getlength(text) for text in ranges),
    )
    height = px(30) + row * len(ranges) + (px(22) if legend.note else 0) + 1.2 * pad
    box = seen.best(_spots(sheet, inner + 2 * pad, height, foot, taken, opened=opened), taken, (sheet.width, foot))
    left, top = box[:2]
    sheet.panel(box)
    x, y = left + pad, top + 0.6 * pad + px(13)
    sheet.draw.text((x, y), heading, fill=INK, font=title, anchor="lm")
    sheet.draw.text((x + title.getlength(heading), y), of_unit, fill=SOFT, font=unit, anchor="lm")
    y += px(17) + row / 2
    for item, mark_of, words in zip(legend.classes, letters, ranges, strict=True):
        swatch = (x, y - px(10), x + px(40), y + px(10))
        sheet.draw.rectangle(swatch, fill=(*item.colour, 255), outline=(90, 90, 90, 255))
        sheet.draw.text((x + px(52), y), mark_of, fill=INK, font=letter, anchor="lm")
        sheet.draw.text((x + px(62) + mark, y), words, fill=INK, font=small, anchor="lm")
        y += row
    if legend.note:
        sheet.draw.text((x, y - row / 2 + px(14)), say(legend.note), fill=SOFT, font=note, anchor="lm")
    return box


def _spots(sheet: Sheet, width: float, height: float, foot: float, taken: list[Box], *, opened: bool = False) -> list[Box]:
    """Where a panel may go: at the lower left, and at either side at the foot, the top or against what is there already.

    In a picture that is cut open with texts at both its sides, `opened`, all along the foot too: what is deep is empty ground.
    """
    gap, side = sheet.px(10), sheet.px(22)
    boxes: list[Box] = []
    for x in (side, sheet.width - side - width):
        there = [box for box in taken if box[0] < x + width and x < box[2]]
        rows = [foot - gap - height, side, *(box[1] - gap - height for box in there), *(box[3] + gap for box in there)]
        boxes += [(x, y, x + width, y + height) for y in rows]
    low, ends = foot - gap - height, (side, sheet.width - side - width)
    along = [ends[0] + share * (ends[1] - ends[0]) for share in (0.2, 0.35, 0.5, 0.65, 0.8)] if opened else []
    along += [x for box in taken for x in (box[2] + gap, box[0] - gap - width)] if opened else []
    return boxes + [(x, low, x + width, low + height) for x in along]


SELF_EVIDENT = {"Buildings", "Ground", "Terrain"}
"""A key of nothing but these tells nobody anything."""


def key_entries(scene: Scene, room: int | None = None) -> tuple[KeyEntry, ...]:
    """Entries of the key that a picture of a scene has room for.

    Beside the legend of a field only what is not as it seems is explained. Where there is no room for all, striped things and
    what stands on the ground come first.
    """
    drawn = [layer for layer in scene.layers if layer.visible and not (isinstance(layer, MeshLayer) and not len(layer.triangles))]
    names = {layer.name.split("@")[0] for layer in drawn}
    kinds = {
        layer.name.split("@")[0]: pack.kind_of(layer)
        for layer in drawn
        if isinstance(layer, MeshLayer) and not pack.is_changed(layer).all()
    }
    entries = [
        replace(entry, colour=looks.key_colour(scene.look, entry.colour, kinds.get(entry.layer, -1)))
        for entry in scene.key
        if entry.layer in names
    ]
    if _drawn_legend(scene) is not None:
        entries = [entry for entry in entries if entry.stripe is not None or entry.layer == DAMAGE]
    if {entry.label for entry in entries} <= SELF_EVIDENT:
        return ()
    if room is not None and len(entries) > room:
        keep = sorted(range(len(entries)), key=lambda k: (entries[k].stripe is None, k))[: max(room, 0)]
        entries = [entries[k] for k in sorted(keep)]
    return tuple(entries)


def _key(sheet: Sheet, scene: Scene, foot: float, seen: Sights, taken: list[Box], *, opened: bool) -> None:
    """Swatches with names, in the corner where they hide least of the picture."""
    px, pad, row = sheet.px, sheet.px(14), sheet.px(25)
    entries = key_entries(scene)
    names = [sheet.fitted(plain(sheet.say_all(entry.label), 60), 15, False, 0.34 * sheet.width) for entry in entries]
    width = px(44) + max((font.getlength(name) for name, font in names), default=0.0) + 2 * pad
    entries = key_entries(scene, min(MOST, int((_room(sheet, width, foot, taken) - 1.1 * pad) // row)))
    if not entries:
        return
    height = row * len(entries) + 1.1 * pad
    box = seen.best(_spots(sheet, width, height, foot, taken, opened=opened), taken, (sheet.width, foot))
    left, top = box[:2]
    sheet.panel(box)
    y = top + 0.55 * pad + row / 2
    for entry in entries:
        name, face = sheet.fitted(plain(sheet.say_all(entry.label), 60), 15, False, 0.34 * sheet.width)
        _swatch(sheet, (left + pad, y - px(8), left + pad + px(30), y + px(8)), entry)
        sheet.draw.text((left + pad + px(44), y), name, fill=INK, font=face, anchor="lm")
        y += row


def _room(sheet: Sheet, width: float, foot: float, taken: list[Box]) -> float:
    """The height of the largest gap between panels at either side, for a panel of a width."""
    gap, side = sheet.px(10), sheet.px(22)
    best = 0.0
    for x in (side, sheet.width - side - width):
        there = sorted((box[1], box[3]) for box in taken if box[0] < x + width and x < box[2])
        start = side
        for top, bottom in [*there, (foot, foot)]:
            best = max(best, top - gap - start)
            start = max(start, bottom + gap)
    return best


def _swatch(sheet: Sheet, box: Box, entry: KeyEntry) -> None:
    sheet.draw.rectangle(box, fill=(*entry.colour, 255))
    west, north, east, south = box
    if entry.stripe is not None:
        step = sheet.px(8)
        x = west
        while x < east + south - north:
            ends = [(x, north), (x - (south - north), south)]
            sheet.draw.line(_within(ends, west, east), fill=(*entry.stripe, 255), width=max(1, round(step * 0.4)))
            x += step
    sheet.draw.rectangle(box, outline=(90, 90, 90, 255))


def _within(ends: list[tuple[float, float]], west: float, east: float) -> list[tuple[float, float]]:
    """The part of a line at 45 degrees between two sides."""
    (x0, y0), (x1, y1) = ends
    over, under = max(0.0, x0 - east), max(0.0, west - x1)
    return [(x0 - over, y0 + over), (x1 + under, y1 - under)]


def nice_length(longest: float) -> float:
    """The largest of 1, 2, 5 x 10^n that is not above `longest`."""
    power = 10.0 ** math.floor(math.log10(longest))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= longest * (1 + 1e-9))


def scale_and_north(sheet: Sheet, camera: Camera, foot: float) -> Box:
    """Scale bar and north arrow; returns their panel."""
    px = sheet.px
    metres = nice_length(0.16 * sheet.width / camera.pixels_per_metre)
    length = metres * camera.pixels_per_metre
    words = f"{metres:g} m" if metres < 1000 else f"{metres / 1000:g} km"
    note = "" if camera.parallel else sheet.say("at the centre")
    font, small = sheet.font(16, True), sheet.font(12.5)
    arrow, pad = px(58), px(14)
    inner = length + px(26) + arrow
    width, height = inner + 2 * pad, px(82)
    left, top = sheet.width - px(22) - width, foot - px(10) - height
    sheet.panel((left, top, left + width, top + height))
    x, y = left + pad, top + height - px(24)
    thick = max(2, round(px(3)))
    sheet.draw.line([(x, y), (x + length, y)], fill=INK, width=thick)
    for end in (x, x + length / 2, x + length):
        sheet.draw.line([(end, y - px(7)), (end, y + px(1))], fill=INK, width=max(1, round(px(2))))
    sheet.draw.text((x, y - px(24)), words, fill=INK, font=font, anchor="lm")
    if note and length > font.getlength(words) + small.getlength(note) + px(8):
        sheet.draw.text((x + font.getlength(words) + px(8), y - px(23)), note, fill=SOFT, font=small, anchor="lm")
    _arrow(sheet, left + width - pad - arrow / 2, top + height / 2, camera.north_deg)
    return left, top, left + width, top + height


def _arrow(sheet: Sheet, x: float, y: float, turn_deg: float) -> None:
    turn = math.radians(turn_deg)
    ahead, side = np.array([math.sin(turn), -math.cos(turn)]), np.array([math.cos(turn), math.sin(turn)])
    centre, reach, half = np.array([x, y]), sheet.px(30), sheet.px(9)
    middle = centre - ahead * sheet.px(3)
    tip, tail = middle + ahead * sheet.px(20), middle - ahead * sheet.px(17)
    notch = middle - ahead * sheet.px(10)
    sheet.draw.polygon([tuple(tip), tuple(tail + side * half), tuple(notch)], fill=INK)
    sheet.draw.polygon([tuple(tip), tuple(tail - side * half), tuple(notch)], fill=(255, 255, 255, 255), outline=INK)
    sheet.draw.text(tuple(centre + ahead * (reach - sheet.px(4))), "N", fill=INK, font=sheet.font(15, True), anchor="mm")


def write_credits(sheet: Sheet, scene: Scene) -> float:
    """Notes and credits along the lower edge, in two lines where they do not fit in one; returns where the rest must end."""
    notes, names = ([plain(line) for line in part] for part in (map(sheet.say, scene.notes), scene.credits))
    if not (notes or names):
        return sheet.height - sheet.px(12)
    room, between = sheet.width - sheet.px(44), "   ·   "
    lines = [between.join((*notes, *names))]
    if notes and names and sheet.font(13).getlength(lines[0]) > room:
        lines = [between.join(notes), between.join(names)]
    line = sheet.px(22 if len(lines) > 1 else 28)
    height = line * len(lines)
    sheet.draw.rectangle((0, sheet.height - height, sheet.width, sheet.height), fill=(255, 255, 255, 200))
    for k, words in enumerate(lines):
        text, font = sheet.fitted(words, 13, False, room)
        sheet.draw.text((sheet.px(22), sheet.height - height + line * (k + 0.5)), text, fill=SOFT, font=font, anchor="lm")
    return sheet.height - height
