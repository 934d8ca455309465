"""Where ways of OpenStreetMap meet, and which of those above the street are one deck."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from twin.geo.readers.osm_streets import Street, surface_of

RAMP_M = 20.0
"""A shorter way from a deck down to the street cannot be a ramp: 3.4 m, a flight of twenty steps, would be steeper than one in
six [m]. Such a deck lies on the ground, whatever its layer."""

Node = tuple[float, float]


class Place(NamedTuple):
    """A way or an area that people walk on.

    Parameters
    ----------
    id : str
    layer : int
    shape : shapely geometry
        Line or area [m].
    """

    id: str
    layer: int
    shape: BaseGeometry

    @property
    def nodes(self) -> list[Node]:
        """Its corners."""
        return [(x, y) for x, y in shapely.get_coordinates(self.shape).tolist()]


def walked(streets: Iterable[Street]) -> list[Place]:
    """Ways that people walk on; steps do not count, for they are what joins."""
    found = []
    for one in streets:
        if one.rail or one.kind == "steps" or one.element.shape is None or surface_of(one.element.tags, one.kind) == "motorway":
            continue
        found.append(Place(one.element.id, one.layer, one.element.shape))
    return found


def _layers(places: Sequence[Place]) -> dict[Node, set[int]]:
    found: dict[Node, set[int]] = {}
    for place in places:
        for node in place.nodes:
            found.setdefault(node, set()).add(place.layer)
    return found


class Meeting:
    """Layers and decks that meet at each node.

    A deck is what hangs together above the street without touching it. A way that comes down to the street is a ramp, and no
    deck; where it is too short for one, the deck that it ends at lies on the ground, and is none.

    Parameters
    ----------
    ways, areas : sequence of Place
        Areas count at nodes that no way has.
    """

    def __init__(self, ways: Sequence[Place], areas: Sequence[Place] = ()) -> None:
        self.layers = _layers(areas) | _layers(ways)
        self._decks: dict[tuple[Node, int], str] = {}
        self.deck_of: dict[str, str] = self._found([place for place in (*ways, *areas) if place.layer > 0])

    def at(self, node: Node) -> set[int]:
        """Layers of what meets at a node."""
        return self.layers.get(node, set())

    def deck(self, node: Node, layer: int) -> str | None:
        """Deck of a layer at a node; None for the street, a ramp, and what lies on the ground."""
        return self._decks.get((node, layer))

    def _found(self, above: list[Place]) -> dict[str, str]:
        """Deck of each way or area that is part of one, by its id; names of decks sort by layer."""
        members: dict[tuple[Node, int], list[str]] = {}
        grounded: set[tuple[Node, int]] = set()
        group: dict[str, str] = {}

        def leader(one: str) -> str:
            while group[one] != one:
                group[one] = one = group[group[one]]
            return one

        for place in above:
            nodes = place.nodes
            if any(0 in self.layers[node] for node in nodes):
                if place.shape.geom_type != "LineString" or place.shape.length < RAMP_M:
                    grounded |= {(node, place.layer) for node in nodes}
                continue
            group[place.id] = place.id
            for node in nodes:
                members.setdefault((node, place.layer), []).append(place.id)
        for ids in members.values():
            for one in ids[1:]:
                group[leader(one)] = leader(ids[0])
        low = {leader(one) for key in grounded for one in members.get(key, ())}
        layer_of = {place.id: place.layer for place in above}
        decks = {one: f"{layer_of[one]:04d} {leader(one)}" for one in group if leader(one) not in low}
        self._decks = {key: decks[ids[0]] for key, ids in members.items() if ids[0] in decks}
        return decks
