"""From a city and a result to a scene."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from twin.errors import ParameterError
from twin.geo.crs import short_name
from viewer import buildings, objects, own_meshes, results, style, underground, views
from viewer.added import corners_of, name_layer, names_of
from viewer.belongs import require_same_place
from viewer.bridges import bridges_layer
from viewer.changes import ChangeShape, PlacedChange, change_layers, holes, place
from viewer.damage import damage_layer, screened_cellars
from viewer.floor import FloorLayers
from viewer.ground import Ground, local
from viewer.groundwater import Level, face_lines, head_layers, heads_of, levels_of, surface_layers
from viewer.key import by_height, key_of
from viewer.markers import marker_labels, marker_layers
from viewer.no_height import unknown_buildings_layer
from viewer.pit_notes import pit_measures, pit_notes, pit_view, wall_lines
from viewer.pit_stages import deepest, stages_of
from viewer.pit_structure import structure_layers
from viewer.pits import pit_layers, without_things_in
from viewer.planes import PIT, sections_of
from viewer.scene import FieldLayer, KeyEntry, Layer, MeshLayer, PeopleLayer, Scene, Section, SoilBlock, View
from viewer.sky import where_on_earth
from viewer.soil import Soil, soil_near
from viewer.soundings import block_layers, only_soundings, soil_columns
from viewer.stages import NO_DESIGN, SceneStage, staged
from viewer.words import title_of

if TYPE_CHECKING:
    from twin.compare import Comparison
    from twin.geo.city import City
    from twin.result import Result
    from twin.scenario import Scenario


SUN_AZIMUTH_DEG = 215.0
SUN_OF_A_CITY_DEG = 160.0
"""Where the sun stands over a city without a run: beside the camera in the south-west, so that walls are told from roofs."""


def compose(
    city: City | Result | Comparison,
    result: Result | Comparison | None = None,
    *,
    scenario: Scenario | None = None,
    title: str = "",
    subtitle: str = "",
    changes: Iterable[ChangeShape | Mapping[str, Any]] = (),
    added_buildings: Iterable[str] | Mapping[str, str] = (),
    time: float | None = None,
    field: str = "density",
    view: Sequence[View] | None = None,
    clock_start: str = "",
    credits: Sequence[str] | None = None,
    notes: Sequence[str] = (),
) -> Scene:
    """Make a scene of a city and what a run gave, or what two gave.

    Parameters
    ----------
    city : City, Result or Comparison
        A result or a comparison alone is drawn on the floor that it was walked on, such as that of `twin.simulate_crowd`.
    result : Result or Comparison, optional
        Its density is draped on the floor, one layer a level, and its people stand on it. A comparison gives both sides and their
        difference, see `Scene.on`; of what follows only `scenario` and `time` are then asked, the rest its scenario says.
    scenario : Scenario, optional
        Of a comparison; by default the one that its results were made of.
    title, subtitle : str
        By default the name of the city, else that of its file as words; also where the title is just the name of that file.
    changes : iterable of ChangeShape or mapping
        What the scenario changes, to be drawn; see `viewer.changes.ChangeShape`.
    added_buildings : iterable or mapping of str
        Ids of buildings to show in the colour of a change and with a name, or what to write over them, by id. By default the label
        that the scenario of the result gives them, else the id as words.
    time : float, optional
        Moment to show first [s]; by default when most of the floor is crowded.
    field : str
        Variable of the result to drape.
    view : sequence of View, optional
        Cameras to use, e.g. those of the baseline's scene, so that two pictures compare; by default chosen here.
    clock_start : str
        Clock time at t = 0, ``"14:30"``.
    credits, notes : sequence of str
        Credits default to those of the city's sources. A synthetic city and a partial result add their own note.

    Raises
    ------
    GeometryError
        When the city is empty.
    ParameterError
        When the result has no field of that name or is of another place than the city, or a change cannot be drawn; of a result
        alone, when it does not hold its floor.
    """
    from twin.geo.city import City

    if not isinstance(city, City):
        if result is not None:
            raise ParameterError("the city comes first: viewer.compose(city, result)")
        return compose_without_city(city, title=title, subtitle=subtitle, time=time, field=field, clock_start=clock_start)
    if result is not None:
        from twin.compare import Comparison
        from viewer.sides import compose_comparison

        if isinstance(result, Comparison):
            return compose_comparison(city, result, scenario, time=time)
        require_same_place(city, result)
    names = names_of(added_buildings, result)
    nothing_else = city.terrain is None or not any(len(frame) for frame in city.layers.values())
    surface_model = city.dsm is not None and nothing_else and not len(city.surfaces)
    if surface_model:
        # nothing stands on the ground but in the surface model: that is what there is to see
        city = replace(city, terrain=city.dsm)
    ground = Ground(city)
    placed = place(changes, city.origin, ground.at)
    drawn = own_meshes.objects_with_mesh(city)
    floor = FloorLayers(city, ground, drawn, holes(placed), own_meshes.has_terrain_mesh(city))
    layers: list[Layer]
    only = only_soundings(city)
    if only:
        layers = block_layers(city)
    else:
        layers = [*floor.layers(), *_solid_layers(city, drawn, ground, floor, set(names))]
        layers += marker_labels(layers, city)
    layers += change_layers(placed)
    pits = [item for item in placed if item.kind == "excavation"]
    soil = soil_near(city, [item.shape for item in pits])
    stages = stages_of(pits)
    levels, heads = levels_of(result, city.origin), heads_of(result, city.origin)
    layers += surface_layers(levels, pits, _local_shapes(city, "water"), floor.raster.at)
    layers += head_layers(heads, pits)
    layers += _pits(placed, city, soil, levels, stages)
    layers += soil_columns(city) if not only else []
    new = corners_of(layers, names)
    layers += name_layer(new, names)
    if result is not None:
        layers += results.line_labels(result, city.origin, floor.raster.at)
    layers, key = _keyed(layers, city, surface_model=surface_model)
    layers, of_cellars = screened_cellars(result, layers)
    damaged, of_damage = damage_layer(result, layers)
    layers += [damaged] if damaged is not None else []
    screened = {entry.layer for entry in of_cellars}
    key = (*of_damage, *of_cellars, *(entry for entry in key if entry.layer not in screened))
    fields = results.field_layers(result, field, city.origin) if result is not None else []
    people = results.people_layer(result, city.origin) if result is not None else None
    impacts, legends = results.impact_layers(result, city.origin) if result is not None else ([], [])
    layers += [*fields, *impacts]
    if people is not None:
        layers.append(people)
    sections = sections_of(city, layers, placed, results.busiest(fields)[1])
    cameras = tuple(view) if view is not None else _cameras(city, floor, fields, people, layers, new)
    opened = next((one for one in sections if one.name == PIT), None)
    if opened is not None:
        seen = pit_view(pits[0], opened, _local_shapes(city, "cellars")) if view is None else None
        cameras = cameras if seen is None else (*cameras, seen)
        layers += _notes_of_pit(pits[0], opened, stages, None if soil is None else soil.block, [*levels, *heads], city)
    return Scene(
        title=title_of(city, title),
        subtitle=subtitle,
        layers=tuple(layers),
        views=cameras,
        legends=(*((style.fruin_legend(),) if fields else ()), *legends),
        origin=(float(city.origin[0]), float(city.origin[1]), float(city.origin[2])),
        crs=short_name(city.crs),
        times=results.timeline(fields, people),
        clock_start=clock_start,
        time=results.first_moment(time, fields, people),
        credits=tuple(credits) if credits is not None else _credits(city),
        notes=_notes(city, result, (*notes, *((NO_DESIGN,) if stages or (result is not None and "pit" in result.impacts) else ()))),
        key=key,
        sun_azimuth_deg=SUN_AZIMUTH_DEG if result is not None else SUN_OF_A_CITY_DEG,
        sections=sections,
        stages=stages,
        stage=deepest(pits, stages),
        soil=None if soil is None else soil.block,
        **where_on_earth(city),
    )


def _pits(
    placed: list[PlacedChange], city: City, soil: Soil | None, levels: list[Level], stages: Sequence[SceneStage]
) -> list[Layer]:
    """Excavations and what holds them, in each stage."""
    pits = [item for item in placed if item.kind == "excavation"]

    def those_of(stage: SceneStage | None) -> list[Layer]:
        made = pit_layers(placed, city, soil, stage, wells=not levels)
        return [*made, *face_lines(levels, pits, stage), *structure_layers(pits, stage)]

    return staged({stage.name: those_of(stage) for stage in stages}) if stages else those_of(None)


def _notes_of_pit(
    item: PlacedChange, section: Section, stages: Sequence[SceneStage], soil: SoilBlock | None, levels: list[Level], city: City
) -> list[Layer]:
    """Levels and layers that are written beside the first pit where it is cut open, in each stage."""

    def those_of(stage: SceneStage | None) -> list[Layer]:
        notes = pit_notes(item, section, stage, soil, levels, float(city.origin[2]), height_system(city))
        made = (pit_measures(item, section, stage), notes, wall_lines(item, section, stage))
        return [layer for layer in made if layer is not None]

    return staged({stage.name: those_of(stage) for stage in stages}) if stages else those_of(None)


def height_system(city: City) -> str:
    """What heights are called: ``NAP``; empty where that is not known."""
    from twin.geo.crs import vertical

    part = vertical(city.crs) if city.crs is not None else None
    return "NAP" if part is not None and "NAP" in part.name.upper() else ""


def _local_shapes(city: City, layer: str) -> list[BaseGeometry]:
    frame = city.layers[layer]
    return [shape for shape in local(frame.geometry.values, city) if shape is not None] if len(frame) else []


def compose_without_city(result: Result | Comparison, **options: Any) -> Scene:
    """A scene of a result alone, or of both sides of a comparison; see `viewer.bare`."""
    from twin.compare import Comparison
    from viewer.bare import compose_bare
    from viewer.sides import merged

    if isinstance(result, Comparison):
        options["title"] = options["title"] or result.title
        variant = compose_bare(result.variant, **options)
        options["time"] = variant.time
        return merged(compose_bare(result.baseline, **options, beside=variant), variant)
    return compose_bare(result, **options)


def _solid_layers(city: City, drawn: set[str], ground: Ground, floor: FloorLayers, marked: set[str]) -> list[MeshLayer]:
    made = [
        bridges_layer(city, drawn, floor.raster),
        buildings.buildings_layer(city, drawn, ground, marked),
        unknown_buildings_layer(city, drawn, ground),
        objects.trees_layer(city, drawn, ground),
        objects.furniture_layer(city, drawn, ground),
        underground.cellars_layer(city, drawn),
        underground.mains_layer(city, drawn, ground, floor.holes),
        underground.planned_pits_layer(city, ground, floor.holes),
    ]
    made = [layer if layer is None else without_things_in(layer, floor.holes) for layer in made]
    known = [layer for layer in made if layer is not None] + own_meshes.other_meshes(city, floor.holes)
    return known + marker_layers(city, ground)


def _keyed(layers: list[Layer], city: City, *, surface_model: bool) -> tuple[list[Layer], tuple[KeyEntry, ...]]:
    """The layers, and what their colours stand for; ground with nothing on it gets the colours of its height."""
    bare = [k for k, layer in enumerate(layers) if layer.name == "ground"]
    if {layer.name for layer in layers} <= {"ground", "surroundings"} and bare and city.terrain is not None:
        ground = layers[bare[0]]
        assert isinstance(ground, MeshLayer)
        label = "Surface" if surface_model else "Ground"
        tinted, entries = by_height(ground, float(city.origin[2]), label)
        return [tinted if layer is ground else layer for layer in layers], entries
    return layers, key_of(layers)


def _cameras(
    city: City,
    floor: FloorLayers,
    fields: list[FieldLayer],
    people: PeopleLayer | None,
    layers: list[Layer],
    new: Mapping[str, NDArray[np.float64]],
) -> tuple[View, ...]:
    west, south, east, north = city.bounds
    x, y = city.origin[:2]
    bounds = (west - x, south - y, east - x, north - y)
    heights: NDArray[np.float32] = floor.raster.heights
    meshes = [layer for layer in layers if isinstance(layer, MeshLayer)]
    own = [layer.vertices[:, 2] for layer in meshes if layer.name == "terrain_mesh"]
    level = float(np.nanmedian(heights)) if np.isfinite(heights).any() else float(np.median(own[0])) if own else 0.0
    busy = results.where_people_are(fields, people)
    changed = np.concatenate([np.empty((0, 3)), *(layer.vertices for layer in meshes if layer.name in ("changes", "pit"))])
    changed = changed[:: max(1, len(changed) // 300)]
    hot = results.busiest(fields)[1]
    added = np.concatenate([np.empty((0, 3)), *new.values()])
    return views.standard_views(busy, hot, bounds, level, meshes, SUN_AZIMUTH_DEG, changed, added)


def _credits(city: City) -> tuple[str, ...]:
    named = [(s.credit or s.name.split("!")[0], f"({s.licence})" if s.licence else "") for s in city.sources]
    lines = [" ".join(part for part in parts if part) for parts in named]
    return tuple(dict.fromkeys(line for line in lines if line))


def _notes(city: City, result: Result | None, notes: Sequence[str]) -> tuple[str, ...]:
    lines = list(notes)
    if city.synthetic:
        lines.insert(0, "Synthetic city: made up, not a survey")
    if result is not None and result.partial:
        lines.append("Partial result: the run was interrupted")
    return tuple(dict.fromkeys(lines))
