"""Made-up cities of any kind, for laws that hold for all: hills and holes in the ground, blocks, decks that float, trees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from tests.impacts.places import SOUTH, WEST, block, plain, planted
from twin.geo.city import City
from twin.geo.readers.rows import joined
from twin.geo.terrain import Terrain
from twin.grid import GridSpec

SIDE = 240

CHANGES = ("block", "gone", "higher", "dug", "felled", "planted", "farther", "deck")


def raster(seed: int, cell: float, low: float, high: float, holes: float = 0.0) -> Terrain:
    """Heights that know no order, half of them level."""
    made = np.random.default_rng(seed)
    count = int(SIDE / cell)
    height = made.uniform(low, high, (count, count)).astype(np.float32)
    height[made.random(height.shape) < holes] = np.nan
    height[count // 2 :, : count // 3] = np.nan if holes else 0.5 * (low + high)
    return Terrain(GridSpec(WEST, SOUTH + SIDE, cell, height.shape, "EPSG:7415"), height)


def deck(city: City, name: str, west: float, south: float, east: float, north: float, top: float) -> City:
    """The city with a slab of a metre that floats, in the layer of bridges."""
    built = block(city, name, west, south, east, north, 5.0)
    row = int(built.objects.index.get_loc(name))
    mesh = built.surfaces
    own = np.unique(mesh.triangles[mesh.owner == row])
    vertices = mesh.vertices.copy()
    vertices[own, 2] = np.where(vertices[own, 2] > vertices[own, 2].min() + 1.0, top, top - 1.0)
    frame = built.buildings.loc[[name], ["geometry"]]
    layer = built.objects["layer"].where(built.objects.index != name, "bridges")
    return replace(
        built, surfaces=replace(mesh, vertices=vertices), objects=built.objects.assign(layer=layer),
        layers={**built.layers, "buildings": built.buildings.drop(name), "bridges": frame},
    )  # fmt: skip


@st.composite
def towns(draw: st.DrawFn) -> City:
    """A plain with hills or holes, some blocks and a deck, trees or a raster of crowns, perhaps larger than its terrain."""
    seed = draw(st.integers(0, 10_000))
    made = np.random.default_rng(seed)
    city = plain(SIDE)
    if draw(st.booleans()):
        low, high = draw(st.sampled_from([(-2.0, 5.0), (0.0, 0.4)]))
        city = replace(city, terrain=raster(seed, draw(st.sampled_from([1.0, 4.0])), low, high, draw(st.sampled_from([0.0, 0.3]))))
    tallest = draw(st.sampled_from([4.0, 12.0, 60.0]))
    for k in range(draw(st.integers(0, 4))):
        west, south = made.uniform(-20, SIDE - 30, 2)
        size = made.uniform(2, 50), made.uniform(2, 30)
        city = block(city, f"house-{k}", west, south, west + size[0], south + size[1], made.uniform(3, tallest))
    if len(city.surfaces) and draw(st.booleans()):
        vertices = city.surfaces.vertices.copy()
        roof = vertices[:, 2] > 4.5
        vertices[roof, 2] += 0.25 * (vertices[roof, 0] % 20.0)  # their roofs slope
        city = replace(city, surfaces=replace(city.surfaces, vertices=vertices))
    if draw(st.booleans()):
        west, south = made.uniform(0, SIDE - 30, 2)
        city = deck(city, "deck", west, south, west + 25, south + 6, made.uniform(4, 20))
    kind = draw(st.sampled_from(["none", "trees", "feet", "canopy", "dsm"]))
    if kind in ("trees", "feet"):
        foot = {"z_m": float(made.uniform(2, 6))} if kind == "feet" else {}
        spots = made.uniform(5, SIDE - 5, (5, 2))
        city = planted(city, [{"x": x, "y": y, "height_m": made.uniform(3, 18), **foot} for x, y in spots])
    elif kind != "none":
        city = replace(city, **{kind: raster(seed + 1, 4.0, 0.0, 25.0, 0.3)})
    return city


def other(before: City, seed: int, what: str) -> City:
    """A city that was changed in one of the ways of `CHANGES`; the same where that is not possible."""
    made = np.random.default_rng(seed)
    x, y = made.uniform(10, SIDE - 40, 2)
    if what == "block":
        return block(before, "new", x, y, x + 12, y + 9, made.uniform(3, 30))
    if what == "farther":  # and the city grows
        return block(before, "new", SIDE - 8, y, SIDE + 6, y + 9, 8.0)
    if what == "deck":
        return deck(before, "new", x, y, x + 20, y + 5, made.uniform(4, 20))
    if what == "gone" and len(before.buildings):
        return before.without([str(before.buildings.index[0])])
    if what == "higher" and len(before.surfaces):
        mesh = before.surfaces
        moved = mesh.vertices + np.array([0.0, 0.0, 1.5]) * (np.arange(len(mesh.vertices)) < 4)[:, None]
        return replace(before, surfaces=replace(mesh, vertices=moved))
    if what == "dug" and before.terrain is not None:
        height = before.terrain.height.copy()
        row, column = (int(v / before.terrain.grid.cell) for v in (y, x))
        height[row : row + 6, column : column + 4] = -3.0
        return replace(before, terrain=Terrain(before.terrain.grid, height))
    if what == "felled" and len(before.trees):
        return before.with_layer("trees", before.trees.iloc[1:])
    if what == "planted":
        more = planted(before, [{"x": x, "y": y, "height_m": 12.0}]).trees
        more.index = more.index.map("new-{}".format)
        return before.with_layer("trees", joined(before.trees, more))
    return before


def area_of(seed: int) -> tuple[float, float, float, float]:
    """A part of a town."""
    west, south, wide, deep = np.random.default_rng(seed).integers([0, 0, 30, 30], [150, 150, 90, 90]).tolist()
    return WEST + west, SOUTH + south, WEST + west + wide, SOUTH + south + deep
