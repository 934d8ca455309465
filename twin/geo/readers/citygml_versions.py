"""Which objects of a file are there now: dates of their end, and the versions of CityGML 3.0."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from twin.geo.readers.citygml_names import HREF, split
from twin.geo.readers.model import Findings

if TYPE_CHECKING:
    from lxml.etree import _Element

    from twin.geo.readers.citygml_objects import Objects

_ENDS = ("terminationDate", "validTo")


class Versions:
    """Collects the versions of a file, and which follows which."""

    def __init__(self) -> None:
        self._members: dict[str, set[str]] = {}
        self._replaced: set[str] = set()

    def add(self, holder: _Element) -> None:
        """Take a version or a transition between two."""
        for element in holder:
            local = split(element.tag)[1]
            if local == "Version":
                key = next((value for name, value in element.items() if split(name)[1] == "id"), f"version {len(self._members)}")
                members = (split(child.tag)[1] == "versionMember" and child.get(HREF, "") for child in element)
                self._members[key] = {member.removeprefix("#") for member in members if member}
            elif local == "VersionTransition":
                for child in element:
                    if split(child.tag)[1] == "from":
                        self._replaced.add(child.get(HREF, "").removeprefix("#"))

    def replaced(self) -> set[str]:
        """Objects that are in a version, and in none that is the last of its line."""
        now: set[str] = set()
        before: set[str] = set()
        for key, members in self._members.items():
            if key in self._replaced:
                before |= members
            else:
                now |= members
        return before - now if now else set()


def left_out(objects: Objects, versions: Versions, now: datetime, findings: Findings) -> set[int]:
    """Rows of the objects that are no more, with their parts; each is noted.

    An object is no more when its ``terminationDate`` or ``validTo`` is past, or when it is only in versions that others
    follow. When that is so of all objects, the file describes a former state, and all of them stay.
    """
    replaced = versions.replaced()
    number = {key: row for row, key in enumerate(objects.ids)}
    gone: dict[int, str] = {}
    for row, record in enumerate(objects.attributes):
        up = number.get(objects.parents[row], -1)
        if up in gone:
            gone[row] = ""
            continue
        ended = _ended(record, now)
        if ended:
            gone[row] = f"ended on {ended}; left out"
        elif objects.ids[row] in replaced:
            gone[row] = "is not in the last version of the file; left out"
    if len(gone) == len(objects.ids) and gone:
        findings.add("ended", "", "every object has ended; the file is read as the former state that it describes")
        return set()
    for row, message in gone.items():
        if message:
            findings.add("ended", objects.ids[row], message, path=f"line {objects.lines[row]}")
    return set(gone)


def _ended(record: dict[str, Any], now: datetime) -> str:
    """Date at which an object ended, or empty."""
    for name in _ENDS:
        stated = record.get(name)
        if not isinstance(stated, str):
            continue
        try:
            end = datetime.fromisoformat(stated)
        except ValueError:
            continue
        if (end if end.tzinfo else end.replace(tzinfo=UTC)) <= now:
            return stated
    return ""
