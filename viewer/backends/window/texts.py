"""Sentences of the window in Dutch; English is written in the code."""

from __future__ import annotations

from twin.errors import ParameterError, did_you_mean
from viewer.words import LANGUAGES, translate_parts

DUTCH: dict[str, str] = {
    "Nothing moves in this scene": "In deze scène beweegt niets",
    "Speed x {0:g}": "Snelheid x {0:g}",
    "Nothing in this scene is done in stages": "Niets in deze scène gebeurt in fasen",
    "This scene compares nothing": "Deze scène vergelijkt niets",
    "Nothing is known of what lies underground here": "Van de ondergrond is hier niets bekend",
    "This scene has no sections of its own; X makes one": "Deze scène heeft zelf geen doorsneden; X maakt er een",
    "There is no section to move": "Er is geen doorsnede om te schuiven",
    "Where this scene lies is not known, so the sun stays where it is":
        "Waar deze scène ligt is niet bekend; de zon blijft dus staan",
    "Picture saved: {0}": "Afbeelding bewaard: {0}",
    "The picture was not saved: {0}": "De afbeelding is niet bewaard: {0}",
    "Layers": "Lagen",
    "Colours": "Kleuren",
    "Keys and mouse": "Toetsen en muis",
    "H: keys and mouse": "H: toetsen en muis",
    "{0} people": "{0} mensen",
    "Distance": "Afstand",
    "Height": "Hoogte",
    "Area": "Oppervlakte",
    "click points; Backspace takes one back, Esc ends": "klik punten; Backspace neemt er een terug, Esc stopt",
    "straight": "recht gemeten",
    "in plan": "in plattegrond",
    "height difference": "hoogteverschil",
    "last stretch": "laatste stuk",
    "perimeter": "omtrek",
    "on the surface": "op het vlak",
    "upper end": "bovenkant",
    "lower end": "onderkant",
    "Place": "Plek",
    "Person": "Persoon",
    "id": "nummer",
    "height": "hoogte",
    "class": "klasse",
    "speed": "snelheid",
    "layer": "laag",
    "type": "soort",
    "kind": "soort",
    "use": "gebruik",
    "surface": "verharding",
    "roof": "dak",
    "height source": "herkomst hoogte",
    "roof shape": "dakvorm",
    "diameter": "diameter",
    "depth": "diepte",
    "cover": "dekking",
    "material": "materiaal",
    "floor": "vloer",
    "crown": "kruin",
    "crown diameter": "kroonbreedte",
    "crown base": "kroonvoet",
    "z": "hoogte",
    "level": "niveau",
    "section": "doorsnede",
    "section at {0} m": "doorsnede op {0} m",
    "looking underground": "in de grond kijken",
    "on foot": "te voet",
    "sun {0}°, {1}° high": "zon {0}°, {1}° hoog",
    "sun below the horizon": "zon onder de horizon",
    "ground": "Grond",
    "surroundings": "Omgeving",
    "street": "Straat",
    "green": "Groen",
    "buildings": "Gebouwen",
    "bridges": "Bruggen",
    "water": "Water",
    "furniture": "Straatmeubilair",
    "underground": "Ondergrond",
    "change": "Wijzigingen",
    "results": "Uitkomsten",
    "annotations": "Aanduidingen",
    "points": "Punten",
    "scale": "Schaal",
    "Density: street": "Drukte: straat",
    "Density: wharf": "Drukte: werf",
}  # fmt: skip


def say(text: str, language: str) -> str:
    """A text of the window in a language; the text itself where no translation is known."""
    if language != "nl":
        return text
    if text in DUTCH:
        return DUTCH[text]
    return translate_parts(text, language)


def check_language(language: str) -> str:
    """The language, when the window knows it.

    Raises
    ------
    ParameterError
        When it does not.
    """
    if language not in LANGUAGES:
        raise ParameterError(
            f"the window has no language `{language}`{did_you_mean(language, list(LANGUAGES))}",
            hint=f"it has: {', '.join(LANGUAGES)}",
        )
    return language
