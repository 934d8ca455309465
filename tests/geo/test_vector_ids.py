"""Ids and numbers of vector files: what names an object in every file, and what only counts the rows of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.geo.test_vectors import city_of, codes, houses, write
from twin.geo.writers import write as write_city


@pytest.mark.parametrize("column", ["identificatie", "lokaalID", "bag_id", "gml_id", "GlobalID", "uuid"])
def test_ids_of_registers_name_an_object_in_every_file(tmp_path: Path, column: str) -> None:
    """However short they are, and whatever counts the rows beside them."""
    for number, name in enumerate(("pand_x.gpkg", "pand_y.gpkg")):
        frame = houses(objectid=[number, number + 1], height=[1.0, 2.0], **{column: ["A", "B"]})
        write(frame, tmp_path / name)
    city = city_of([tmp_path / "pand_x.gpkg", tmp_path / "pand_y.gpkg"])
    assert city.buildings.index.tolist() == ["A", "B"]
    assert codes(city)["duplicate-id"] == 2


def test_a_shapefile_cuts_the_name_of_an_id(tmp_path: Path) -> None:
    frame = houses(identificatie=["A", "B"], height=[1.0, 2.0])
    write(frame, tmp_path / "pand_x.gpkg")
    write(frame.rename(columns={"identificatie": "identifica"}), tmp_path / "pand_y.shp")
    city = city_of([tmp_path / "pand_x.gpkg", tmp_path / "pand_y.shp"])
    assert city.buildings.index.tolist() == ["A", "B"]


@pytest.mark.parametrize("column", ["id", "fid_1", "objectid", "gid", "ogc_fid"])
def test_numbers_of_rows_name_nothing_beyond_their_table(tmp_path: Path, column: str) -> None:
    for name in ("pand_x.gpkg", "pand_y.gpkg"):
        write(houses(height=[1.0, 2.0], **{column: [1, 2]}), tmp_path / name)
    assert len(city_of([tmp_path / "pand_x.gpkg", tmp_path / "pand_y.gpkg"]).buildings) == 4


@pytest.mark.parametrize("name", ["panden.gpkg", "panden.fgb", "panden.shp", "panden.parquet"])
@pytest.mark.parametrize("clip", [None, (135990, 454990, 136005, 455005)])
def test_large_whole_numbers_with_gaps_keep_their_digits(tmp_path: Path, name: str, clip: Any) -> None:
    """A float has no room for the last digit of such a number."""
    nr = pd.array([2**53 + 1, None], dtype="Int64")
    frame = houses(uuid=["A", "B"], nr=nr, small=pd.array([None, 3], dtype="Int64"), height=[1.0, 2.0])
    rows = city_of(write(frame, tmp_path / name), clip=clip).buildings
    assert rows.loc["A", "nr"] == 9007199254740993
    assert rows["nr"].isna().sum() == len(rows) - 1
    assert str(rows["small"].dtype) == "Int64"


def test_large_whole_numbers_survive_a_round_trip(tmp_path: Path) -> None:
    frame = houses(uuid=["A", "B"], nr=pd.array([2**53 + 1, None], dtype="Int64"), height=[1.0, 2.0])
    frame.to_parquet(tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    # without what pandas says of its columns, as others write it
    bare = {key: value for key, value in table.schema.metadata.items() if key != b"pandas"}
    pq.write_table(table.replace_schema_metadata(bare), tmp_path / "a.parquet")
    city = city_of(tmp_path / "a.parquet", layer={"a": "buildings"})
    for out in ("b.gpkg", "b.parquet"):
        write_city(city, tmp_path / out)
        assert city_of(tmp_path / out).buildings["nr"].iloc[0] == 2**53 + 1
