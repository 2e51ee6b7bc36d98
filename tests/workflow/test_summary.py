"""`reprompt plan --cells`: every cell with all that it is set to."""

import json

from typer.testing import CliRunner

from project import PROJECT
from reprompt.cli import app
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan

FILE = PROJECT / "params.yaml"


def said(*arguments):
    done = CliRunner().invoke(app, ["plan", "--params", str(FILE), "--scale", "smoke", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_every_cell_is_listed_with_every_setting_defaults_included():
    listed = json.loads(said("--cells", "imbalanced", "--json"))
    cells = [cell for cell in make_plan(load_parameters(FILE, "smoke")).cells if cell.experiment == "imbalanced"]
    assert len(listed) == len(cells)
    for fields, cell in zip(listed, cells, strict=True):
        assert (fields["recipe"], fields["task"], fields["shots"]) == (cell.recipe, cell.task, cell.shots)
        assert cell.resolved.items() <= fields["settings"].items()
    (npt, *_) = [fields["settings"] for fields in listed if fields["recipe"] == "maple+npt"]
    assert npt["w_language"] == 0.3 and npt["depth"] == 2 and npt["text_energy"] == 1.0, "the last is a default"


def test_in_words_alike_cells_stand_together():
    lines = said("--cells", "gram_universal").splitlines()
    assert lines[0] == "joint+gram@gram (UNIGRAM), ViT-B-16, base_to_new: 2 cells"
    assert '    initialisation: "a photo of a"' in lines
    assert lines[-1] == "  task dtd, shots 4, tau 1.0, seed 2, start gram"


def test_an_experiment_that_is_none_is_an_error():
    done = CliRunner().invoke(app, ["plan", "--params", str(FILE), "--cells", "few_shots"])
    assert isinstance(done.exception, ValueError) and "did you mean 'few_shot'?" in str(done.exception)
