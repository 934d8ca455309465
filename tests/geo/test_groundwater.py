"""Wells and groundwater levels of the Dutch register and of DINOloket, and documents that must not be trusted."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.testing import assert_allclose

from tests.geo.damage import damaged, read_or_told
from twin.errors import FormatError, TwinError
from twin.geo.city import City, read_city
from twin.geo.groundwater import joined_tubes, level_columns
from twin.geo.readers.model import Findings

Put = Callable[..., Path]
XSD = "http://www.broservices.nl/xsd"

WELL = f"""<?xml version="1.0" encoding="UTF-8"?>
<dispatchDataResponse xmlns="{XSD}/dsgmw/1.1" xmlns:b="{XSD}/brocommon/3.0" xmlns:c="{XSD}/gmwcommon/1.1"
 xmlns:gml="http://www.opengis.net/gml/3.2">
<b:responseType>dispatch</b:responseType><dispatchDocument><GMW_PO gml:id="a"><b:broId>GMW000000000007</b:broId>
<owner>1234</owner>
<deliveredLocation><c:location srsName="urn:ogc:def:crs:EPSG::28992"><gml:pos>136000.5 456000.25</gml:pos></c:location>
</deliveredLocation>
<deliveredVerticalPosition><c:localVerticalReferencePoint>NAP</c:localVerticalReferencePoint><c:offset uom="m">0.000</c:offset>
<c:verticalDatum>NAP</c:verticalDatum><c:groundLevelPosition uom="m">2.750</c:groundLevelPosition></deliveredVerticalPosition>
<wellHistory><wellConstructionDate><b:date>2019-05-06</b:date></wellConstructionDate></wellHistory>
<monitoringTube><tubeNumber>1</tubeNumber><tubeTopPosition uom="m">2.600</tubeTopPosition>
<screen><screenLength uom="m">1.0</screenLength>
<screenTopPosition uom="m">-0.400</screenTopPosition><screenBottomPosition uom="m">-1.400</screenBottomPosition></screen>
</monitoringTube>
<monitoringTube><tubeNumber>2</tubeNumber><tubeTopPosition uom="m">2.610</tubeTopPosition>
<screen><screenLength uom="m">2.0</screenLength>
</screen><plainTubePart><c:plainTubePartLength uom="m">12.0</c:plainTubePartLength></plainTubePart></monitoringTube>
</GMW_PO></dispatchDocument></dispatchDataResponse>
"""


def point(time: str, value: str, judged: str = "goedgekeurd") -> str:
    return (
        f"<w:point><w:MeasurementTVP><w:time>{time}</w:time>{value}<w:metadata><w:TVPMeasurementMetadata><w:qualifier><s:Category>"
        f"<s:value>{judged}</s:value></s:Category></w:qualifier></w:TVPMeasurementMetadata></w:metadata></w:MeasurementTVP></w:point>"
    )


def observation(status: str, kind: str, points: str) -> str:
    return (
        f'<observation><om:OM_Observation><om:metadata><w:ObservationMetadata><w:status x:href="urn:bro:gld:StatusCode:{status}"/>'
        '<w:parameter><om:NamedValue><om:name x:href="urn:bro:gld:ObservationMetadata:observationType"/>'
        f"<om:value>{kind}</om:value></om:NamedValue></w:parameter></w:ObservationMetadata></om:metadata><om:result>"
        f"<w:MeasurementTimeseries>{points}</w:MeasurementTimeseries></om:result></om:OM_Observation></observation>"
    )


def value(level: float, unit: str = "m") -> str:
    return f'<w:value uom="{unit}">{level}</w:value>'


def dossier(observations: str, tube: str = "<t:tubeNumber>1</t:tubeNumber>") -> str:
    return (
        f'<dispatchDataResponse xmlns="{XSD}/dsgld/1.0" xmlns:b="{XSD}/brocommon/3.0" xmlns:t="{XSD}/gldcommon/1.0" '
        'xmlns:w="http://www.opengis.net/waterml/2.0" xmlns:om="http://www.opengis.net/om/2.0" '
        'xmlns:s="http://www.opengis.net/swe/2.0" xmlns:x="http://www.w3.org/1999/xlink"><dispatchDocument><GLD_O>'
        "<b:broId>GLD000000000009</b:broId><monitoringPoint><t:GroundwaterMonitoringTube><t:broId>GMW000000000007</t:broId>"
        f"{tube}</t:GroundwaterMonitoringTube></monitoringPoint>{observations}</GLD_O></dispatchDocument></dispatchDataResponse>"
    )


_PROVISIONAL = "".join(point(f"2021-01-{day:02d}T12:00:00+01:00", value(day)) for day in range(1, 22))
DOSSIER = dossier(
    observation("voorlopig", "reguliereMeting", _PROVISIONAL)
    + observation("volledigBeoordeeld", "reguliereMeting", point("2021-01-01T12:00:00+01:00", value(50, "cm")))
    + observation("volledigBeoordeeld", "reguliereMeting", point("2021-03-01T12:00:00+01:00", value(99), "afgekeurd"))
    + observation("volledigBeoordeeld", "controleMeting", point("2021-03-02T12:00:00+01:00", value(99)))
    + observation("voorlopig", "reguliereMeting", point("2021-03-03T12:00:00+01:00", "<w:value/>"))
)
"""Levels 1 to 21 m, of which the first was judged later to be 0.5 m; one rejected, one check, one without a value."""

DINO = """"Titel:","Grondwaterstanden"
"Referentie:","NAP"

"Locatie","Filternummer","Externe aanduiding","X-coordinaat","Y-coordinaat","Maaiveld (cm t.o.v. NAP)","Datum maaiveld gemeten","Startdatum","Einddatum","Meetpunt (cm t.o.v. NAP)","Meetpunt (cm t.o.v. MV)","Bovenkant filter (cm t.o.v. NAP)","Onderkant filter (cm t.o.v. NAP)"
"B31H0001","001","X1","136500","455500","-87","28-02-1985","28-02-1985","31-12-1986","-17","70","","-386"
"B31H0001","001","X1","136500","455500","-85","01-01-1987","01-01-1987","31-12-1990","-17","68","-286","-386"

"Locatie","Filternummer","Peildatum","Stand (cm t.o.v. MP)","Stand (cm t.o.v. MV)","Stand (cm t.o.v NAP)","Bijzonderheid","Opmerking"
"B31H0001","001","28-02-1985","177","107","-194","",""
"B31H0001","001","14-03-1985","115","45","-132","",""
"B31H0001","001","28-03-1985","","","","droog",""
"B31H0001","001","15-04-1985","164","94","-181","",""
"""  # noqa: E501  (as DINOloket writes it, a row a line)

SERIES = (
    "Tijdstip,Voorlopige Waarde [m],Voorlopige Opmerking,Beoordeelde Waarde [m],Beoordeelde Opmerking,Controle Waarde [m]\n"
    "2020-09-14T02:00:00+02:00,0.790,,0.800,,\n2020-09-14T03:00:00+02:00,0.790,,,,9.9\n2020-09-15T04:00:00+02:00,,,,,9.9\n"
    "2020-09-16T04:00:00+02:00,0.700,,,,\n"
)


def codes(city: City) -> dict[str, int]:
    return {code: count for code, count in city.quality.counts().items() if code not in ("level-dossier",)}


@pytest.mark.realdata
def test_a_well_of_the_register(real_data: Path) -> None:
    city = read_city(real_data / "subsurface" / "GMW000000036287.xml")
    row = city.wells.loc["GMW000000036287-1"]
    assert city.crs.to_epsg() == 7415
    assert (row.geometry.x, row.geometry.y) == (118300.381, 439767.501)
    assert [row[name] for name in ("surface_m", "tube_top_m", "filter_top_m", "filter_bottom_m")] == [1.932, 1.802, 0.142, -0.858]
    assert (row["well"], row["tube_number"], row["date"]) == ("GMW000000036287", 1, pd.Timestamp("2020-08-06"))
    # The tube is as long as its plain part and its screen together.
    assert_allclose(row["tube_top_m"] - row["filter_bottom_m"], row["plainTubePartLength_m"] + row["screenLength_m"])
    assert codes(city) == {}


@pytest.mark.realdata
def test_the_rest_of_the_register_is_read_or_named(real_data: Path) -> None:
    folder = real_data / "subsurface"
    city = read_city(folder / "GUF000000016723.xml")
    use = city.utilities.loc["GUF000000016723"]
    assert (use.geometry.x, use.geometry.y) == (118254.0, 439851.0)
    assert (use["kind"], use["use"], use["depth_m"]) == ("groundwater use", "geslotenBodemenergiesysteem", 150.0)
    for name, what in (("GAR000000042563", "groundwater analysis report"), ("GMN000000000163", "groundwater monitoring net")):
        city = read_city(folder / f"{name}.xml")
        (finding,) = city.quality.findings
        assert (finding.code, finding.object_id) == ("not-used", name)
        assert what in finding.message
        assert not any(len(frame) for frame in city.layers.values())


@pytest.mark.realdata
def test_all_of_the_folder_as_one_city(real_data: Path) -> None:
    folder = real_data / "subsurface"
    names = [path for path in sorted(folder.iterdir()) if path.name != "cpt_pre_excavated.gef"]
    city = read_city(names)
    assert city.crs.to_epsg() == 7415
    # 13 soundings, of which two (of one project) have one name.
    assert len(city.soundings) == 12
    assert (len(city.wells), len(city.utilities)) == (1, 1)
    # two of the files hold fewer records than their headers promise; one does not say how high the ground is
    told = sorted(finding.code for finding in city.quality.findings if finding.severity == "error")
    assert told == ["duplicate-id", "record-count", "record-count", "surface-unknown"]
    west, south, east, north = city.soundings.total_bounds
    assert west > 70_000
    assert east < 170_000
    assert south > 400_000
    assert north < 500_000


def test_a_well_with_two_tubes(put: Put) -> None:
    frame = read_city(put(WELL, "w.xml")).wells
    assert frame.index.tolist() == ["GMW000000000007-1", "GMW000000000007-2"]
    assert frame["tube_number"].tolist() == [1, 2]
    assert frame["surface_m"].tolist() == [2.75, 2.75]
    # The second states lengths only.
    assert_allclose(frame["filter_top_m"], [-0.4, 2.61 - 12.0])
    assert_allclose(frame["filter_bottom_m"], [-1.4, 2.61 - 14.0])
    assert frame.geometry.iloc[0].equals(frame.geometry.iloc[1])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_levels_join_the_tube_they_were_measured_in(put: Put, order: tuple[int, int], tmp_path: Path) -> None:
    paths = [put(WELL, "w.xml"), put(DOSSIER, "d.xml")]
    city = read_city([paths[place] for place in order])
    frame = city.wells
    assert sorted(frame.index) == ["GMW000000000007-1", "GMW000000000007-2"]
    row = frame.loc["GMW000000000007-1"]
    assert (row.geometry.x, row.geometry.y) == (136000.5, 456000.25)
    levels = [0.5, *range(2, 22)]
    assert row["levels"] == 21
    assert_allclose(row["head_m"], 11.0)
    assert_allclose([row["head_low_m"], row["head_high_m"]], np.percentile(levels, [5, 95]))
    assert (row["first_level"], row["last_level"]) == (pd.Timestamp("2021-01-01"), pd.Timestamp("2021-01-21"))
    assert_allclose([row["surface_m"], row["filter_top_m"]], [2.75, -0.4])
    assert pd.isna(frame.loc["GMW000000000007-2", "head_m"])
    assert codes(city) == {"level-left-out": 1}
    again = read_city(city.save(tmp_path / "out"))
    assert again.wells.loc["GMW000000000007-1", "head_m"] == row["head_m"]


def test_a_dossier_alone_has_no_place(put: Put) -> None:
    city = read_city(put(DOSSIER, "d.xml"))
    assert city.wells.geometry.is_empty.all()
    assert "level-dossier" in city.quality.counts()
    assert city.summary()


def test_a_dossier_of_no_well_is_refused(put: Put) -> None:
    with pytest.raises(FormatError, match="of which well"):
        read_city(put(DOSSIER.replace("<t:broId>GMW000000000007</t:broId>", ""), "d.xml"))


def test_levels_of_dinoloket(put: Put) -> None:
    city = read_city(put(DINO, "B31H0001001_1.csv"))
    row = city.wells.loc["B31H0001-1"]
    assert (row.geometry.x, row.geometry.y) == (136500, 455500)
    heights = [row[name] for name in ("surface_m", "tube_top_m", "filter_top_m", "filter_bottom_m")]
    assert_allclose(heights, [-0.85, -0.17, -2.86, -3.86])
    assert row["levels"] == 3
    assert_allclose(row["head_m"], -1.81)
    assert (row["first_level"], row["last_level"]) == (pd.Timestamp("1985-02-28"), pd.Timestamp("1985-04-15"))
    assert codes(city) == {"record": 1}


def test_a_series_of_the_register(put: Put) -> None:
    row = read_city(put(SERIES, "GLD000000012893_series.csv")).wells.loc["GLD000000012893_series"]
    assert row["dossier"] == "GLD000000012893"
    # Judged before provisional; checks do not count.
    assert row["levels"] == 3
    assert_allclose(row["head_m"], 0.79)
    in_ms = SERIES.replace("2020-09-14T02:00:00+02:00", "1600041600000").replace("2020-09-14T03:00:00+02:00", "1600045200000")
    in_ms = in_ms.replace("2020-09-15T04:00:00+02:00", "1600135200000").replace("2020-09-16T04:00:00+02:00", "1600221600000")
    assert read_city(put(in_ms, "s.csv")).wells.iloc[0]["last_level"] == pd.Timestamp("2020-09-16")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SERIES.split("\n")[0] + "\n", "no levels"),
        (SERIES.replace("Waarde [m]", "waarde"), "no column with levels"),
        (DINO.split('"Locatie"')[0] + '"Locatie","Filternummer","(cm t.o.v. x)"\n', "neither tubes nor levels"),
    ],
)
def test_tables_without_levels_are_refused(put: Put, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_city(put(text, "levels.csv"))


def test_summary_of_no_levels() -> None:
    nothing = level_columns(pd.Series([np.nan], index=pd.DatetimeIndex(["2020-01-01"])))
    assert nothing["levels"] == 0
    assert np.isnan(nothing["head_m"])


def test_what_is_stated_twice_and_differs_is_told() -> None:
    index = pd.Index(["w-1"], name="id", dtype="str")
    one = gpd.GeoDataFrame({"surface_m": [1.0], "a": ["x"]}, geometry=[shapely.Point(1, 2)], index=index, crs=28992)
    two = gpd.GeoDataFrame({"surface_m": [1.5], "b": ["y"]}, geometry=[shapely.Point(3, 4)], index=index, crs=28992)
    findings = Findings()
    both = joined_tubes(one, two, "two.xml", findings)
    assert both.loc["w-1", ["surface_m", "a", "b"]].tolist() == [1.0, "x", "y"]
    assert both.geometry.iloc[0].equals(shapely.Point(1, 2))
    assert [finding.code for finding in findings.collected()] == ["stated-twice"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("EPSG::28992", "EPSG::99999999", "coordinates"),
        ("136000.5 456000.25", "456000.25 136000.5", "coordinates"),
        ("136000.5 456000.25", "here", "coordinates"),
        (">NAP</c:verticalDatum>", ">MSL</c:verticalDatum>", "vertical-datum"),
        ("<c:groundLevelPosition uom=\"m\">2.750</c:groundLevelPosition>", "", "surface-unknown"),
        ("<tubeNumber>2</tubeNumber>", "<tubeNumber>1</tubeNumber>", "duplicate-id"),
    ],
)  # fmt: skip
def test_a_poor_document_is_told(put: Put, old: str, new: str, code: str) -> None:
    assert old in WELL
    city = read_city(put(WELL.replace(old, new), "w.xml"))
    assert code in codes(city)


def test_latitude_comes_first_in_degrees(put: Put) -> None:
    """The register writes EPSG:4258 as latitude and longitude; place of the real well GMW000000036287 in both systems."""
    degrees = WELL.replace("EPSG::28992", "EPSG::4258").replace("136000.5 456000.25", "51.945145560 4.853433240")
    point = read_city(put(degrees, "w.xml")).wells.geometry.iloc[0]
    assert abs(point.x - 118300.381) < 0.5
    assert abs(point.y - 439767.501) < 0.5


def test_a_place_that_disagrees_with_itself_is_told(put: Put) -> None:
    other = (
        '<standardizedLocation><b:location srsName="urn:ogc:def:crs:EPSG::4258"><gml:pos>51.9 4.8</gml:pos></b:location>'
        "</standardizedLocation><deliveredVerticalPosition>"
    )
    city = read_city(put(WELL.replace("<deliveredVerticalPosition>", other, 1), "w.xml"))
    assert codes(city) == {"place-disagrees": 1}
    assert city.wells.geometry.iloc[0].x == 136000.5


FILE_ENTITY = '?>\n<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n'
BOMB = '?>\n<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY e "&a;&a;&a;&a;&a;&a;">]>\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WELL.replace("</GMW_PO>", ""), r"w.xml:\d+:\d+: broken XML"),
        (WELL.replace("dispatchDocument", "nothing"), "holds no object"),
        (WELL.replace("dsgmw", "dsxyz"), "`xyz` of the register"),
        (WELL.replace("?>\n", FILE_ENTITY, 1).replace("1234", "&e;"), "document type"),
        (WELL.replace("?>\n", BOMB, 1).replace("1234", "&e;"), "document type"),
        (WELL.replace("<owner>1234</owner>", "<a>" * 3000 + "</a>" * 3000), "broken XML"),
        (WELL.replace(f'"{XSD}/dsgmw/1.1"', '"urn:other"'), "not a document of the Dutch register"),
    ],
)
def test_a_document_that_must_not_be_trusted_is_refused(put: Put, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_city(put(text, "w.xml"))
    assert "root:" not in str(caught.value)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("name", ["w.xml", "d.xml", "dino.csv", "s.csv"])
def test_any_damage_is_told(put: Put, name: str, seed: int) -> None:
    text = {"w.xml": WELL, "d.xml": DOSSIER, "dino.csv": DINO, "s.csv": SERIES}[name]
    chance = random.Random(seed)
    content = damaged(text.encode(), chance, cut=60, letters=b"<>/&;'\",. \n-0123456789eE", longest=5)
    city = read_or_told(put(content, name))
    assert city is None or city.summary()


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["CPT000000155283.xml", "BHR000000336600.xml", "GUF000000016723.xml", "SFR000000000243.xml"])
def test_any_damage_to_real_documents_is_told(real_data: Path, put: Put, name: str) -> None:
    content = (real_data / "subsurface" / name).read_text("utf-8")
    marks = [place for place, letter in enumerate(content) if letter in "<>0123456789"]
    for seed in range(25):
        chance = random.Random(seed)
        damaged = list(content)
        for _ in range(3):
            damaged[chance.choice(marks)] = chance.choice(["", "x", "9", "-", "<", "nan"])
        tried: Any = None
        try:
            tried = read_city(put("".join(damaged), name))
        except TwinError:
            continue
        assert tried.summary()
