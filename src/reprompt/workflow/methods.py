"""A card for every method, old and new: docs/methods.md.

Everything on it is said elsewhere and only put together here: the paper by the method's file, its switches by its
`Settings`, their values by the parameters of scale `paper`, printed numbers and the authors' code by the published
data. Learned numbers are those of the tensors that it starts with; a step is counted as `reprompt estimate` counts it.
"""

import ast
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

import yaml

from reprompt.cells.axes import Settings
from reprompt.cells.cell import Cell
from reprompt.cells.members import AXES, members
from reprompt.cells.parameters import BLOCKS, Experiment, Parameters
from reprompt.cells.recipes import ALIASES, DEFAULTS, Recipe, label_of, recipe_of
from reprompt.foundation.code import PACKAGE
from reprompt.planning.plan import make_plan
from reprompt.tables.methods import ABLATIONS, METHODS
from reprompt.tasks.published import published_tables, published_values
from reprompt.tasks.published.newer import newer_methods, newer_values
from reprompt.workflow.estimate.sizes import real_size
from reprompt.workflow.estimate.traced import TracedBackbone, TracedFleet

BACKBONE, TASK, SHOTS = "ViT-B-16", "dtd", 16
PROTOCOLS = ("base_to_new", "few_shot", "multitask")  # the first that a recipe is not refused under
AXIS_HEADS = {"learner": "Learners", "objective": "Objectives", "gradient": "Gradient rules", "start": "Starts"}
HEAD = """\
# Methods

A card for every method, old and new. `reprompt methods --out docs/methods.md` writes this page; a test holds it to the
code. Switches are what paper and released code, or two papers, do differently; the value in bold is that of the scale
`paper`. Learned numbers and operations are of CLIP's ViT-B/16 on DTD's 24 base classes at 16 shots (all 47 where a
method cannot name new ones), operations those of one training step of one run, forward and backward.
"""


@dataclass(frozen=True)
class Card:
    """A method: a member of an axis, and a recipe that shows it."""

    axis: str
    name: str
    parameters: Parameters

    @property
    def label(self) -> str:
        """What tables call it."""
        return label_of(self.axis, self.name)

    @cached_property
    def declared(self) -> type[Settings]:
        return members(self.axis)[self.name]

    @cached_property
    def recipe(self) -> Recipe:
        """The paper's own, or CoOp with it."""
        if self.axis == "learner":
            return recipe_of(self.name)
        named = (recipe_of(expression) for expression, _ in ALIASES.values())
        return next((one for one in named if one.names.get(self.axis) == self.name), recipe_of(f"coop{self._added}"))

    @property
    def _added(self) -> str:
        return f"@{self.name}" if self.axis == "start" else f"+{self.name}"

    @property
    def paper(self) -> str:
        """The first paragraph of its file."""
        file = PACKAGE / AXES[self.axis] / f"{self.name}.py"
        return " ".join(ast.get_docstring(ast.parse(file.read_text())).split("\n\n")[0].split())

    @property
    def code(self) -> str:
        """The authors' code and its licence."""
        said = authors_code().get(BLOCKS[self.axis], {}).get(self.name)
        if said is None:
            return "none published"
        commit = f" at {said['commit']}" if "commit" in said else ""
        return f"{said['repository']}{commit}; licence: {said['licence']}"

    @property
    def printed(self) -> str:
        """Where its numbers are printed, or of a newer method the means themselves."""
        if self.name in newer_methods():
            return "; ".join(means(self.name))
        return ", ".join(tables_of(self.recipe)) or "nothing transcribed"

    @cached_property
    def cell(self) -> Cell | None:
        """A cell of its recipe; none where that needs another experiment's prompts."""
        if self.recipe.stored:
            return None
        for protocol in PROTOCOLS:
            tasks = {"tasks": (TASK,), "backbones": (BACKBONE,), "shots": (SHOTS,), "seeds": (1,)}
            tuning = {"multitask": "source"}.get(protocol, protocol)
            block = Experiment(protocol=protocol, tuning=tuning, methods=(self.recipe.expression,), **tasks)
            resolved = self.parameters.resolved(block, self.recipe, TASK, SHOTS)
            learner = self.recipe.settings("learner", self.parameters.with_depths(resolved, self.recipe, BACKBONE))
            if self.recipe.refusal(protocol, "vit", learner) is None:
                one = self.parameters.model_copy(update={"experiments": {"methods": block}})
                return make_plan(one).cells[0]
        return None

    @property
    def switches(self) -> Iterator[str]:
        """Its settings of a few words, the one that holds in bold."""
        values = dict(self.parameters.layers_of(self.recipe)[self.axis])
        values |= self.cell.resolved if self.cell else {}
        for name, field in self.declared.model_fields.items():
            if typing.get_origin(field.annotation) is typing.Literal:
                chosen = values.get(field.alias or name, field.default)
                options = (f"**{o}**" if o == chosen else str(o) for o in typing.get_args(field.annotation))
                yield f"`{field.alias or name}`: {' or '.join(options)}"

    @property
    def counted(self) -> list[str]:
        """Learned numbers, and the operations of a step."""
        if self.cell is None or not self.cell.method.by_steps:
            return []
        size = real_size(TASK).half(self.cell.learns)
        backbone = TracedBackbone(self.parameters.backbones[BACKBONE], self.parameters.precision)
        fleet, images = TracedFleet(self.cell, backbone, size, runs=1), min(self.cell.tuned.batch, SHOTS * size.classes)
        work = fleet.training(images).work
        operations = (work.operations + work.batched) / 1e9
        return [f"learned: {fleet.learned:,} numbers", f"a step: {operations:,.0f} GFLOP on {images} images"]

    @property
    def lines(self) -> Iterator[str]:
        """The card as Markdown."""
        yield f"### {self.label}"
        yield ""
        yield self.paper
        yield ""
        yield f"- recipe: `{self.recipe.expression}`"
        yield f"- reference code: {self.code}"
        yield f"- printed: {self.printed}"
        if switches := list(self.switches):
            yield f"- switches: {'; '.join(switches)}"
        yield from (f"- {line}" for line in self.counted)
        yield ""


def page(parameters: Parameters) -> str:
    """The cards of every axis but for what a recipe has by default."""
    lines = [HEAD]
    for axis, head in AXIS_HEADS.items():
        lines += [f"## {head}", ""]
        for name in members(axis):
            if name != DEFAULTS.get(axis):
                lines += Card(axis, name, parameters).lines
    return "\n".join(lines).rstrip("\n") + "\n"


@cache
def authors_code() -> dict[str, dict[str, dict[str, str]]]:
    """The authors' code by axis and method."""
    return yaml.safe_load((resources.files("reprompt.tasks.published") / "code.yaml").read_text(encoding="utf-8"))


def means(method: str) -> Iterator[str]:
    """The printed means of a newer method, setting by setting."""
    cells = newer_values(method)
    cells = cells[cells["dataset"].str.startswith("average")]
    for (setting, dataset), of_setting in cells.groupby(["setting", "dataset"], sort=False):
        by_shots = of_setting.groupby("shots", sort=False)
        values = (f"{' / '.join(f'{v:.2f}' for v in group['value'])} ({shots} shots)" for shots, group in by_shots)
        splits = " / ".join(dict.fromkeys(of_setting["split"]))
        yield f"{setting}, {dataset.replace('_', ' of ')}, {splits}: {', '.join(values)}"


def tables_of(recipe: Recipe) -> list[str]:
    """The tables of the four papers that print a recipe: `prograd 1`, `npt 3`."""
    known = {one.published_id for one in (*METHODS.values(), *ABLATIONS) if recipe_of(one.recipe) == recipe}
    known |= {alias for alias, (expression, _) in ALIASES.items() if recipe_of(expression) == recipe} | {recipe.learner}
    known = known if len(recipe.expression.split("+")) == 1 else known - {recipe.learner}
    tables = []
    for name in published_tables():
        paper, number = re.fullmatch(r"([a-z]+)_table(\d+)", name).groups()
        values = published_values(paper, number)
        if "method" in values and known & set(values["method"]):
            tables.append(f"{paper} {number}")
    return tables
