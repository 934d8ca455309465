"""Panels of the window, drawn as one sheet of letters over the picture."""

from __future__ import annotations

from typing import NamedTuple

from viewer import style
from viewer.backends.overlay import key_entries
from viewer.backends.places import Box
from viewer.backends.sheet import INK, SOFT, Sheet, plain
from viewer.backends.window.keys import COMMANDS, GROUPS, MOUSE
from viewer.backends.window.marks import length_text
from viewer.backends.window.state import State, fields_of
from viewer.backends.window.texts import say
from viewer.key import MOST
from viewer.scene import SIDE_LABELS, Layer, LineLayer, MeshLayer, PeopleLayer
from viewer.style import main_of
from viewer.words import local_number, translate_thing

SIDE, GAP = 16.0, 8.0
CHOSEN = (214, 226, 242, 235)
CHECK = (44, 104, 176, 255)


class Hit(NamedTuple):
    """A part of the sheet that can be clicked on: what it does, and with what."""

    box: Box
    act: str
    value: str


def title_panel(sheet: Sheet, state: State) -> Box:
    """Title, subtitle and how one looks, at the upper left."""
    scene, px = state.scene, sheet.px
    room = sheet.width * 0.5
    lines = [(*sheet.fitted(plain(scene.title), 24, True, room), INK, 32.0)]
    if scene.subtitle:
        lines.append((*sheet.fitted(plain(scene.subtitle), 16, False, room), INK, 23.0))
    status = "   ·   ".join(_status(state))
    if status:
        lines.append((*sheet.fitted(status, 14, False, room), SOFT, 21.0))
    wide = max(font.getlength(text) for text, font, *_ in lines) + px(26)
    box = (px(SIDE), px(SIDE), px(SIDE) + wide, px(SIDE) + sum(px(step) for *_, step in lines) + px(12))
    sheet.panel(box)
    y = box[1] + px(6)
    for text, font, colour, step in lines:
        sheet.draw.text((box[0] + px(13), y + px(step) / 2), text, fill=colour, font=font, anchor="lm")
        y += px(step)
    return box


def _status(state: State) -> list[str]:
    language, out = state.language, []
    if state.side:
        out.append(say(SIDE_LABELS[state.side], language))
    if state.walking:
        out.append(say("on foot", language))
    if state.underground:
        out.append(say("looking underground", language))
    if state.cut is not None:
        z = state.cut.point[2] + state.scene.origin[2]
        level = say("section at {0} m", language).format(local_number(f"{z:.2f}", language))
        out.append(level if state.cut.horizontal else say("section", language))
    if state.sun.as_scene is None:
        azimuth, altitude = state.sun.position()
        minutes = round(60 * state.sun.hours) % 1440
        hours = f"{minutes // 60:02d}:{minutes % 60:02d}"
        up = say("sun {0}°, {1}° high", language).format(round(azimuth), round(altitude))
        out.append(f"{state.sun.day.isoformat()} {hours} ({up if altitude > -0.5 else say('sun below the horizon', language)})")
    return out


def layers_panel(sheet: Sheet, state: State, top: float, foot: float) -> list[Hit]:
    """Layers with their boxes, group by group; as many round the chosen one as there is room for."""
    px, row = sheet.px, sheet.px(22)
    listed = state.listed()
    groups = [layer.group for layer in listed]
    rows = _rows(listed)
    room = max(3, int((foot - top - px(40)) // row))
    first = 0
    if len(rows) > room:
        at = next((k for k, (*_, number) in enumerate(rows) if number == state.chosen % max(len(listed), 1)), 0)
        first = min(max(0, at - room // 2), len(rows) - room)
    shown = rows[first : first + room]
    names = [sheet.fitted(_row_name(state, name, layer), 14, layer is None, px(230)) for name, layer, _ in shown]
    wide = max([px(150), *(font.getlength(text) + px(78) for text, font in names)])
    box = (px(SIDE), top, px(SIDE) + wide, top + px(38) + row * len(shown))
    sheet.panel(box)
    x, y = box[0] + px(12), top + px(18)
    sheet.draw.text((x, y), say("Layers", state.language), fill=INK, font=sheet.font(16, True), anchor="lm")
    if len(rows) > len(shown):
        more = f"{'▲' if first else ' '}{'▼' if first + room < len(rows) else ' '}"
        sheet.draw.text((box[2] - px(12), y), more, fill=SOFT, font=sheet.font(12), anchor="rm")
    hits, y, step = [], y + row, 0.0
    for (name, one, number), (text, font) in zip(shown, names, strict=True):
        line = (box[0] + px(4), y - row / 2, box[2] - px(4), y + row / 2)
        hits.append(Hit(line, "group" if one is None else "layer", name))
        if one is None:
            mine = [state.visible[layer.name] for layer in listed if layer.group == name]
            _check(sheet, x, y, all(mine), any(mine))
        else:
            step = px(14) if groups.count(one.group) > 1 else 0.0
            if number == state.chosen % len(listed):
                sheet.draw.rounded_rectangle(line, radius=px(4), fill=CHOSEN)
            _check(sheet, x + step, y, state.visible[name], state.visible[name])
            _swatch(sheet, x + step + px(22), y, _colour_of(one))
        sheet.draw.text((x + (px(22) if one is None else step + px(41)), y), text, fill=INK, font=font, anchor="lm")
        y += row
    return hits


def _rows(listed: tuple[Layer, ...]) -> list[tuple[str, Layer | None, int]]:
    """Lines of the panel: a group by its name, or a layer and its number."""
    groups = [layer.group for layer in listed]
    rows: list[tuple[str, Layer | None, int]] = []
    for number, layer in enumerate(listed):
        # a layer that is alone in its group needs no heading
        if groups.count(layer.group) > 1 and groups.index(layer.group) == number:
            rows.append((layer.group, None, -1))
        rows.append((layer.name, layer, number))
    return rows


def _swatch(sheet: Sheet, x: float, y: float, colour: tuple[int, int, int] | None) -> None:
    if colour is not None:
        box = (x, y - sheet.px(6), x + sheet.px(12), y + sheet.px(6))
        sheet.draw.rectangle(box, fill=(*colour, 255), outline=(110, 110, 110, 255))


def _row_name(state: State, name: str, layer: Layer | None) -> str:
    return plain(say(layer.label, state.language), 60) if layer is not None else say(name, state.language).capitalize() or "–"


def _check(sheet: Sheet, x: float, y: float, full: bool, some: bool) -> None:
    px = sheet.px
    box = (x, y - px(7), x + px(14), y + px(7))
    sheet.draw.rounded_rectangle(
        box, radius=px(3), fill=CHECK if full else (255, 255, 255, 255), outline=CHECK, width=max(1, round(px(1.5)))
    )
    if full:
        tick = [(x + px(3), y), (x + px(6), y + px(3.5)), (x + px(11), y - px(4))]
        sheet.draw.line(tick, fill=(255, 255, 255, 255), width=max(2, round(px(2.2))))
    elif some:
        sheet.draw.line([(x + px(3.5), y), (x + px(10.5), y)], fill=CHECK, width=max(2, round(px(2.2))))


def _colour_of(layer: Layer) -> tuple[int, int, int] | None:
    if isinstance(layer, MeshLayer):
        return main_of(layer.colours[:: max(1, len(layer.colours) // 500)]) if len(layer.colours) else None
    if isinstance(layer, PeopleLayer | LineLayer):
        return layer.colour
    return None


def legend_panel(sheet: Sheet, state: State, foot: float) -> float:
    """Classes of the field that is shown, or else what the colours mean, at the lower right; returns its upper edge."""
    field = next((one for one in fields_of(state.listed()) if state.visible[one.name]), None)
    px, language = sheet.px, state.language
    rows: list[tuple[tuple[int, int, int], str, str]]
    note = ""
    if field is not None:
        legend = state.scene.legend(field.legend)
        head, unit = say(legend.title, language), f"[{say(legend.unit, language)}]" if legend.unit else ""
        rows = [
            (item.colour, letter, plain(translate_thing(words, language), 30) if legend.named else local_number(words, language))
            for item, (letter, words) in zip(legend.classes, style.class_texts(legend), strict=True)
        ]
        note = say(legend.note, language)
    else:
        room = min(MOST, int((foot - sheet.height * 0.45) // px(22)))
        rows = [(entry.colour, "", say(plain(entry.label, 40), language)) for entry in key_entries(state.shown(), room)]
        head, unit = say("Colours", language), ""
    if not rows:
        return foot
    bold, plain_font, small = sheet.font(15, True), sheet.font(14), sheet.font(11.5)
    marks = max(bold.getlength(label) for _, label, _ in rows)
    indent = px(44) + (marks + px(12) if marks else 0.0)
    inner = max(
        bold.getlength(head + " ") + plain_font.getlength(unit),
        small.getlength(note),
        *(indent + plain_font.getlength(text) for *_, text in rows),
    )
    high = px(38) + px(22) * len(rows) + (px(20) if note else 0.0)
    left, top = sheet.width - px(SIDE) - inner - px(26), foot - high
    sheet.panel((left, top, sheet.width - px(SIDE), foot))
    x, y = left + px(13), top + px(18)
    sheet.draw.text((x, y), head, fill=INK, font=bold, anchor="lm")
    sheet.draw.text((x + bold.getlength(head + " "), y), unit, fill=SOFT, font=plain_font, anchor="lm")
    for colour, label, text in rows:
        y += px(22)
        sheet.draw.rectangle((x, y - px(8), x + px(32), y + px(8)), fill=(*colour, 255), outline=(90, 90, 90, 255))
        sheet.draw.text((x + px(44), y), label, fill=INK, font=bold, anchor="lm")
        sheet.draw.text((x + indent, y), text, fill=INK, font=plain_font, anchor="lm")
    if note:
        sheet.draw.text((x, y + px(22)), note, fill=SOFT, font=small, anchor="lm")
    return top


def table_panel(sheet: Sheet, title: str, rows: list[tuple[str, str]], note: str, top: float) -> float:
    """A title and lines of name and value, at the upper right; returns its lower edge."""
    px = sheet.px
    names, values = sheet.font(13.5), sheet.font(13.5, True)
    first = max((names.getlength(plain(name, 28)) for name, _ in rows), default=0.0) + px(14)
    fitted = [(plain(name, 28), *sheet.fitted(value, 13.5, True, px(300))) for name, value in rows]
    head, head_font = sheet.fitted(plain(title, 60), 16, True, px(420))
    inner = max(
        [head_font.getlength(head), sheet.font(12).getlength(note), *(first + font.getlength(text) for _, text, font in fitted)]
    )
    high = px(36) + px(21) * len(rows) + (px(20) if note else 0.0)
    left = sheet.width - px(SIDE) - inner - px(26)
    sheet.panel((left, top, sheet.width - px(SIDE), top + high))
    x, y = left + px(13), top + px(19)
    sheet.draw.text((x, y), head, fill=INK, font=head_font, anchor="lm")
    for name, text, font in fitted:
        y += px(21)
        sheet.draw.text((x, y), name, fill=SOFT, font=names, anchor="lm")
        sheet.draw.text((x + first, y), text, fill=INK, font=font, anchor="lm")
    if note:
        sheet.draw.text((x, y + px(21)), note, fill=SOFT, font=sheet.font(12), anchor="lm")
    del values
    return top + high


def measure_rows(state: State) -> list[tuple[str, str]]:
    """What the points so far measure, as lines of a table."""
    m, language = state.measures, state.language
    if len(state.points) < 2:
        return []
    if state.tool == "area":
        rows = [
            ("in plan", f"{m.plan_area:,.2f} m²"),
            ("on the surface", f"{m.area:,.2f} m²"),
            ("perimeter", length_text(m.perimeter)),
        ]
    elif state.tool == "height":
        z = [point[2] + state.scene.origin[2] for point in (state.points[0], state.points[-1])]
        rows = [("height difference", f"{m.rise:+.2f} m"), ("upper end", f"{max(z):.2f} m"), ("lower end", f"{min(z):.2f} m")]
    else:
        rows = [
            ("straight", length_text(m.length)),
            ("in plan", length_text(m.plan_length)),
            ("height difference", f"{m.rise:+.2f} m"),
        ]
    return [(say(name, language), local_number(text, language)) for name, text in rows]


def help_panel(sheet: Sheet, language: str) -> None:
    """Keys and mouse in two columns, in the middle."""
    px, dutch = sheet.px, language == "nl"
    blocks: list[list[tuple[str, str]]] = []
    for group, (en, nl) in GROUPS.items():
        lines = [(nl if dutch else en, "")]
        lines += [
            ((d_how if dutch else e_how), (d_what if dutch else e_what)) for g, e_how, d_how, e_what, d_what in MOUSE if g == group
        ]
        lines += [(_shown(one.shown, dutch), one.nl if dutch else one.en) for one in COMMANDS if one.group == group]
        blocks.append(lines)
    half = sum(len(block) + 1 for block in blocks) / 2
    columns: list[list[tuple[str, str]]] = [[], []]
    for block in blocks:
        columns[0 if len(columns[0]) + len(block) / 2 < half else 1] += [*block, ("", "")]
    row = min(px(25), (sheet.height - px(110)) / max(map(len, columns)))
    font, bold = sheet.font(14), sheet.font(14, True)
    keys = [max(bold.getlength(key) for key, text in column if text) + px(16) for column in columns]
    wide = [k + max(font.getlength(text) for _, text in column) for k, column in zip(keys, columns, strict=True)]
    whole = sum(wide) + px(40) + px(44)
    high = row * max(map(len, columns)) + px(52)
    left, top = (sheet.width - whole) / 2, (sheet.height - high) / 2
    sheet.draw.rounded_rectangle((left, top, left + whole, top + high), radius=px(10), fill=(255, 255, 255, 244))
    sheet.draw.text(
        (left + px(22), top + px(26)), say("Keys and mouse", language), fill=INK, font=sheet.font(20, True), anchor="lm"
    )
    x = left + px(22)
    for column, k, w in zip(columns, keys, wide, strict=True):
        y = top + px(58)
        for key, text in column:
            heading = bool(key) and not text
            sheet.draw.text((x, y), key, fill=CHECK if heading else INK, font=bold, anchor="lm")
            sheet.draw.text((x + k, y), text, fill=INK, font=font, anchor="lm")
            y += row
        x += w + px(40)


def _shown(keys: str, dutch: bool) -> str:
    return keys.replace("Space", "Spatie") if dutch else keys
