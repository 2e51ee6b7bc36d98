"""Declarations: read without running a file's code, and the same as what its import gives."""

import importlib
import subprocess
import sys

import pytest

from reprompt.cells.axes import GradientSettings, LearnerSettings, ObjectiveSettings, StartSettings
from reprompt.cells.members import AXES, declared, members

BASES = {
    "learner": LearnerSettings,
    "objective": ObjectiveSettings,
    "gradient": GradientSettings,
    "start": StartSettings,
}
GIVES = {
    "learner": {"Learner", "solve", "templates"},
    "objective": {"objective"},
    "gradient": {"rule"},
    "start": {"start"},
}
EVERY = [(axis, name) for axis in AXES for name in members(axis)]


@pytest.mark.parametrize(("axis", "name"), EVERY)
def test_what_is_read_of_a_file_is_what_its_import_gives(axis, name):
    read, module = members(axis)[name], importlib.import_module(f"reprompt.{AXES[axis]}.{name}")
    imported = module.Settings
    assert read is not imported and issubclass(read, BASES[axis])
    assert read.model_json_schema() == imported.model_json_schema()
    for kind in imported.__mro__:
        for said in getattr(kind, "__class_vars__", ()):
            assert getattr(read, said, None) == getattr(imported, said, None), said
    assert GIVES[axis] & set(dir(module))


def test_every_axis_has_its_members():
    assert {"coop", "zero_shot"} <= set(members("learner")) and "affine" not in members("learner")
    assert set(members("objective")) == {"cross_entropy", "kgcoop", "lwf", "multitask", "npt", "promptsrc"}
    assert set(members("gradient")) == {"plain", "prograd", "general", "orthogonal", "gram"}
    assert set(members("start")) == {"own", "multitask", "gram", "meta", "pretrained"}


def test_planning_every_member_imports_no_torch():
    code = (
        "import sys; from reprompt.planning.parameters import load_parameters;"
        "from reprompt.planning.plan import make_plan; make_plan(load_parameters()).jobs;"
        "raise SystemExit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_only_the_declaration_and_what_it_names_is_executed(tmp_path):
    file = tmp_path / "odd.py"
    file.write_text(
        "import no_such_library\n"
        "from reprompt.cells.axes import ObjectiveSettings, Taught\n"
        "from reprompt.no_such_module import anything\n"
        "MOST = 3\n"
        "raise SystemExit\n\n"
        "class Settings(ObjectiveSettings):\n    share: float = MOST\n"
    )
    assert declared(file)().share == 3
    file.write_text("class Other:\n    pass\n")
    assert declared(file) is None


@pytest.mark.parametrize("name", ["Upper", "from", "two-words"])
def test_a_member_has_a_name_that_a_path_can_hold(tmp_path, name):
    (tmp_path / "objectives").mkdir()
    text = "from reprompt.cells.axes import ObjectiveSettings\n\n\nclass Settings(ObjectiveSettings):\n    pass\n"
    (tmp_path / f"objectives/{name}.py").write_text(text)
    with pytest.raises(ValueError, match="the name of a member"):
        members("objective", tmp_path)
