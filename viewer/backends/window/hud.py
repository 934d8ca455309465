"""The sheet over the picture: panels that change now and then, and what changes with every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from viewer.backends.overlay import scale_and_north, time_text, write_credits
from viewer.backends.places import Box, meet
from viewer.backends.sheet import INK, SOFT, Sheet, plain
from viewer.backends.window import panels
from viewer.backends.window.marks import Word, words
from viewer.backends.window.panels import GAP, SIDE, Hit
from viewer.backends.window.state import State
from viewer.backends.window.texts import say
from viewer.scene import AnnotationLayer, LabelLayer, Scene
from viewer.words import local_number

BAR = 46.0


class Hud:
    """Panels, clock, scale and names of a window.

    Parameters
    ----------
    state : State
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._base: Sheet | None = None
        self._hits: list[Hit] = []
        self._moving_hits: list[Hit] = []
        self._taken: list[Box] = []
        self.track: Box = (0.0, 0.0, 0.0, 0.0)

    def refresh(self) -> None:
        """Draw the panels anew next time."""
        self._base = None

    def hit(self, x: float, y: float) -> Hit | None:
        """What of the sheet is at a pixel."""
        for one in [*self._moving_hits, *self._hits]:
            if one.box[0] <= x <= one.box[2] and one.box[1] <= y <= one.box[3]:
                return one
        return None

    def draw(self, size: tuple[int, int], people: int, scene: Scene) -> NDArray[np.uint8]:
        """The sheet for a window of a size, (H, W, 4)."""
        if self._base is None or (self._base.width, self._base.height) != size:
            self._base = self._panels(size)
        sheet = Sheet(size, self._state.language)
        sheet.image = self._base.image.copy()
        sheet.draw = ImageDraw.Draw(sheet.image)
        if "help" in self._state.panels:
            panels.help_panel(sheet, self._state.language)
            return np.asarray(sheet.image)
        foot = self._foot(sheet)
        camera = self._state.pose.camera(size)
        taken = list(self._taken)
        right = sheet.width - sheet.px(SIDE)
        if not self._state.walking:
            box = scale_and_north(sheet, camera, foot + sheet.px(10 - GAP))
            taken.append(box)
            right = box[0] - sheet.px(GAP)
        self._moving_hits = []
        if self._state.moving:
            taken.append(self._bar(sheet, foot - sheet.px(GAP), right, people))
        self._names(sheet, scene, taken)
        return np.asarray(sheet.image)

    def _foot(self, sheet: Sheet) -> float:
        texts = bool(self._state.scene.notes or self._state.scene.credits)
        return sheet.height - sheet.px(28 if texts else 4)

    def _panels(self, size: tuple[int, int]) -> Sheet:
        state, sheet = self._state, Sheet(size, self._state.language)
        px = sheet.px
        write_credits(sheet, state.scene)
        hint = say("H: keys and mouse", state.language)
        font = sheet.font(13, True)
        foot = self._foot(sheet)
        wide = font.getlength(hint) + px(20)
        sheet.draw.rectangle((sheet.width - wide, sheet.height - px(28), sheet.width, sheet.height), fill=(255, 255, 255, 235))
        sheet.draw.text((sheet.width - px(12), sheet.height - px(14)), hint, fill=INK, font=font, anchor="rm")
        self._hits = [Hit((sheet.width - wide, sheet.height - px(28), float(sheet.width), float(sheet.height)), "panel", "help")]
        self._taken = []
        if state.panels & {"layers", "legend"} or state.tool:
            title = panels.title_panel(sheet, state)
            self._taken.append(title)
            bottom = foot - px(BAR + 2 * GAP if state.moving else GAP)
            if "layers" in state.panels:
                self._hits += panels.layers_panel(sheet, state, title[3] + px(GAP), bottom)
        top = self._right(sheet, px(SIDE))
        if "legend" in state.panels:
            lowest = foot - px(GAP if state.walking and not state.moving else 82 + 2 * GAP)
            upper = panels.legend_panel(sheet, state, lowest)
            self._taken.append((sheet.width * 0.8, upper, float(sheet.width), lowest))
        self._taken += [hit.box for hit in self._hits]
        if top > px(SIDE):
            self._taken.append((sheet.width * 0.7, 0.0, float(sheet.width), top))
        if state.message:
            self._toast(sheet, state.message)
        return sheet

    def _right(self, sheet: Sheet, top: float) -> float:
        """What was picked, or is measured; returns the lower edge."""
        state = self._state
        if state.tool:
            title = say({"distance": "Distance", "height": "Height", "area": "Area"}[state.tool], state.language)
            note = say("click points; Backspace takes one back, Esc ends", state.language)
            return panels.table_panel(sheet, title, panels.measure_rows(state), note, top)
        if state.picked is not None:
            return panels.table_panel(sheet, state.picked.title, list(state.picked.rows), "", top)
        return top

    def _toast(self, sheet: Sheet, text: str) -> None:
        text, font = sheet.fitted(plain(text), 16, True, sheet.width * 0.6)
        half, middle = font.getlength(text) / 2 + sheet.px(18), sheet.width / 2
        top = sheet.height * 0.14
        box = (middle - half, top, middle + half, top + sheet.px(38))
        sheet.draw.rounded_rectangle(box, radius=sheet.px(8), fill=(28, 34, 42, 225))
        sheet.draw.text((middle, top + sheet.px(19)), text, fill=(255, 255, 255, 255), font=font, anchor="mm")

    def _bar(self, sheet: Sheet, foot: float, right: float, people: int) -> Box:
        """Play button, clock, slider, speed and how many people there are."""
        state, px = self._state, sheet.px
        box = (px(SIDE), foot - px(BAR), right, foot)
        sheet.panel(box)
        y = foot - px(BAR / 2)
        x = box[0] + px(14)
        if state.playing:
            for left in (x, x + px(10)):
                sheet.draw.rectangle((left, y - px(9), left + px(5), y + px(9)), fill=INK)
        else:
            sheet.draw.polygon([(x, y - px(10)), (x, y + px(10)), (x + px(16), y)], fill=INK)
        self._moving_hits = [Hit((box[0], box[1], x + px(22), box[3]), "play", "")]
        clock, font = time_text(state.scene, state.time), sheet.font(15, True)
        x += px(32)
        sheet.draw.text((x, y), clock, fill=INK, font=font, anchor="lm")
        x += font.getlength("00:00:00  (t = 00:00)" if state.scene.clock_start else "t = 00:00:00") + px(16)
        small = sheet.font(14)
        text = local_number(f"x {state.speed:g}", state.language)
        if people:
            text += "   ·   " + say("{0} people", state.language).format(local_number(f"{people:,}", state.language))
        end = box[2] - px(14) - small.getlength(text) - px(16)
        sheet.draw.text((box[2] - px(14), y), text, fill=SOFT, font=small, anchor="rm")
        first, last = state.span
        sheet.draw.rounded_rectangle((x, y - px(3), end, y + px(3)), radius=px(3), fill=(190, 196, 204, 255))
        knob = x + (end - x) * (state.time - first) / max(last - first, 1e-9)
        sheet.draw.rounded_rectangle((x, y - px(3), max(knob, x + px(1)), y + px(3)), radius=px(3), fill=panels.CHECK)
        sheet.draw.ellipse((knob - px(8), y - px(8), knob + px(8), y + px(8)), fill=panels.CHECK, outline=(255, 255, 255, 255))
        self.track = (x, box[1], end, box[3])
        self._moving_hits.append(Hit((x - px(8), box[1], end + px(8), box[3]), "slide", ""))
        return box

    def _names(self, sheet: Sheet, scene: Scene, taken: list[Box]) -> None:
        """Names over places, remarks at their ends and measures beside their lines: those that do not hide each other."""
        camera = self._state.pose.camera((sheet.width, sheet.height))
        measured = [(word, True) for word in words(self._state)]
        plain_words = [*_labels(scene)]
        for word, strong in [*measured, *((one, False) for one in plain_words)]:
            (place,), (depth,) = camera.project(np.array([word.place]))
            x, y = (float(v) for v in place)
            if depth <= 0.2 or not (0 < x < sheet.width and 0 < y < sheet.height):
                continue
            text = local_number(word.text, sheet.language) if strong else sheet.say(word.text)
            font, text = sheet.font(14, True), plain(text, 60)
            half, tall = font.getlength(text) / 2 + sheet.px(7), sheet.px(12)
            lift = 0.0 if strong else sheet.px(26)
            box = (x - half, y - lift - tall, x + half, y - lift + tall)
            if not strong and any(meet(box, other) for other in taken):
                continue
            taken.append(box)
            if lift:
                sheet.draw.line([(x, y), (x, y - lift)], fill=INK, width=max(1, round(sheet.px(1.5))))
            sheet.draw.rounded_rectangle(box, radius=sheet.px(5), fill=(255, 255, 255, 240 if strong else 214))
            sheet.draw.text((x, y - lift), text, fill=(170, 20, 70, 255) if strong else INK, font=font, anchor="mm")


def _labels(scene: Scene) -> list[Word]:
    out: list[Word] = []
    for layer in scene.layers:
        if isinstance(layer, LabelLayer) and layer.visible:
            out += [Word(_tuple(place), text) for place, text in zip(layer.points, layer.texts, strict=True)]
        elif isinstance(layer, AnnotationLayer) and layer.visible:
            at = (layer.starts + layer.ends) / 2 if layer.dimension else layer.ends
            out += [Word(_tuple(place), text) for place, text in zip(at, layer.texts, strict=True)]
    return out


def _tuple(place: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(place[0]), float(place[1]), float(place[2])
