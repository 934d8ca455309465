"""Every variable of a result is declared once, with units."""

from __future__ import annotations

import numpy as np
import pytest

from twin.errors import ParameterError
from twin.variables import VARIABLES, variable


@pytest.mark.parametrize("declared", VARIABLES.values(), ids=VARIABLES.keys())
def test_a_declaration_is_whole(declared):
    assert declared.units
    assert declared.long_name
    assert declared.doc.endswith(".")
    np.dtype(declared.dtype)
    assert VARIABLES[declared.name] is declared


@pytest.mark.parametrize("declared", VARIABLES.values(), ids=VARIABLES.keys())
def test_an_array_gets_its_attributes(declared):
    made = declared.array(np.zeros((2,) * len(declared.dims)), scheme="test")
    assert made.dims == declared.dims
    assert made.dtype == np.dtype(declared.dtype)
    assert made.attrs["units"] == declared.units
    assert made.attrs["long_name"] == declared.long_name
    assert made.attrs["scheme"] == "test"


def test_dimensions_must_fit():
    with pytest.raises(ParameterError, match="`density` has dimensions"):
        variable("density").array(np.zeros((2, 2)))


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ParameterError, match="there is no variable `densety`; did you mean `density`"):
        variable("densety")


def test_the_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        VARIABLES["more"] = variable("density")
