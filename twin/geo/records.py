"""What a city says of itself: where each part came from, what is wrong with it, and what is a part of what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part of the city came from.

    Parameters
    ----------
    name : str
        File name or address.
    format : str
        What it was read as, with its version.
    licence, credit : str
        As the source states them; empty when it does not.
    sha256 : str
        Checksum of the file, empty for what was generated.
    date : str
        Date the source states, ISO 8601, or empty.
    layers : tuple of str
        Layers and rasters of the city that (a part of) it is in; empty where that is not known.
    """

    name: str
    format: str
    licence: str = ""
    credit: str = ""
    sha256: str = ""
    date: str = ""
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one object.

    Parameters
    ----------
    code : str
        What kind of fault, e.g. ``"vertex-index"``.
    object_id : str
        Object it was found in; empty for the file as a whole.
    message : str
        What is wrong and what was done about it.
    severity : {"error", "warning", "info"}
        ``error``: (part of) the object was left out.
    path : str
        Where in the file.
    """

    code: str
    object_id: str
    message: str
    severity: str = "warning"
    path: str = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """What was found while reading or checking; nothing is dropped without a line here."""

    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.findings)

    def __repr__(self) -> str:
        counted = ", ".join(f"{count} {code}" for code, count in self.counts().items())
        return f"<Quality: {len(self)} findings{': ' + counted if counted else ''}>"

    def __add__(self, other: Quality) -> Quality:
        return Quality(self.findings + other.findings)

    @property
    def errors(self) -> int:
        """Number of findings because of which something was left out."""
        return sum(finding.severity == "error" for finding in self.findings)

    def counts(self) -> dict[str, int]:
        """Findings by code, most frequent first."""
        counted = pd.Series([finding.code for finding in self.findings], dtype=str).value_counts()
        return {str(code): int(count) for code, count in counted.items()}

    def to_frame(self) -> pd.DataFrame:
        """One row a finding: code, severity, object_id, message, path."""
        columns = ["code", "severity", "object_id", "message", "path"]
        rows = [[getattr(finding, column) for column in columns] for finding in self.findings]
        return pd.DataFrame(rows, columns=columns)


def with_descendants(objects: pd.DataFrame, ids: Iterable[str]) -> set[str]:
    """Some objects with all their parts, and the parts of those.

    Parameters
    ----------
    objects : DataFrame
        Table of objects with their ``parent``.
    ids : iterable of str
    """
    children: dict[str, list[str]] = {}
    for one, parent in zip(objects.index, objects["parent"], strict=True):
        if parent:
            children.setdefault(str(parent), []).append(str(one))
    found: set[str] = set()
    stack = [str(one) for one in ids]
    while stack:
        one = stack.pop()
        if one not in found:
            found.add(one)
            stack += children.get(one, [])
    return found
