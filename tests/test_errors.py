"""The tree of errors: one base, a built-in each, the same after a journey between processes."""

from __future__ import annotations

import builtins
import copy
import pickle

import pytest

from twin import errors
from twin.errors import TwinError, did_you_mean

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TwinError)]
LEAVES = [kind for kind in KINDS if kind is not TwinError]


@pytest.mark.parametrize("kind", LEAVES)
def test_every_leaf_is_a_built_in_too(kind):
    others = [base for base in kind.__mro__ if base.__module__ == "builtins" and base not in (Exception, BaseException, object)]
    assert others
    assert all(getattr(builtins, base.__name__) is base for base in others)
    assert kind.__doc__


@pytest.mark.parametrize("kind", [TwinError, *LEAVES])
@pytest.mark.parametrize(
    ("details", "text"),
    [
        ({}, "it broke"),
        ({"where": "a.yaml:3"}, "a.yaml:3: it broke"),
        ({"hint": "mend it"}, "it broke\n  mend it"),
        ({"where": "a.yaml:3", "hint": "mend it"}, "a.yaml:3: it broke\n  mend it"),
    ],
)
def test_an_error_says_what_where_and_what_to_do(kind, details, text):
    error = kind("it broke", **details)
    assert str(error) == text
    assert (error.what, error.where, error.hint) == ("it broke", details.get("where"), details.get("hint"))


@pytest.mark.parametrize("kind", [TwinError, *LEAVES])
@pytest.mark.parametrize("travel", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])
def test_an_error_survives_pickling(kind, travel):
    error = kind("it broke", where="here", hint="mend it")
    again = travel(error)
    assert type(again) is kind
    assert str(again) == str(error)
    assert (again.what, again.where, again.hint) == ("it broke", "here", "mend it")


def test_the_base_catches_all():
    for kind in LEAVES:
        with pytest.raises(TwinError):
            raise kind("x")
    with pytest.raises(ValueError, match="x"):
        raise errors.ScenarioError("x")
    with pytest.raises(FileNotFoundError):
        raise errors.MissingFileError("x")
    with pytest.raises(OSError, match="x"):
        raise errors.OutputError("x")


def test_the_nearest_word():
    assert did_you_mean("arrival", ["arrivals", "exits"]) == "; did you mean `arrivals`?"
    assert did_you_mean("zebra", ["arrivals", "exits"]) == ""
    assert did_you_mean("x", []) == ""


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("closing", ["closure", "event"], "closure"),
        ("Delft.JSON", ["delft.json", "den_haag.json"], "delft.json"),
        ("density_limit", ["density_limit_per_m2", "evacuation_limit_s"], "density_limit_per_m2"),
        ("kings_dya.yaml", ["kings_day.yaml"], "kings_day.yaml"),
        ("--seed", ["--seeds", "--out"], "--seeds"),
        ("valdate", ["validate", "view"], "validate"),
        ("towr.glb", ["tower.glb", "e.gml"], "tower.glb"),
    ],
)
def test_a_slip_of_the_pen_is_understood(word, known, meant):
    assert did_you_mean(word, known) == f"; did you mean `{meant}`?"


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("towr.glb", ["e.gml"]),
        (".ifc", [".tif", ".tiff", ".obj"]),
        ("gebouwen", ["green", "buildings"]),
        ("bomen.gpkg", ["wegen.gpkg"]),
        ("height", ["terrain", "dsm", "canopy"]),
    ],
)
def test_a_word_that_is_not_near_is_not_suggested(word, known):
    assert did_you_mean(word, known) == ""
