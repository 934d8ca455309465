"""Soundings: GEF and the Dutch register, against pygef, the text of the files, and small documents."""

from __future__ import annotations

import builtins
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.geo.damage import damaged, read_or_told
from twin.errors import FormatError, GeometryError, MissingExtraError
from twin.geo.city import City, read_city
from twin.geo.readers.bro_soundings import CPT_COLUMNS
from twin.geo.readers.sounding_rows import corrected_depth
from twin.geo.soil import describe_nen5104, soil_class
from twin.geo.subsurface import profiles, sounding_profile

Put = Callable[..., Path]

CPT = """#GEFID= 1, 1, 0
#PROJECTID= CPT, 77
#TESTID= S1
#COLUMN= 4
#COLUMNINFO= 1, m, sondeerlengte, 1
#COLUMNINFO= 2, MPa, conusweerstand, 2
#COLUMNINFO= 3, MPa, wrijving, 3
#COLUMNINFO= 4, deg, helling, 8
#COLUMNVOID= 2, -9999
#COLUMNVOID= 3, -9999
#COLUMNVOID= 4, -9999
#XYID= 31000, 136000.5, 456000.25
#ZID= 31000, 2.5
#STARTDATE= 2020, 2, 29
#REPORTCODE= GEF-CPT-Report, 1, 1, 2, -
#EOH=
0.5 -9999 -9999 -9999
1.0 2.0 0.02 0
1.5 3.0 0.06 60
2.0 4.0 0.04 0
"""


def row_of(city: City) -> pd.Series[Any]:
    assert len(city.soundings) == 1
    return city.soundings.iloc[0]


def codes(city: City) -> dict[str, int]:
    return city.quality.counts()


def rows_of_text(path: Path) -> list[list[float]]:
    """The records of a GEF file, split by hand."""
    body = path.read_text("latin-1").split("#EOH")[1].split("\n", 1)[1]
    lines = [line.replace(";", " ").replace("!", " ").split() for line in body.splitlines() if line.strip()]
    return [[float(part) for part in line] for line in lines]


@pytest.mark.realdata
def test_example_is_in_the_centre_of_utrecht(real_data: Path) -> None:
    city = read_city(real_data / "subsurface" / "example.gef")
    row = row_of(city)
    assert city.crs.to_epsg() == 7415
    assert (row.geometry.x, row.geometry.y) == (136079.0, 456137.0)
    assert row["surface_m"] == 3.056
    assert (row.name, row["kind"], row["date"], row["predrilled_m"]) == ("3350433/S04", "cpt", "2013-03-16", 6.0)
    assert row["vertical_datum"] == "NAP"
    profile = sounding_profile(row)
    text = np.array(rows_of_text(real_data / "subsurface" / "example.gef"))
    text[text == 9999.0] = np.nan
    assert len(profile) == len(text) == 1484
    assert_allclose(profile["qc_MPa"], text[:, 1])
    assert_allclose(profile["fs_MPa"], text[:, 2])
    assert_allclose(profile["rf_percent"], text[:, 6])
    # Above the predrilled depth nothing was measured: the cone, and the depth that the inclination gives.
    known = np.isfinite(text[:, 7])
    assert profile["qc_MPa"].notna().sum() == known.sum() == 1183
    assert_allclose(profile["depth_m"][known], np.abs(text[known, 7]))
    assert_allclose(profile["depth_m"][~known], text[~known, 0])
    assert_allclose(profile["z_m"], 3.056 - profile["depth_m"])


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["cpt.gef", "cpt3.gef", "example.gef", "cpt_class_high.gef"])
def test_cone_penetration_tests_are_what_pygef_reads(real_data: Path, name: str) -> None:
    pygef = pytest.importorskip("pygef")
    path = real_data / "subsurface" / name
    theirs = pygef.read_cpt(str(path))
    row = row_of(read_city(path))
    assert row["surface_m"] == theirs.delivered_vertical_position_offset
    assert (row.geometry.x, row.geometry.y) == (theirs.delivered_location.x, theirs.delivered_location.y)
    assert (None if pd.isna(row["quality_class"]) else row["quality_class"]) == theirs.quality_class
    profile = sounding_profile(row).set_index("length_m")
    frame = theirs.data.to_pandas().set_index("penetrationLength") if hasattr(theirs.data, "to_pandas") else None
    assert frame is not None
    shared = profile.index.intersection(frame.index)
    assert len(shared) > 0.7 * len(profile)
    for ours, their in (("qc_MPa", "coneResistance"), ("fs_MPa", "localFriction")):
        mine = profile.loc[shared, ours]
        known = mine.notna().to_numpy()
        # What is missing in the file pygef interpolates; here it stays missing.
        assert known.mean() > 0.95
        assert_allclose(mine[known], frame.loc[shared, their][known])


@pytest.mark.realdata
def test_voids_are_missing_not_interpolated(real_data: Path) -> None:
    profile = sounding_profile(row_of(read_city(real_data / "subsurface" / "cpt_voids.gef")))
    assert_allclose(profile["depth_m"], [0.0, 0.01, 0.03, 0.05, 0.07, 0.09])
    assert_allclose(profile["qc_MPa"], [np.nan, 0.013, np.nan, 2.493, 14.766, np.nan])
    assert_allclose(profile["qt_MPa"], [np.nan, 0.013, 0.696, 2.496, 14.808, np.nan])


@pytest.mark.realdata
def test_what_is_odd_in_real_files_is_told(real_data: Path) -> None:
    folder = real_data / "subsurface"
    assert codes(read_city(folder / "cpt_class_high.gef")) == {"crs-assumed": 1}
    assert codes(read_city(folder / "B38B2152.gef")) == {"surface-unknown": 1}
    pre = read_city(folder / "cpt_pre_excavated.gef")
    assert codes(pre) == {"unit": 1}
    assert row_of(pre)["predrilled_m"] == 1.5
    assert sounding_profile(row_of(pre))["qc_MPa"].isna().all()
    assert sounding_profile(row_of(pre))["coneResistance_kN"].tolist() == [10.0, 15.0]
    # its lengths are below 0 throughout
    assert codes(read_city(folder / "cpt3.gef")) == {"column-taken": 1}


@pytest.mark.realdata
def test_boreholes_of_gef(real_data: Path) -> None:
    city = read_city([real_data / "subsurface" / name for name in ("example_bore.gef", "B38B2152.gef")])
    assert city.soundings.index.tolist() == ["B25D0598", "B38B2152"]
    assert city.soundings["date"].tolist() == ["2000-05-10", "1966-01-01"]
    assert city.soundings["depth_m"].tolist() == [153.0, 5.0]
    assert city.soundings["surface_m"].tolist()[0] == -4.0
    assert np.isnan(city.soundings["surface_m"].iloc[1])
    layers = profiles(city.soundings, "borehole")
    assert layers["id"].value_counts().to_dict() == {"B25D0598": 102, "B38B2152": 6}
    small = layers[layers["id"] == "B38B2152"]
    assert small["soil"].tolist() == ["Kz3", "Ks2", "Kh", "Ks2", "K", "Kz3h3"]
    assert small["soil_class"].unique().tolist() == ["clay"]
    assert small["top_m"].tolist() == [0.0, 1.5, 1.9, 2.2, 3.6, 4.8]
    assert small["description"].iloc[-1] == "clay, very sandy, very humic"
    deep = layers[layers["id"] == "B25D0598"]
    # Medians that the file does not state (-9999.99) are missing, although the neighbours have one.
    text = (real_data / "subsurface" / "example_bore.gef").read_text("latin-1").split("#EOH")[1].splitlines()[1:]
    medians = [float(line.split(";")[2]) for line in text if line.strip()]
    assert_allclose(deep["sand_median_um"].astype(float), [np.nan if value == -9999.99 else value for value in medians])
    assert_allclose(deep["bottom_z_m"], -4.0 - deep["bottom_m"])


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["CPT000000115243", "CPT000000155283"])
def test_register_cone_tests_are_what_pygef_reads(real_data: Path, name: str) -> None:
    pygef = pytest.importorskip("pygef")
    path = real_data / "subsurface" / f"{name}.xml"
    theirs = pygef.read_cpt(str(path))
    city = read_city(path)
    row = row_of(city)
    assert (row.name, city.crs.to_epsg(), row["quality_class"]) == (name, 7415, theirs.quality_class)
    assert (row.geometry.x, row.geometry.y) == (theirs.delivered_location.x, theirs.delivered_location.y)
    assert row["surface_m"] == theirs.delivered_vertical_position_offset
    assert (row["depth_m"], row["predrilled_m"]) == (theirs.final_depth, theirs.predrilled_depth)
    profile = sounding_profile(row)
    frame = theirs.data.to_pandas()
    kept = profile[profile["qc_MPa"].notna()]
    assert len(kept) == len(frame)
    for ours, their in (
        ("depth_m", "depth"), ("length_m", "penetrationLength"), ("qc_MPa", "coneResistance"), ("fs_MPa", "localFriction"),
        ("u2_MPa", "porePressureU2"), ("rf_percent", "frictionRatio"),
    ):  # fmt: skip
        assert_allclose(kept[ours].to_numpy(), frame[their].to_numpy(dtype=float))


@pytest.mark.realdata
def test_order_of_columns_is_the_one_of_the_parameters(real_data: Path) -> None:
    from lxml import etree

    for name in ("CPT000000115243", "CPT000000155283"):
        root = etree.parse(real_data / "subsurface" / f"{name}.xml").getroot()
        stated = next(one for one in root.iter("*") if one.tag.endswith("}parameters"))
        assert tuple(one.tag.split("}")[1] for one in stated) == CPT_COLUMNS


@pytest.mark.realdata
def test_register_boreholes(real_data: Path) -> None:
    pygef = pytest.importorskip("pygef")
    for name, layers in (("BHR000000336600", 9), ("DP14+074_MB_KR", 13)):
        path = real_data / "subsurface" / f"{name}.xml"
        theirs = pygef.read_bore(str(path)).data.to_pandas()
        profile = sounding_profile(row_of(read_city(path)))
        assert len(profile) == layers
        assert_allclose(profile["top_m"], theirs["upperBoundary"])
        assert_allclose(profile["bottom_m"], theirs["lowerBoundary"])
        assert profile["soil"].tolist() == theirs["geotechnicalSoilName"].tolist()
        assert set(profile["code_system"]) == {"NEN-EN-ISO 14688"}


@pytest.mark.realdata
def test_register_documents_that_pygef_does_not_read(real_data: Path) -> None:
    names = ["BHR000000175723.xml", "DP14+074_MB_KR.xml", "SFR000000000243.xml", "BHR000000336600.xml"]
    city = read_city([real_data / "subsurface" / name for name in names])
    frame = city.soundings
    assert frame.index.tolist() == ["BHR000000175723", "B083", "SFR000000000243", "BHR000000336600"]
    assert frame["kind"].tolist() == ["borehole", "borehole", "soil-face", "borehole"]
    assert frame["surface_m"].tolist() == [-1.04, 10.773, -1.04, 0.09]
    assert frame["depth_m"].tolist() == [1.7, 12.0, 1.1, 7.0]
    assert frame["date"].tolist() == ["1984-07", "2021-09-17", "1987-06", "2020-04-15"]
    assert_allclose(frame["water_level_m"], [np.nan, np.nan, np.nan, 0.09 - 1.60])
    layers = profiles(frame)
    peat = layers[layers["id"] == "BHR000000175723"]
    assert peat["soil"].tolist() == ["sterkSiltigeKlei", "matigSiltigeKlei", "mineraalarmVeen", "mineraalarmVeen"]
    assert peat["soil_class"].tolist() == ["clay", "clay", "peat", "peat"]
    assert (layers[layers["id"] == "SFR000000000243"]["code_system"] == "NEN 5104").all()
    # The first layer of the geotechnical borehole was brought there by people.
    assert layers[layers["id"] == "BHR000000336600"]["soil_class"].iloc[0] == "made ground"
    assert ", for delivery" in city.sources[1].format


@pytest.mark.realdata
def test_soundings_survive_the_city_folder(real_data: Path, tmp_path: Path) -> None:
    names = ["example.gef", "example_bore.gef", "CPT000000155283.xml", "BHR000000336600.xml"]
    city = read_city([real_data / "subsurface" / name for name in names])
    again = read_city(city.save(tmp_path / "out"))
    pd.testing.assert_frame_equal(pd.DataFrame(city.soundings), pd.DataFrame(again.soundings), check_like=True)
    pd.testing.assert_frame_equal(profiles(city.soundings), profiles(again.soundings))


def test_a_small_test_by_hand(put: Put) -> None:
    row = row_of(read_city(put(CPT, "s1.gef")))
    assert (row.name, row["date"], row["depth_m"]) == ("77/S1", "2020-02-29", row["profile"]["depth_m"][-1])
    profile = sounding_profile(row)
    # The third half metre went down at 60 degrees: a quarter of a metre of depth.
    assert_allclose(profile["depth_m"], [0.5, 1.0, 1.25, 1.75])
    assert_allclose(profile["length_m"], [0.5, 1.0, 1.5, 2.0])
    assert_allclose(profile["rf_percent"], [np.nan, 1.0, 2.0, 1.0])
    assert row["profile"]["depth_from"] == "inclination"


def test_a_column_of_whole_numbers_before_fractions(put: Put) -> None:
    """The library below pygef takes the first hundred records for the kind of all."""
    head, body = CPT.split("#EOH=\n")
    voids = "".join(f"{n / 100:.2f} -9999 -9999 -9999\n" for n in range(150))
    profile = sounding_profile(row_of(read_city(put(f"{head}#EOH=\n{voids}{body}", "s1.gef"))))
    assert len(profile) == 154
    assert profile["qc_MPa"].max() == 4.0


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("#ZID= 31000, 2.5\n", "", "surface-unknown"),
        ("#ZID= 31000, 2.5", "#ZID= 32001, 2.5", "vertical-datum"),
        ("#XYID= 31000,", "#XYID= 0,", "crs-assumed"),
        ("#XYID= 31000, 136000.5, 456000.25", "#XYID= 0, 1.5, 2.5", "no-crs"),
        ("#XYID= 31000, 136000.5, 456000.25", "#XYID= 31000, 456000.25, 136000.5", "coordinates"),
        ("2.0 4.0 0.04 0", "2.0 4.0", "record"),
        ("#COLUMNINFO= 2, MPa", "#COLUMNINFO= 2, kN", "unit"),
        ("#COLUMNINFO= 3, MPa", "#COLUMNINFO= 3, %", "unit"),
        ("#COLUMNINFO= 4, deg", "#COLUMNINFO= 4, MPa", "unit"),
        ("#COLUMNINFO= 4, deg, helling, 8", "#COLUMNINFO= 4, Graden(deg), wrijvingsgetal, 4", "unit"),
    ],
)
def test_a_poor_header_is_told(put: Put, old: str, new: str, code: str) -> None:
    assert old in CPT
    city = read_city(put(CPT.replace(old, new), "s1.gef"))
    assert code in codes(city)
    finding = next(finding for finding in city.quality.findings if finding.code == code)
    assert finding.object_id == "77/S1"
    assert finding.message


PROMISES = CPT.replace("#EOH=", "#LASTSCAN= 4\n#MEASUREMENTVAR= 16, 2.0, m, einddiepte\n#EOH=")


@pytest.mark.parametrize(
    ("old", "new", "severity", "words"),
    [
        ("", "", "", ""),
        ("2.0 4.0 0.04 0\n", "", "error", "promises 4 records (`#LASTSCAN`), the file holds 3"),
        ("#LASTSCAN= 4", "#FIRSTSCAN= 1\n#LASTSCAN= 5", "error", "promises 5 records"),
        ("#LASTSCAN= 4", "#FIRSTSCAN= 2\n#LASTSCAN= 5", "", ""),
        ("#LASTSCAN= 4", "#LASTSCAN= 3", "warning", "promises 3 records (`#LASTSCAN`), the file holds 4"),
        ("#COLUMN= 4", "#COLUMN= 5", "warning", "promises 5 columns (`#COLUMN`) and describes 4"),
        ("16, 2.0, m", "16, 9.5, m", "warning", "states a depth of 9.5 m, its records end at 2 m"),
        ("#LASTSCAN= 4\n", "", "", ""),
    ],
)
def test_what_the_header_promises_is_looked_for(put: Put, old: str, new: str, severity: str, words: str) -> None:
    assert old in PROMISES
    found = read_city(put(PROMISES.replace(old, new, 1), "s1.gef")).quality.findings
    assert [(one.code, one.object_id, one.severity) for one in found] == [("record-count", "77/S1", severity)] * bool(severity)
    assert all(words in one.message for one in found)


def test_a_last_record_without_its_end_is_told(put: Put) -> None:
    head, body = CPT.split("#EOH=\n")
    body = body.replace(" ", ";").replace("\n", ";!\n")
    text = f"{head}#COLUMNSEPARATOR= ;\n#RECORDSEPARATOR= !\n#EOH=\n{body}"
    assert codes(read_city(put(text, "s1.gef"))) == {}
    assert "record-count" in codes(read_city(put(text[:-4], "s1.gef")))


@pytest.mark.realdata
def test_real_tests_that_were_cut_are_told(real_data: Path, put: Put) -> None:
    for name in ("cpt.gef", "cpt3.gef", "cpt_class_high.gef", "example_bore.gef"):
        content = (real_data / "subsurface" / name).read_bytes()
        start = content.index(b"#EOH")
        for sixth in range(1, 6):
            try:
                city = read_city(put(content[: start + 20 + (len(content) - start - 20) * sixth // 6], name))
            except FormatError:
                continue
            found = [one for one in city.quality.findings if one.code == "record-count"]
            assert any(one.severity == "error" for one in found), (name, sixth)


@pytest.mark.realdata
def test_a_count_in_a_document_of_the_register_is_looked_at(real_data: Path, put: Put) -> None:
    text = (real_data / "subsurface" / "CPT000000115243.xml").read_text()
    empty = '<swe:elementCount xlink:type="simple"/>'
    assert empty in text
    count = "<swe:elementCount><swe:Count><swe:value>{}</swe:value></swe:Count></swe:elementCount>"
    rows = len(sounding_profile(row_of(read_city(put(text, "test.xml")))))
    for promised, severity in ((rows, None), (rows + 9, "error"), (rows - 1, "warning")):
        city = read_city(put(text.replace(empty, count.format(promised), 1), "test.xml"))
        found = [one.severity for one in city.quality.findings if one.code == "record-count"]
        assert found == ([severity] if severity else [])


def test_a_height_in_another_datum_is_not_used(put: Put) -> None:
    row = row_of(read_city(put(CPT.replace("#ZID= 31000, 2.5", "#ZID= 32001, 2.5"), "s1.gef")))
    assert (row["vertical_datum"], row["ZID"]) == ("TAW", "32001, 2.5")
    assert np.isnan(row["surface_m"])
    assert sounding_profile(row)["z_m"].isna().all()


def test_units_and_separators(put: Put) -> None:
    text = CPT.replace("#COLUMNINFO= 2, MPa", "#COLUMNINFO= 2, kPa").replace(
        "#EOH", "#COLUMNSEPARATOR= ;\n#RECORDSEPARATOR= !\n#EOH"
    )
    head, body = text.split("#EOH=\n")
    body = body.replace(" ", ";").replace("\n", ";!\r\n")
    profile = sounding_profile(row_of(read_city(put(f"{head}#EOH=\r\n{body}", "s1.gef"))))
    assert_allclose(profile["qc_MPa"], [np.nan, 0.002, 0.003, 0.004])
    centimetres = sounding_profile(row_of(read_city(put(CPT.replace("#COLUMNINFO= 1, m", "#COLUMNINFO= 1, cm"), "cm.gef"))))
    assert_allclose(centimetres["length_m"], [0.005, 0.01, 0.015, 0.02])
    leaning = sounding_profile(row_of(read_city(put(CPT.replace("#COLUMNINFO= 4, deg", "#COLUMNINFO= 4, %"), "lean.gef"))))
    assert_allclose(leaning["depth_m"], [0.5, 1.0, 1.5, 2.0])
    assert leaning["inclinationResultant_%"].tolist()[1:] == [0.0, 60.0, 0.0]
    latin = CPT.replace("#TESTID= S1", "#TESTID= Sé").encode("latin-1")
    assert row_of(read_city(put(latin, "latin.gef"))).name == "77/Sé"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("#EOH=", "#END="), "does not end"),
        (lambda text: text.split("#EOH=")[0] + "#EOH=\n", "no records"),
        (lambda text: text.replace("GEF-CPT-Report", "GEF-BOREHOLE-Report"), "GEF-BOREHOLE-Report is not readable"),
        (lambda text: text.replace("GEF-CPT-Report", "GEF-DISS-Report"), "no GEF-CPT-Report"),
        (lambda text: text.replace("#XYID", "#NOID"), "where the sounding stands"),
        (lambda text: text.replace("#COLUMNINFO= 2,", "#COLUMNINFO= 9,"), "number the columns"),
        (lambda text: text.replace("#COLUMNINFO= 2, MPa, conusweerstand, 2", "#COLUMNINFO= two"), "is not a number"),
        (lambda text: text.replace("sondeerlengte, 1", "x, 99"), "no column is the length"),
        (lambda text: text.replace("1, m, sondeerlengte", "1, MPa, sondeerlengte"), "is in MPa, which is no length"),
        (lambda text: text.replace("1.0 2.0", "1.0\0 2.0"), "zero bytes"),
    ],
)
def test_a_bad_gef_file_is_refused(put: Put, change: Callable[[str], str], message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_city(put(change(CPT), "s1.gef"))
    assert "s1.gef" in str(caught.value)


def test_without_pygef_the_extra_is_named(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "pygef":
            raise ImportError("No module named 'pygef'")
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for name in [name for name in sys.modules if name.split(".")[0] == "pygef"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtraError, match=r"stadstwin\[subsurface\]"):
        read_city(put(CPT, "s1.gef"))


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=40), st.lists(st.floats(0, 50), min_size=40, max_size=40))
def test_a_leaning_rod_is_never_deeper_than_it_is_long(steps: list[float], lean: list[float]) -> None:
    length = np.cumsum(steps)
    depth = corrected_depth(length, np.array(lean[: len(steps)]))
    assert (depth <= length + 1e-9).all()
    assert (np.diff(depth) > 0).all()
    assert_allclose(corrected_depth(length, np.zeros(len(length))), length)
    assert_allclose(corrected_depth(length, np.full(len(length), np.nan)), length)


def test_depth_by_inclination_is_pygefs(put: Put) -> None:
    pygef = pytest.importorskip("pygef")
    rows = "".join(f"{0.5 + 0.02 * n:.2f} {1 + 0.01 * n:.3f} 0.02 {0.03 * n:.3f}\n" for n in range(400))
    path = put(CPT.split("#EOH=\n")[0] + "#EOH=\n" + rows, "s1.gef")
    theirs = pygef.read_cpt(str(path)).data["depth"].to_numpy()
    assert_allclose(sounding_profile(row_of(read_city(path)))["depth_m"], theirs, atol=2e-5)


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        ("Kz3h1", "clay, very sandy, slightly humic", "clay"), ("Zs1", "sand, slightly silty", "sand"),
        ("Vk3", "peat, very clayey", "peat"),
        ("Vm", "peat, poor in minerals", "peat"),
        ("Lz1", "loam, slightly sandy", "loam"), ("G", "gravel", "gravel"),
        ("Ks4", "clay, extremely silty", "clay"), ("NBE", "", ""), ("", "", ""),
        ("zwakZandigeKleiMetGrind", "", "clay"),
        ("mineraalarmVeen", "", "peat"), ("siltigZandMetGrind", "", "sand"), ("sterkZandigGrind", "", "gravel"),
        ("made ground: sand with rubble", "", "made ground"),
        ("clay, silty", "", "clay"), ("zwakZandigeLeem", "", "loam"),
    ],
)  # fmt: skip
def test_names_of_soils(code: str, words: str, kind: str) -> None:
    assert describe_nen5104(code) == words
    assert soil_class(code) == kind


def test_profiles_of_the_sample(sample: City) -> None:
    cpt = sounding_profile(sample.soundings.loc["cpt-1"])
    assert cpt["depth_m"].iloc[-1] == 25.0
    assert_allclose(cpt["z_m"] + cpt["depth_m"], sample.soundings.loc["cpt-1", "surface_m"])
    assert cpt["qc_MPa"].notna().all()
    layers = sounding_profile(sample.soundings.loc["borehole-1"])
    assert layers["top_m"].iloc[0] == 0.0
    assert layers["soil_class"].tolist()[:4] == ["made ground", "clay", "peat", "sand"]
    assert_allclose(layers["top_m"].iloc[1:], layers["bottom_m"].iloc[:-1])


def test_a_profile_that_is_none() -> None:
    assert len(sounding_profile({"kind": "cpt", "profile": None})) == 0
    assert len(sounding_profile({"kind": "borehole"})) == 0
    with pytest.raises(GeometryError, match="not JSON"):
        sounding_profile({"kind": "cpt", "profile": "{"})
    with pytest.raises(GeometryError, match="not a table"):
        sounding_profile({"kind": "cpt", "profile": [1]})
    with pytest.raises(GeometryError, match="2 depths and 1 values"):
        sounding_profile({"kind": "cpt", "profile": {"depth_m": [1, 2], "qc_MPa": [1]}})


@pytest.mark.parametrize("seed", range(60))
def test_any_damage_to_a_gef_file_is_told(put: Put, seed: int) -> None:
    chance = random.Random(seed)
    content = damaged(CPT.encode(), chance, times=6, cut=60, letters=b"#=,;! \n'0123456789.-e", longest=8)
    city = read_or_told(put(content, "any.gef"))
    if city is not None:
        profiles(city.soundings)
        assert city.summary()
