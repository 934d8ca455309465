"""Names for people: of files and ids, where nobody gave a better one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twin.errors import ParameterError

if TYPE_CHECKING:
    from twin.geo.city import City

_SUFFIXES = re.compile(r"(\.[A-Za-z][A-Za-z0-9]{1,7})+$")
"""A name may have dots of its own ("CityGML3.0_roads.gml"): only what begins like a suffix is one."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")


def readable_id(name: str) -> str:
    """An id as words: ``"plan-tower"`` becomes ``"Plan tower"``."""
    words = " ".join(re.split(r"[\s_-]+", name.strip())).strip()
    return words[:1].upper() + words[1:] if words else name


def readable_label(label: str) -> str:
    """A label as it is, or as words where it is but an id: ``"stage"`` becomes ``"Stage"``."""
    return readable_id(label) if re.fullmatch(r"[a-z0-9]+([_-][a-z0-9]+)*", label) else label


def readable_stem(name: str) -> str:
    """The name of a file without its folder and suffixes, as words: ``"DenHaag_01.city.json.zip"`` becomes ``"Den Haag 01"``.

    Hyphens stay: many names of places have them.
    """
    base = _last(name)
    stem = _HUMP.sub(" ", _SUFFIXES.sub("", base) or base)
    words = " ".join(stem.replace("_", " ").split())
    return words[:1].upper() + words[1:]


def title_of(city: City, title: str = "") -> str:
    """What is written over a picture of a city.

    A title that is only the name of one of the city's files says less than the name of the city.

    Parameters
    ----------
    city : City
    title : str
        As given; empty for none.
    """
    files = [source.name.split("!")[0] for source in city.sources]
    if title and title not in files and title not in {_last(name) for name in files}:
        return title
    return city.name or next((readable_stem(name) for name in files if _last(name)), "City")


def _last(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


LANGUAGES = ("en", "nl")


def check_language(language: str) -> None:
    """See that the viewer has words in a language.

    Raises
    ------
    ParameterError
        When it has none.
    """
    if language not in LANGUAGES:
        raise ParameterError(f"there are no words in `{language}`", hint=f"languages: {', '.join(LANGUAGES)}")


def translate(text: str, language: str) -> str:
    """What the viewer writes, in a language; the text itself where it is not one of the viewer's.

    Parameters
    ----------
    text : str
        In English.
    language : {"en", "nl"}

    Raises
    ------
    ParameterError
        When the language is not known.
    """
    check_language(language)
    if language == "en":
        return text
    from viewer.dutch import WORDS

    known = WORDS.get(text)
    if known is None and text.endswith(", cut"):
        return f"{translate(text[:-5], language)}, doorsnede"
    return text if known is None else known


def translate_thing(name: str, language: str) -> str:
    """A named class in a language: that there is none, or how many others; names of things stay as they are."""
    if name == "none":
        return translate(name, language)
    if language != "en" and re.fullmatch(r"[1-9]\d* others", name):
        return f"{name.split()[0]} {translate('others', language)}"
    return name


def translate_parts(text: str, language: str) -> str:
    """As `translate`; of a text that it does not know the parts between commas and colons, each begun as it was."""
    whole = translate(text, language)
    if whole != text or language == "en":
        return whole
    parts = re.split(r"(, |: )", text)
    return "".join(_as_begun(part, language) for part in parts)


def _as_begun(part: str, language: str) -> str:
    known = translate(part, language)
    if known == part and part[:1].islower():
        known = translate(part[:1].upper() + part[1:], language)
        return known[:1].lower() + known[1:]
    return known


def translate_note(text: str, language: str) -> str:
    """As `translate_parts`, of words with numbers with decimals among them."""
    known = translate_parts(text, language)
    return re.sub(r"(?<=\d)\.(?=\d)", ",", known) if language == "nl" else known


def local_number(text: str, language: str) -> str:
    """A number with a point and commas for thousands as it is written in a language."""
    if language != "nl":
        return text
    return text.translate(str.maketrans(".,", ",."))
