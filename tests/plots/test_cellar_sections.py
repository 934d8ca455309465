"""The section of a cellar: what is drawn is what was worked out, in both languages."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from twin.errors import ParameterError
from twin.impacts.cellar_section import cellar_section


def cellars(**changes: object) -> gpd.GeoDataFrame:
    columns = {"floor_m": 1.2, "crown_m": 2.6, "vault_m": 0.24, "cover_m": 0.46, "span_azimuth_deg": 90.0, **changes}
    return gpd.GeoDataFrame(columns, geometry=[shapely.box(0, 0, 5.4, 10)], index=["w1"], crs="EPSG:28992")


def test_it_is_true_to_scale_and_drawn_from_what_was_worked_out() -> None:
    section = cellar_section(cellars(), "w1", vehicles="fire engine")
    ax = section.plot()
    assert ax.get_aspect() == 1.0
    drawn = {line.get_gid(): line.get_xydata() for line in ax.lines if line.get_gid()}
    assert drawn["thrust line"] == pytest.approx(section.thrust.line + np.array([0.0, section.springing_m]))
    assert len(drawn["hinges"]) == 4
    assert section.street_m == pytest.approx(1.2 + 2.6 + 0.24 + 0.46)
    bars = next(box for box in ax.containers)
    assert [bar.get_height() for bar in bars] == pytest.approx(1.1 * section.strips / section.strips.max())
    texts = " ".join(text.get_text() for text in ax.texts)
    assert "street +4.50 m NAP" in texts
    assert "NEN 8700" in texts
    assert "fire engine" in texts


def test_it_speaks_dutch_and_says_what_is_estimated() -> None:
    ax = cellar_section(cellars(), "w1", crowd=5.0).plot(language="nl")
    texts = " ".join(text.get_text() for text in ax.texts).replace("\n", " ")
    for word in ("maatgevend: menigte", "overspanning 5,40 m", "geen beoordeling volgens NEN 8700", "geschat"):
        assert word in texts


def test_a_vault_that_does_not_stand_and_one_without_a_load_are_drawn() -> None:
    bare = cellar_section(cellars(vault_m=0.06, springing_m=0.05, cover_m=0.0), "w1", crowd=5.0)
    assert not bare.thrust.stands
    ax = bare.plot()
    assert "thrust line" not in {line.get_gid() for line in ax.lines}
    assert not np.any(cellar_section(cellars(), "w1").strips)
    cellar_section(cellars(backing_m=0.6), "w1").plot()


def test_a_cellar_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterError, match="did you mean `w1`"):
        cellar_section(cellars(), "w11")
    with pytest.raises(ParameterError, match="no section"):
        cellar_section(cellars(cover_m=np.nan), "w1")
