"""The models by name: their parameters, models of one's own, and what a mistake in one is told as."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import shapely

import twin
from twin.errors import ParameterError
from twin.jit import njit, prange, wrote
from twin.sim.crowd import models
from twin.sim.crowd.models import model_class, model_named, model_names, preset_named, register_model
from twin.sim.crowd.models.interface import clearance_of, notes_of, presets_of, substeps_of, top_speed_of
from twin.sim.crowd.models.trial import try_out

DOCS = Path(__file__).parents[2] / "docs" / "models.md"
OURS = ("collision-free-speed", "social-force", "anticipation-velocity")


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(models, "_REGISTERED", {})


def test_there_are_three_models():
    assert model_names() == OURS


@pytest.mark.parametrize("name", OURS)
def test_parameters_are_set_by_name(name):
    kind = model_class(name)
    assert model_named(name) == kind()
    for field in kind._fields:
        changed = model_named(name, **{field: 0.75 * getattr(kind(), field)})
        assert changed == kind()._replace(**{field: 0.75 * getattr(kind(), field)})
        for value in (-1.0, np.nan, np.inf):
            with pytest.raises(ParameterError, match=f"`{field}` of the .* model is"):
                model_named(name, **{field: value})
        if field in ("turning_time", "creep_speed", "each_wall", "by_distance", "evasion"):
            assert model_named(name, **{field: 0}) == kind()._replace(**{field: 0.0})
        else:
            with pytest.raises(ParameterError, match=f"`{field}` of the .* model is 0"):
                model_named(name, **{field: 0.0})
        if field in ("shoulder", "clearance", "each_wall", "by_distance"):
            with pytest.raises(ParameterError, match=f"`{field}` of the .* model is 1.5"):
                model_named(name, **{field: 1.5})


@pytest.mark.parametrize("name", OURS)
def test_presets_hold_every_parameter(name):
    for preset, (model, radius) in presets_of(model_class(name)).items():
        assert model_named(name, preset) == model
        assert model_named(name, preset, range=0.2) == model._replace(range=0.2)
        assert preset_named(name, preset).radius == radius
        assert 0.1 < radius <= 0.2
    first = next(iter(presets_of(model_class(name)).values()))
    assert preset_named(name) == first
    assert model_named(name) == first.model


def test_the_collision_free_speed_model_has_two_presets():
    presets = presets_of(model_class("collision-free-speed"))
    assert list(presets) == ["event", "jupedsim"]
    assert presets["jupedsim"].model[:5] == (1.0, 8.0, 0.1, 5.0, 0.02)
    assert presets["jupedsim"].radius == 0.2
    with pytest.raises(ParameterError, match="has no preset `events`; did you mean `event`"):
        preset_named("collision-free-speed", "events")


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("social-forces", {}, "no model `social-forces`; did you mean `social-force`?\n  there are `collision-free-speed`"),
        ("magic", {}, "no model `magic`\n"),
        ("social-force", {"stregth": 3.0}, "did you mean `strength`?\n  there are `mass`"),
        ("social-force", {"time_gap": 3.0}, "`time_gap` is not a parameter of the model `social-force`\n"),
        ("social-force", {"mass": "80 kg"}, "`mass` of the model `social-force` is '80 kg'"),
        ("social-force", {"mass": True}, "`mass` of the model `social-force` is True"),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(name, parameters, told):
    with pytest.raises(ParameterError) as caught:
        model_named(name, **parameters)
    assert told in str(caught.value)


@pytest.mark.parametrize("name", OURS)
def test_docs_list_every_parameter_with_its_default(name):
    text = DOCS.read_text(encoding="utf-8")
    table = text[text.index(f"| `{name}` | default |") :].split("\n\n")[0]
    presets = list(presets_of(model_class(name)).values())
    for column, preset in enumerate(presets, start=2):
        listed = {}
        for row in table.splitlines()[2:]:
            keys, values = (row.split("|")[k].split(",") for k in (1, column))
            listed.update(zip((key.strip(" `") for key in keys), map(float, values), strict=True))
        assert listed == preset.model._asdict()
    if len(presets) > 1:
        for preset, radius in re.findall(r"`(\w+)` (?:have a radius of )?(0\.\d+) m", text[text.index("Bodies of the preset") :]):
            assert presets_of(model_class(name))[preset].radius == float(radius)


# --- a model of one's own


def example_from_the_docs() -> str:
    return re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[1]


def imported(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def test_the_model_in_the_docs_walks(tmp_path):
    code = example_from_the_docs()
    assert len(code.splitlines()) <= 28
    (tmp_path / "shy.py").write_text(code)
    shy = imported(tmp_path / "shy.py").Shy
    assert model_names() == (*OURS, "shy")
    assert model_named("shy", headway=2.0) == shy(2.0)
    area, starts = shapely.box(0, 0, 30, 3), [(2.0, 1.5), (4.0, 1.5)]
    how = {"exits": {"end": shapely.box(29, 0, 30, 3)}, "desired_speed": [1.5, 0.5], "duration": 40.0, "progress": False}
    result = twin.simulate_crowd(area, starts=starts, model="shy", model_parameters={"headway": 2.0}, **how)
    assert result.provenance["model"] == "shy"
    assert result.provenance["model_parameters"] == {"headway": 2.0}
    paths = result.trajectories.pivot_table(index="frame", columns="id", values="x")
    gap = (paths[1] - paths[0] - 0.4).dropna()
    # the one behind comes up to where v = s / T, and stays there
    assert gap.iloc[-1] == pytest.approx(0.5 * 2.0, rel=0.05)
    with pytest.raises(ParameterError, match="`headway` of the shy model is -1"):
        twin.simulate_crowd(area, starts=starts, model="shy", model_parameters={"headway": -1.0}, **how)


class Straight(NamedTuple):
    """Everybody walks straight on at the desired speed."""

    faster: float = 1.0

    def check(self):
        pass

    def reach(self, radius, other_radius, desired_speed):
        return radius + other_radius

    def wall_reach(self, radius):
        return radius

    def move(self, crowd, near, floor, step):
        STRAIGHT[step.parallel](crowd, self.faster)


def _straight(crowd, faster):
    vx, vy, speed, want_x, want_y = crowd.next_vx, crowd.next_vy, crowd.want_speed, crowd.want_x, crowd.want_y
    for i in prange(crowd.n):
        vx[i], vy[i] = faster * speed[i] * want_x[i], faster * speed[i] * want_y[i]
    wrote(vx, vy)


STRAIGHT = njit()(_straight), njit(parallel=True)(_straight)


class Partial(Straight):
    """The last person is forgotten."""

    def move(self, crowd, near, floor, step):
        _all_but_one(crowd)


@njit()
def _all_but_one(crowd):
    for i in range(crowd.n - 1):
        crowd.next_vx[i], crowd.next_vy[i] = 0.0, 0.0


class Forgetful(Straight):
    """On all cores somebody is left out: what becomes of arrays that are not named in `wrote`."""

    def move(self, crowd, near, floor, step):
        _all_but_one(crowd) if step.parallel else STRAIGHT[False](crowd, 1.0)


class Divided(Straight):
    """0 / 0."""

    def move(self, crowd, near, floor, step):
        crowd.next_vx[:] = 0.0
        crowd.next_vy[:] = np.nan


class Moving(Straight):
    """Moves people itself."""

    def move(self, crowd, near, floor, step):
        STRAIGHT[step.parallel](crowd, 1.0)
        crowd.x[: crowd.n] += 0.01


class Torn(Straight):
    """Not the same on one core and on all."""

    def move(self, crowd, near, floor, step):
        STRAIGHT[step.parallel](crowd, 0.9 if step.parallel else 1.0)


class Foreign(Straight):
    """A kernel that Numba cannot compile."""

    def move(self, crowd, near, floor, step):
        _foreign(crowd)


@njit()
def _foreign(crowd):
    return crowd.there_is_no_such_thing


class Short(Straight):
    """A kernel that is given less than it takes."""

    def move(self, crowd, near, floor, step):
        STRAIGHT[step.parallel](crowd)


class Old(Straight):
    """A `move` that does not take what it is given."""

    def move(self, crowd, near):
        pass


class Lone(Straight):
    """A `reach` that does not take what it is given."""

    def reach(self, radius):
        return radius


class Fast(Straight):
    """Says that it is fast."""

    def move(self, crowd, near, floor, step):
        STRAIGHT[step.parallel](crowd, 1.5)

    def top_speed(self, desired_speed):
        return 1.5 * desired_speed


class NoDefault(NamedTuple):
    """A parameter without a default."""

    gap: float
    check = reach = wall_reach = move = Straight.check


class NoMove(NamedTuple):
    """No kernel."""

    gap: float = 1.0
    check = reach = Straight.check


class Listed(list):
    """No NamedTuple."""


@pytest.mark.parametrize("kind", [Straight, Fast])
def test_a_model_that_works_is_registered(kind):
    register_model("straight-on", kind)
    assert model_class("straight-on") is kind
    register_model("straight-on", Straight)
    assert model_class("straight-on") is Straight


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Partial, "leaves 1 of "),
        (Partial, "people without a velocity on one core\n"),
        (Forgetful, "people without a velocity on all cores\n"),
        (Forgetful, "named in `twin.jit.wrote` after it"),
        (Divided, "without a velocity"),
        (Moving, "moves people itself"),
        (Torn, "moves people differently on one core and on all"),
        (Foreign, "the kernel of the model `mine` does not compile: "),
        (Short, "`move` of the model `mine` cannot be called: "),
        (Old, "`move(crowd, near, floor, step)`; a kernel gets what"),
        (Lone, "a method of the model `mine` cannot be called: "),
        (NoDefault, "of the model `mine`, `gap` has no default"),
        (NoMove, "the model `mine` has no `wall_reach`, `move`\n  docs/models.md"),
        (Listed, "the model `mine` is not a NamedTuple of its parameters"),
        (Straight(), "is not a NamedTuple"),
    ],
)
def test_a_mistake_shows_when_a_model_is_registered(kind, told):
    with pytest.raises(ParameterError) as caught:
        register_model("mine", kind)
    assert told in str(caught.value)
    assert model_names() == OURS


def test_who_walks_faster_than_it_says_is_told():
    with pytest.raises(ParameterError, match=r"somebody walks 2\.\d\d m/s, faster than anybody may"):
        try_out("mine", Straight(faster=1.5))


@pytest.mark.parametrize("name", ["Big", "two words", "under_score", "", "-", "9lives"])
def test_names_are_plain(name):
    with pytest.raises(ParameterError, match="cannot be the name of a model"):
        register_model(name, Straight)


@pytest.mark.parametrize("name", OURS)
def test_our_names_are_taken(name):
    with pytest.raises(ParameterError, match="a model that is here already"):
        register_model(name, Straight)


@pytest.mark.parametrize("name", OURS)
def test_our_own_models_pass_the_trial(name):
    try_out(name, model_named(name))


def test_what_a_model_need_not_have_has_a_default():
    assert (substeps_of(Straight(), 0.05), clearance_of(Straight()), top_speed_of(Straight(), 1.2)) == (1, 1.0, 1.2)
    social = model_named("social-force")
    assert (notes_of(Straight()), notes_of(social), notes_of(model_named("anticipation-velocity"))) == (0, 0, 4)
    assert substeps_of(social, 0.05) == 5
    assert substeps_of(social, 0.01) == 1
    assert top_speed_of(social, 1.0) == 1.3

    class Odd(Straight):
        clearance, notes = 1.5, -1

        def substeps(self, dt):
            return 0

    with pytest.raises(ParameterError, match="cannot be taken in 0 parts"):
        substeps_of(Odd(), 0.05)
    with pytest.raises(ParameterError, match=r"clearance of a model is 1\.5"):
        clearance_of(Odd())
    with pytest.raises(ParameterError, match="cannot note -1 numbers"):
        notes_of(Odd())


class Late(Straight):
    """No number further east than the room of the trial."""

    def move(self, crowd, near, floor, step):
        STRAIGHT[step.parallel](crowd, 1.0)
        crowd.next_vy[: crowd.n][crowd.x[: crowd.n] > 25.0] = np.nan


def test_a_velocity_that_is_no_number_is_told_with_who_and_where():
    register_model("late", Late)
    area = shapely.box(0, 0, 30, 3)
    told = r"person 0 near \(2[45]\.\d, 1\.5\): the model Late gives 1 people a velocity that .* at 2\.\d+ s"
    with pytest.raises(ParameterError, match=told):
        twin.simulate_crowd(
            area, starts=[(22.0, 1.5)], exits={"end": shapely.box(29, 0, 30, 3)}, model="late", duration=9.0, progress=False
        )
