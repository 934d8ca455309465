"""What is known of a cellar besides its measures: kind, state, rings, backing, foundation, class of owner, use."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from twin.geo.measures import key_of

UNKNOWN = "unknown"
_VOID = re.compile(r"^(|-|\?|n\.?v\.?t\.?|nan|none|null|onbekend|unknown|-999\d*|9999?)$")

_KIND = (
    (("werf", "wharf"), "wharf"), (("kluis", "vault"), "vault"), (("straat", "street"), "street"), (("brug", "bridge"), "bridge"),
)  # fmt: skip
_FOUNDATION = (
    (("paal", "palen", "pile"), "piles"), (("staal", "shallow", "op zand", "ondiep", "slieten"), "shallow"),
)  # fmt: skip
_OWNER = (
    (("gemeente", "municipal", "openbaar", "publiek", "public"), "municipal"),
    (("particulier", "privé", "prive", "private", "vve"), "private"),
)  # fmt: skip
_USE = (
    (("woon", "woning", "dwelling", "wonen"), "dwelling"),
    (("horeca", "restaurant", "café", "cafe", "catering", "bar"), "catering"),
    (("winkel", "shop", "retail", "atelier", "galerie"), "shop"),
    (("opslag", "berging", "storage"), "storage"),
    (("leeg", "geen", "none", "ongebruikt"), "none"),
)  # fmt: skip
_CONDITION = (
    (("slecht", "poor", "bad", "kritiek"), "poor"), (("matig", "fair", "redelijk", "moderate"), "fair"), (("goed", "good"), "good"),
)  # fmt: skip
_MATERIAL = ((("baksteen", "brick", "metselwerk", "klooster"), "brick"), (("natuursteen", "stone", "zandsteen"), "stone"))

WORDS = {
    "kind": (("kind", "soort", "type", "soort_kelder", "kelder_type", "keldersoort"), _KIND),
    "condition": (
        ("condition", "conditie", "staat", "toestand", "bouwkundige_staat", "nen2767", "nen_2767", "conditiescore"), _CONDITION,
    ),
    "foundation": (("foundation", "fundering", "funderingstype", "fundering_type"), _FOUNDATION),
    "owner_class": (("owner_class", "eigendom", "soort_eigenaar", "eigenaar_soort", "type_eigenaar", "eigenaar", "owner"), _OWNER),
    "use": (("use", "gebruik", "functie", "gebruiksfunctie", "function"), _USE),
    "material": (("material", "materiaal", "gewelf_materiaal"), _MATERIAL),
}
"""Columns of ours, names of those that state them, most trusted first, and what their words mean."""
NUMBERS = {
    "rings": (("rings", "ringen", "aantal_ringen", "koppen", "rollagen"), (1.0, 6.0)),
    "backing_m": (("backing_m", "backing", "aanrazering", "aanrazing", "aanvulling_hoogte"), (0.0, 3.0)),
}
DATES = ("inspected", "inspectiedatum", "datum_inspectie", "inspection_date", "laatste_inspectie")
_OWNED = re.compile(r"(^|_)(eigenaar|eigenaren|eigenares|owner|owners|owned_by|rechthebbende|contactpersoon|contact|bewoner)(_|$)")


def is_of_an_owner(column: str) -> bool:
    """Whether a column of a source may name the owner of a cellar, or someone else; it is not kept."""
    return bool(_OWNED.search(key_of(column))) and key_of(column) != "owner_class"


def state_of(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """What a source states of the state of cellars, in our words.

    Parameters
    ----------
    frame : DataFrame
        With the columns of the source.

    Returns
    -------
    dict of str to (N,) Series
        ``kind`` (wharf, vault, street, bridge), ``condition`` (good, fair, poor; also of scores of NEN 2767: 1 and 2, 3, 4 to 6),
        ``rings``, ``backing_m`` [m], ``foundation`` (piles, shallow), ``owner_class`` (municipal, private), ``use`` (dwelling,
        catering, shop, storage, none), ``material`` (brick, stone) and ``inspected`` (a date, ``2024-05-01``): those for which the
        source has a column. ``unknown`` (NaN for numbers, empty for dates) where it says nothing, or nothing that is understood.
    """
    known: dict[str, str] = {}
    for column in frame.columns:
        known.setdefault(key_of(str(column)), str(column))
    found: dict[str, pd.Series] = {}
    for ours, (names, meanings) in WORDS.items():
        columns = [known[name] for name in names if name in known]
        if columns:
            words = [_first([_meaning(value, meanings, ours) for value in row]) for row in frame[columns].itertuples(index=False)]
            if ours in known or any(word != UNKNOWN for word in words) or ours == "owner_class":
                found[ours] = pd.Series(pd.array(words, dtype="str"), index=frame.index)
    for ours, (names, (low, high)) in NUMBERS.items():
        column = next((known[name] for name in names if name in known), "")
        if column:
            text = frame[column].map(lambda value: str(value).replace(",", ".").removesuffix("m").strip())
            values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64, na_value=np.nan)
            found[ours] = pd.Series(np.where((values >= low) & (values <= high), values, np.nan), index=frame.index)
    column = next((known[name] for name in DATES if name in known), "")
    if column:
        found["inspected"] = pd.Series(pd.array([_date(value) for value in frame[column]], dtype="str"), index=frame.index)
    return found


def _first(words: list[str]) -> str:
    return next((word for word in words if word != UNKNOWN), UNKNOWN)


def _meaning(value: object, meanings: tuple[tuple[tuple[str, ...], str], ...], ours: str) -> str:
    text = "" if value is None else str(value).strip().lower()
    if _VOID.match(text):
        return UNKNOWN
    if ours == "condition" and re.fullmatch(r"[1-6](\.0)?", text):
        return ("good", "good", "fair", "poor", "poor", "poor")[int(text[0]) - 1]
    for words, ours_word in meanings:
        # a short word stands within others: "bar" in "openbaar"
        if any(word in (text if len(word) > 3 else re.findall(r"\w+", text)) for word in words):
            return ours_word
    return UNKNOWN


def _date(value: object) -> str:
    text = "" if value is None else str(value).strip()
    if _VOID.match(text.lower()):
        return ""
    day_first = bool(re.match(r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", text))
    date = pd.to_datetime(text, errors="coerce", dayfirst=day_first)
    return "" if pd.isna(date) else str(date.date())
