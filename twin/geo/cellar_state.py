"""What is known of a cellar besides its measures: kind, state, rings, backing, foundation, class of owner, use."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.errors import did_you_mean
from twin.geo.measures import VOID, key_of

UNKNOWN = "unknown"

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


class NotUnderstood(NamedTuple):
    """What a source says of a cellar and nobody here understands.

    Parameters
    ----------
    row : int
    ours : str
        Column of ours that it would be.
    message : str
        The column of the source, what it says, and what it may say.
    """

    row: int
    ours: str
    message: str


def state_of(frame: pd.DataFrame, missed: list[NotUnderstood] | None = None) -> dict[str, pd.Series]:
    """What a source states of the state of cellars, in our words.

    Parameters
    ----------
    frame : DataFrame
        With the columns of the source.
    missed : list of NotUnderstood, optional
        Where to put what is said and not understood. What stands in a column that may name an owner is not repeated.

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
            if missed is not None:
                missed += _words_missed(frame[columns], words, ours, meanings)
    for ours, (names, (low, high)) in NUMBERS.items():
        column = next((known[name] for name in names if name in known), "")
        if column:
            text = frame[column].map(lambda value: str(value).replace(",", ".").removesuffix("m").strip())
            values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64, na_value=np.nan)
            if missed is not None:
                for row, value in enumerate(frame[column]):
                    if not VOID.match(_text(value).lower()) and not low <= values[row] <= high:
                        told = f"`{column}` is {_text(value)!r}, which cannot be: {ours} is from {low:g} to {high:g}"
                        missed.append(NotUnderstood(row, ours, told))
            found[ours] = pd.Series(np.where((values >= low) & (values <= high), values, np.nan), index=frame.index)
    column = next((known[name] for name in DATES if name in known), "")
    if column:
        dates = [_date(value) for value in frame[column]]
        if missed is not None:
            missed += [
                NotUnderstood(row, "inspected", f"`{column}` is {_text(value)!r}, which is no date: write 2024-05-31")
                for row, value in enumerate(frame[column])
                if not dates[row] and not VOID.match(_text(value).lower()) and _text(value) != "NaT"
            ]
        found["inspected"] = pd.Series(pd.array(dates, dtype="str"), index=frame.index)
    return found


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA else str(value).strip()


def _words_missed(
    frame: pd.DataFrame, words: list[str], ours: str, meanings: tuple[tuple[tuple[str, ...], str], ...]
) -> list[NotUnderstood]:
    """Rows of which columns say something of a cellar that has no meaning here."""
    known = list(dict.fromkeys(word for _, word in meanings))
    every = [*known, *(word for names, _ in meanings for word in names)]
    missed = []
    for column in frame.columns:
        if is_of_an_owner(str(column)):
            continue
        for row, value in enumerate(frame[column]):
            said = _text(value)
            plain = said.lower()
            general = ours == "kind" and any(one in plain for one in ("kelder", "cellar", "basement"))
            if words[row] == UNKNOWN and not VOID.match(plain) and not general:
                scores = ", or a score of NEN 2767 from 1 to 6" if ours == "condition" else ""
                told = f"`{column}` is {said!r}, which is not understood and taken as unknown{did_you_mean(said, every)}"
                missed.append(NotUnderstood(row, ours, f"{told} (known: {', '.join(known)}{scores})"))
    return missed


def _first(words: list[str]) -> str:
    return next((word for word in words if word != UNKNOWN), UNKNOWN)


def _meaning(value: object, meanings: tuple[tuple[tuple[str, ...], str], ...], ours: str) -> str:
    text = _text(value).lower()
    if VOID.match(text):
        return UNKNOWN
    if ours == "condition" and re.fullmatch(r"[1-6](\.0)?", text):
        return ("good", "good", "fair", "poor", "poor", "poor")[int(text[0]) - 1]
    for words, ours_word in meanings:
        # a short word stands within others: "bar" in "openbaar"
        if any(word in (text if len(word) > 3 else re.findall(r"\w+", text)) for word in words):
            return ours_word
    return UNKNOWN


def _date(value: object) -> str:
    text = _text(value)
    if VOID.match(text.lower()):
        return ""
    day_first = bool(re.match(r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", text))
    date = pd.to_datetime(text, errors="coerce", dayfirst=day_first)
    return "" if pd.isna(date) else str(date.date())
