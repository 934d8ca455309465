"""Members of CityJSON objects beside their attributes, which extensions add: columns like attributes, but kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twin.geo.readers.layer_columns import OURS_OF

OBJECT_MEMBERS = "object_members"
"""Key of `City.metadata` with the names of such members by the columns that hold them."""

OWN_KEYS = frozenset(
    {
        "type", "attributes", "geometry", "children", "parents", "parent", "members", "address", "geographicalExtent", "bbox",
        "children_roles", "semantics",
    }
)  # fmt: skip
"""Members that CityJSON has itself, in any version."""

OURS = frozenset().union(*OURS_OF.values()) | {"id"}
"""Columns of ours, which are attributes in a file."""


class Members:
    """Which columns hold members of objects, for all of a file."""

    def __init__(self) -> None:
        self.columns: dict[str, str] = {}
        self._both: frozenset[str] = frozenset()

    def look(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """See which names some objects have as a member and others, or the same, as an attribute."""
        objects = list(objects)
        beside = {key for one in objects for key in one} - OWN_KEYS
        if beside:
            stated = (one.get("attributes") for one in objects)
            self._both = frozenset(name for one in stated if isinstance(one, dict) for name in one.keys() & beside)

    def of(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Members of one object by column: ``NAME_member`` where an attribute or a column of ours has that name."""
        found: dict[str, Any] = {}
        for name in sorted(content.keys() - OWN_KEYS):
            value = content[name]
            if name.startswith("attributes-") and isinstance(value, dict):
                # version 0.8 has the attributes of an extension in a list of their own
                found.update({f"{name}.{key}": one for key, one in value.items()})
                continue
            column = f"{name}_member" if name in self._both or name in OURS else name
            self.columns[column] = name
            found[column] = value
        return found


def put_back(stated: dict[str, Any], written: dict[str, Any], metadata: Mapping[str, Any]) -> None:
    """Put the members of an object where they stood, beside its attributes, from which they are taken.

    Parameters
    ----------
    stated : dict
        Attributes of the object.
    written : dict
        The object of CityJSON so far.
    metadata : mapping
        Of the city.
    """
    columns = metadata.get(OBJECT_MEMBERS)
    for column, name in columns.items() if isinstance(columns, Mapping) else ():
        if column in stated and isinstance(name, str) and name not in written and name not in OWN_KEYS:
            written[name] = stated.pop(column)
