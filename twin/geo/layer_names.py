"""The layers of a city, and the columns that each promises."""

from __future__ import annotations

LAYERS: tuple[str, ...] = (
    "buildings",
    "roads",
    "streets",
    "stairs",
    "bridges",
    "tunnels",
    "water",
    "trees",
    "green",
    "furniture",
    "utilities",
    "cellars",
    "pits",
    "soundings",
    "wells",
    "stops",
    "sensors",
    "landuse",
    "other",
)
"""Every layer a city has. One that a source lacks is an empty frame.

Each is a GeoDataFrame indexed by object id (str), in the CRS of the city:

- ``buildings``: footprint polygon; ``ground_m``, ``roof_m`` (highest point, in the vertical datum), ``height_m``,
  ``height_source``, ``type``, and the attributes of the source. Of footprints with a surface model ``roof_m`` is the height at
  which their block stands for the roof (70th percentile) and ``roof_max_m`` the highest cell; ``outline_z_m`` is the height of
  the outline where the source has one. One that was placed from a file (``height_source`` ``"model:FILE"``) also has
  ``model``, ``azimuth_deg`` and ``scale``. From CityGML
  ``address`` (one line).
- ``roads``: polygon one can walk or drive on; ``surface`` (street, square, wharf, footway, unpaved, ...), ``level`` (name
  of the walkable level), ``z_m`` (height, NaN: on the terrain), ``kind`` and ``paving`` (what it is and is made of, in the
  words of the source), ``from_line`` (a line as wide as the source or a default says), ``citygml_type`` (Section,
  TrafficSpace, ...: what a part of a road is in CityGML).
- ``streets``: centre line; ``kind`` (as OpenStreetMap calls it: footway, steps, residential, ...), ``name``, ``width_m`` with
  ``width_source`` (tag, lanes, default), ``level``, ``layer``, ``bridge``, ``tunnel``, ``steps``, ``step_count``, ``incline``,
  ``slope`` (rise over run), ``handrail``, ``surface``, ``maxspeed_km_h``, ``lanes``, ``oneway``, ``foot``, ``motor_vehicle``,
  ``access``, ``lit``, ``max_weight_t``, ``max_axle_load_t``, ``max_width_m``, ``max_height_m`` (of vehicles).
- ``stairs``: polygon with its ``bottom_level``, ``top_level``, ``bottom_z_m``, ``top_z_m`` and ``up_azimuth_deg``
  (direction in which it climbs, from north clockwise); ``kind`` (steps, or abutment and joint: where a deck or tunnel meets
  the street on one height).
- ``bridges``: deck polygon; ``kind``, ``level``, ``z_m`` (deck), ``underside_z_m``.
- ``tunnels``: polygon; ``kind``, ``level``.
- ``water``: polygon; ``kind``, ``z_m`` (water level), ``width_m`` and ``width_source`` (of waterways drawn as lines).
- ``trees``: point; ``height_m``, ``crown_diameter_m``, ``crown_base_m``, ``z_m`` (foot), ``species``, ``leaf_type``, ``girth_m``.
- ``green``, ``landuse``: polygon; ``kind``.
- ``furniture``: point; ``kind`` (lamp, bench, antenna, ...), ``height_m``, ``z_m`` (foot); of antennas ``power_dbm``.
- ``other``: what has no layer of its own: walls and fences (lines or polygons), canopies, underground buildings; ``kind``.
- ``cellars``: polygon; ``floor_m``, ``crown_m`` (height of the vault above the floor), ``vault_m`` (thickness),
  ``cover_m``, ``span_azimuth_deg``, ``springing_m`` (above the floor), ``estimated``, ``estimated_columns`` (which ones);
  ``measure_faults`` where measures cannot be; where a source tells them ``kind``, ``condition``, ``foundation``, ``owner_class``,
  ``use``, ``rings``, ``backing_m``, ``material``, ``inspected``.
- ``utilities``: line; ``kind`` (sewer, water, gas, heat, electricity, telecom, pipe), ``diameter_m``, ``cover_m`` (ground
  above it), ``z_m`` (axis), ``invert_m``, ``invert_end_m``, ``estimated``, ``estimated_columns``. Points are installations.
- ``pits``: outline polygon (of the floor); ``bottom_m``, ``top_m``, ``status`` (planned, ...), and of one that is designed what
  `twin.geo.pits.Pit.columns` tells: ``wall``, ``toe_m``, ``slope``, ``settlement_mm``, ``concrete_m``, ``tension_kn_m2``, and
  ``stages``, ``supports``, ``wells`` as JSON.
- ``soundings``: point; ``kind`` (cpt, borehole, soil-face), ``surface_m``, ``depth_m``, ``quality_class``, ``date``,
  ``vertical_datum``, ``predrilled_m``, ``water_level_m``; what was measured in ``profile``, as a table by
  `twin.geo.subsurface.sounding_profile`.
- ``wells``: point, a row for each tube; ``well``, ``tube_number``, ``surface_m``, ``tube_top_m``, ``filter_top_m``,
  ``filter_bottom_m``, ``head_m`` (groundwater level, median), ``head_low_m``, ``head_high_m`` (5th and 95th percentile), all in
  the vertical datum; ``levels`` (their number), ``first_level``, ``last_level``.
- ``stops``: point where people arrive by public transport; ``name``, ``place`` (stop, station, entrance, ...), ``mode``,
  ``modes``, ``departures_day``, ``departures_day_total`` (with its platforms), ``first_departure``, ``last_departure``,
  ``service_date``, ``parent_station``, ``platform_code``, ``wheelchair_boarding``.
"""


def is_lamp(kind: str) -> bool:
    """Whether a kind of street furniture, in any letters, gives light to a street."""
    words = kind.lower()
    return any(one in words for one in ("lamp", "light", "lichtmast", "lantaarn", "lantern")) and "traffic" not in words
