"""What drawings of sections say, in English and Dutch."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from types import MappingProxyType

from twin.plots.words import words

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "ground_not_explored": ("ground, not explored", "grond, niet onderzocht"),
    "soundings_end": ("end of the soundings, no boundary", "einde van de sonderingen, geen laaggrens"),
    "building_box": ("building, box of its height", "gebouw, blok van zijn hoogte"),
    "vault_ring": ("vault of a cellar", "gewelf van een kelder"),
    "cellar_room": ("cellar", "kelder"),
    "stairs_cut": ("stairs, cut", "trap, doorsneden"),
    "of_guess": ("{what} (measures estimated)", "{what} (maten geschat)"),
    "sure_known": ("known: sounding within 25 m", "bekend: sondering binnen 25 m"),
    "sure_inferred": ("inferred: within 100 m", "afgeleid: binnen 100 m"),
    "sure_guessed": ("guessed: within 250 m", "geschat: binnen 250 m"),
    "guessed_from": ("guessed from here", "vanaf hier geschat"),
    "pale_guessed": ("paler: a layer that is guessed", "lichter: een laag die geschat is"),
    "sure_title": ("Boundaries of the soil", "Grenzen van de grondlagen"),
    "soil_title": ("Soil", "Grondsoort"),
    "drawn_title": ("Drawn", "Getekend"),
    "pit_title": ("Pit", "Bouwput"),
    "water_title": ("Groundwater", "Grondwater"),
    "soil_not_measured": ("not measured", "niet gemeten"),
    "tree_in_pit": ("tree in the place of the pit", "boom op de plek van de put"),
    "sounding": ("sounding, turned into the section", "sondering, in de doorsnede gedraaid"),
    "cone_scale": ("line: cone resistance, 0 to {most} MPa", "lijn: conusweerstand, 0 tot {most} MPa"),
    "aside_left": ("{value} m to the left", "{value} m links"),
    "aside_right": ("{value} m to the right", "{value} m rechts"),
    "aside_on": ("on the line", "op de lijn"),
    "phreatic": ("groundwater, phreatic", "grondwater, freatisch"),
    "head": ("head below clay and peat", "stijghoogte onder klei en veen"),
    "head_before": ("head below clay and peat, before", "stijghoogte onder klei en veen, vooraf"),
    "head_after": ("head below clay and peat, lowest stage", "stijghoogte onder klei en veen, laagste fase"),
    "tube": ("observation well with filter", "peilbuis met filter"),
    "groundwater_before": ("groundwater before", "grondwater vooraf"),
    "groundwater_after": ("groundwater, lowest stage", "grondwater, laagste fase"),
    "drawdown_between": ("lowered", "verlaagd"),
    "pit_now": ("pit, stage drawn: {stage}", "bouwput, getekende fase: {stage}"),
    "pit_other": ("other stages", "andere fasen"),
    "pit_planned": ("pit, planned", "bouwput, gepland"),
    "pit_from": ("from {day}", "vanaf {day}"),
    "pit_water": ("water in the pit", "water in de put"),
    "concrete": ("underwater concrete {value} m", "onderwaterbeton {value} m"),
    "wall_sheet-pile": ("sheet pile wall", "damwand"), "wall_diaphragm": ("diaphragm wall", "diepwand"),
    "wall_secant-pile": ("secant pile wall", "palenwand"), "wall_soldier-pile": ("soldier pile wall", "berlinerwand"),
    "toe": ("toe {level}", "teen {level}"), "strut": ("strut", "stempel"), "anchor": ("anchor", "anker"),
    "well_of_pit": ("dewatering well (depth estimated)", "bemalingsbron (diepte geschat)"),
    "settlement": ("settlement (mm)", "zetting (mm)"),
    "settlement_scale": ("settlement {times} times larger than heights", "zetting {times} maal groter dan hoogten"),
    "category_range": ("cat. {value} ({low}–{high})", "cat. {value} ({low}–{high})"),
    "category": ("cat. {value}", "cat. {value}"),
    "category_note": ("cat.: damage by Burland, 0 negligible to 4 severe",
                     "cat.: schade volgens Burland, 0 verwaarloosbaar tot 4 ernstig"),
    "scale_true": ("1:{scale}", "1:{scale}"),
    "scale_two": ("1:{scale} (heights 1:{other})", "1:{scale} (hoogten 1:{other})"),
    "on_paper": ("on {paper}", "op {paper}"),
    "block_scale": ("Scale", "Schaal"), "block_heights": ("Heights", "Hoogten"), "block_plan": ("Coordinates", "Coördinaten"),
    "block_line": ("Line", "Lijn"), "block_stage": ("Stage", "Fase"), "block_data": ("Data", "Gegevens"),
    "block_side": ("State", "Toestand"),
    "heights_in": ("m {datum}", "m {datum}"), "heights_unknown": ("m, datum not stated", "m, peil niet vermeld"),
    "bend": ("bend {value}°", "knik {value}°"),
    "key_plan": ("Place of the section", "Plaats van de doorsnede"),
    "screening": (
        "Screening from the sources named, not a soil investigation and not a design: whether walls stand is not worked out.",
        "Verkenning uit de genoemde bronnen, geen grondonderzoek en geen ontwerp: of wanden staan is niet berekend.",
    ),
    "of_soil": (
        "Layers between soundings are interpolated; certainty is told by the distance to the nearest sounding.",
        "Lagen tussen sonderingen zijn geïnterpoleerd; de zekerheid volgt uit de afstand tot de dichtstbijzijnde sondering.",
    ),
    "no_water": ("The level of the groundwater is not known here.", "De grondwaterstand is hier niet bekend."),
    "no_soil": ("No sounding within 250 m: the soil is not known.", "Geen sondering binnen 250 m: de grond is niet bekend."),
    "no_datum": ("The source states no vertical datum.", "De bron noemt geen hoogtepeil."),
    "ring_at": ("ring {ring} m, cover {cover} m", "gewelf {ring} m, dekking {cover} m"),
    "ring_only": ("ring {ring} m", "gewelf {ring} m"),
    "depth_short": ("distance (m)", "afstand (m)"),
    "across": ("across {name}", "dwars over {name}"), "along": ("along {name}", "langs {name}"),
    "with_changes": ("with the changes", "met de ingreep"), "without_changes": ("without the changes", "zonder de ingreep"),
})  # fmt: skip

_LANGUAGES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    language: MappingProxyType({key: both[k] for key, both in _WORDS.items()}) for k, language in enumerate(("en", "nl"))
})  # fmt: skip


def section_words(language: str) -> Mapping[str, str]:
    """The words of a language, those of sections before those of all plots.

    Raises
    ------
    ParameterError
        When it is none that plots have.
    """
    others = words(language)
    return ChainMap(dict(_LANGUAGES[language]), dict(others))
