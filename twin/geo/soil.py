"""Names of soils: what the codes of NEN 5104 mean, and which of six classes a code or a name belongs to."""

from __future__ import annotations

import re

CLASSES = ("gravel", "sand", "loam", "clay", "peat", "made ground")
"""Classes of soil that `soil_class` tells; ``""`` is none of them."""

_MAIN = {"G": "gravel", "Z": "sand", "L": "loam", "K": "clay", "V": "peat"}
_ADDED = {"s": "silty", "z": "sandy", "k": "clayey", "g": "gravelly", "h": "humic"}
_HOW_MUCH = {"": "", "1": "slightly ", "2": "moderately ", "3": "very ", "4": "extremely ", "X": ""}
_CODE = re.compile(r"^([GZLKV])((?:[szkghm][1-4X]?)*)$")
_PART = re.compile(r"([szkghm])([1-4X]?)")
_WORDS = (
    ("made ground", ("made ground", "ophoog", "antropog", "puin", "rubble", "verhard", "baksteen")),
    ("peat", ("veen", "peat", "detritus", "bruinkool")),
    ("gravel", ("grind", "gravel", "stenen", "keien")),
    ("sand", ("zand", "sand")),
    ("clay", ("klei", "clay", "zavel", "gyttja")),
    ("loam", ("leem", "loam", "silt", "loess", "löss")),
)


def describe_nen5104(code: str) -> str:
    """A code of NEN 5104:1989 in words: ``"Kz3h1"`` is ``"clay, very sandy, slightly humic"``.

    Returns
    -------
    str
        Empty for what is no such code.
    """
    found = _CODE.match(code.strip())
    if not found:
        return ""
    words = [_MAIN[found[1]]]
    for letter, degree in _PART.findall(found[2]):
        if letter == "m":
            words.append("poor in minerals")
        else:
            words.append(f"{_HOW_MUCH[degree]}{_ADDED[letter]}")
    return ", ".join(words)


def soil_class(name: str) -> str:
    """The class of a soil by its code in NEN 5104 or its name in Dutch or English.

    A Dutch name ends with its main part (``zwakZandigeKlei`` is clay), as ISO 14688 names them in the Netherlands too; what
    follows ``Met`` is an admixture. An English name starts with it.

    Returns
    -------
    str
        One of `CLASSES`, or empty.
    """
    text = name.strip()
    found = _CODE.match(text)
    if found:
        return _MAIN[found[1]]
    main = re.split(r"(?<=[a-z])Met(?=[A-Z])| met | with |[,:;(]", text)[0].lower()
    for kind, words in _WORDS[:1]:
        if any(word in text.lower() for word in words):
            return kind
    last = max(((main.rfind(word), kind) for kind, words in _WORDS[1:] for word in words), default=(-1, ""))
    return last[1] if last[0] >= 0 else ""
