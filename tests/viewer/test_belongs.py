"""A crowd is drawn only over the city that it walked in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.errors import ParameterError, TwinError
from twin.geo.city import City
from twin.geo.crs import parse
from twin.result import Result
from viewer.belongs import extents_of
from viewer.compose import compose


def moved(result: Result, x: float, y: float) -> Result:
    fields = result.fields.assign_coords(x=result.fields["x"] + x, y=result.fields["y"] + y)
    people = result.trajectories.assign(x=result.trajectories["x"] + x, y=result.trajectories["y"] + y)
    people.attrs.update(result.trajectories.attrs)
    return replace(result, fields=fields, trajectories=people)


def test_a_crowd_of_another_city_is_refused_with_both_extents(town: City, crowd: Result) -> None:
    with pytest.raises(ParameterError) as error:
        compose(town, moved(crowd, -58_000.0, 2_000.0))
    said = str(error.value)
    assert isinstance(error.value, TwinError)
    assert f"the city reaches from ({town.bounds[0]:.0f}, {town.bounds[1]:.0f})" in said
    west, south, *_ = extents_of(crowd)["fields"]
    assert f"they reach from ({west - 58_000:.0f}, {south + 2_000:.0f})" in said
    assert "Test town" in said
    assert "read_city" in said


def test_people_without_a_field_are_looked_at_too(town: City, crowd: Result) -> None:
    bare = replace(crowd, fields=crowd.fields.drop_vars(list(crowd.fields.data_vars)))
    assert compose(town, bare).layer("people")
    with pytest.raises(ParameterError, match="the people of the result do not lie in the city"):
        compose(town, moved(bare, 5_000.0, 0.0))


def test_a_crowd_that_is_partly_in_the_city_is_drawn(town: City, crowd: Result) -> None:
    width = town.bounds[2] - town.bounds[0]
    assert compose(town, moved(crowd, 0.7 * width, 0.0)).layer("people")


@pytest.mark.parametrize(
    ("stated", "same"), [("EPSG:7415", True), ("EPSG:28992", True), ("", True), ("nonsense", True), ("EPSG:25832", False)]
)
def test_the_coordinate_system_has_to_be_the_same_in_plan(town: City, crowd: Result, stated: str, same: bool) -> None:
    result = replace(crowd, fields=crowd.fields.assign_attrs(crs=stated))
    if same:
        assert compose(town, result).layer("people")
    else:
        with pytest.raises(ParameterError, match=r"the result is in EPSG:25832, the city in EPSG:7415.*the city reaches from"):
            compose(town, result)
    wkt = parse("EPSG:7415").to_wkt()
    assert compose(town, replace(crowd, fields=crowd.fields.assign_attrs(crs=wkt))).layer("people")


def test_places_that_are_not_known_do_not_count(town: City, crowd: Result) -> None:
    people = crowd.trajectories.copy()
    people.loc[people.index[0], "x"] = np.nan
    people.attrs.update(crowd.trajectories.attrs)
    extent = extents_of(replace(crowd, trajectories=people))["people"]
    assert np.isfinite(extent).all()
