"""Each piece of work depends on the code that it runs and on no other: seen by editing a copy of the package."""

import ast
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest
import yaml

from project import PROJECT
from reprompt.cells.parameters import Measure
from reprompt.cells.recipes import recipe_of
from reprompt.foundation import code
from reprompt.planning import entry_points
from reprompt.planning.parameters import load_parameters, parse_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.tasks import card, groups
from reprompt.tasks.card import FOLDER

PARAMS = PROJECT / "params.yaml"
RULES = [rule for rules in entry_points.STAGES.values() for rule in rules]
OF_A_JOB = ("experiment", "recipe", "backbone", "part")
RENDERERS = ("miniature/", "data/rendered.py", "corpus/rendered.py")
READERS = ("data/files/", "tasks/cards/", "corpus/from_files.py")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(code.PACKAGE, tmp_path_factory.mktemp("copy") / "reprompt", ignore=ignored))


@contextmanager
def edited(package: Path, *places: str, more: str = "\nMORE = 1\n") -> Iterator[None]:
    """The copy with something added to some files."""
    before = {place: (package / place).read_text() for place in places}
    for place, text in before.items():
        (package / place).write_text(text + more)
    code.forget()
    try:
        yield
    finally:
        for place, text in before.items():
            (package / place).write_text(text)
        code.forget()


def places(package: Path, *starts: str) -> list[str]:
    """Files of the copy whose place begins so."""
    every = (str(file.relative_to(package)) for file in package.rglob("*") if file.is_file())
    return sorted(place for place in every if place.startswith(starts))


def hashes(package: Path) -> dict[tuple[str, str], str]:
    """The code of every rule, by source."""
    return {
        (rule, source): code.code_hash(entry_points.rule_entries(rule, source), package)
        for rule in RULES
        for source in entry_points.SOURCES
    }


def changed(package: Path, *places: str, more: str = "\nMORE = 1\n") -> set[tuple[str, str]]:
    """The rules and sources whose code an edit changes."""
    before = hashes(package)
    with edited(package, *places, more=more):
        return {entry for entry, now in hashes(package).items() if now != before[entry]}


def test_an_edit_of_any_file_changes_every_rule_that_reaches_it_and_no_other(package: Path) -> None:
    reached = {
        (rule, source): code.reached(entry_points.rule_entries(rule, source), package)
        for rule, source in hashes(package)
    }
    before = hashes(package)
    for place in sorted({place for files in reached.values() for place in files}):
        with edited(package, place):
            stale = {entry for entry, now in hashes(package).items() if now != before[entry]}
        assert stale == {entry for entry, files in reached.items() if place in files}, place


def test_a_comment_changes_nothing(package: Path) -> None:
    assert not changed(package, *places(package, "training/fleets", "tables/", "learners/"), more="\n# why\n")


@pytest.mark.parametrize(("edits", "source"), [(RENDERERS, "files"), (READERS, "rendered")])
def test_the_code_of_one_source_is_nothing_to_the_other(package: Path, edits: tuple[str, ...], source: str) -> None:
    """Renderers are nothing to real data; what pre-trains and shows the rendered world is not run there."""
    rendered_only = {"pretrain", "contact_sheet"}
    stale = changed(package, *[place for place in places(package, *edits) if place.endswith(".py")])
    assert {rule for rule, of in stale if of == source} - rendered_only == set()
    assert {rule for rule, of in stale if of != source} >= {"split", "features", "corpus", "tune"}


@pytest.mark.parametrize(
    ("place", "rules"),
    [
        ("data/files/elevater_names.json", set()),  # what is read of it is in the listings
        ("claims/npt.py", {"claims", "report"}),
        ("tasks/published/data/npt_table3_ablation.csv", {"table", "figure", "corpus_figure", "claims", "report"}),
        ("report/templates/report.html", {"report"}),
        ("claims/templates/claims.html", {"report"}),
        ("tasks/cards/caltech101.yaml", set()),  # what is read of a card is in the specifications
        ("tasks/card.py", set()),
        ("tasks/groups.py", set()),
        ("tasks/downloads.py", set()),
        ("cells/recipes.py", {"claims", "report"}),
        ("planning/plan.py", set()),
        ("cli.py", set()),
        ("records/files.py", {"tune", "groups", "table", "figure", "claims", "report"}),
    ],
)
def test_a_file_counts_where_it_is_read(package: Path, place: str, rules: set[str]) -> None:
    assert {rule for rule, _ in changed(package, place)} == rules


def test_every_module_that_a_command_imports_is_an_entry_point_of_its_rule() -> None:
    tree = ast.parse((code.PACKAGE / "cli.py").read_text())
    commands = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for rule in RULES:
        sources = ("rendered",) if rule in ("contact_sheet", "pretrain") else entry_points.SOURCES
        reached = {place for source in sources for place in code.reached(entry_points.rule_entries(rule, source))}
        command = commands[rule.partition("_of_")[0]]  # `corpus_of_source` runs `corpus`
        statements = [node for node in ast.walk(command) if isinstance(node, ast.ImportFrom)]
        names = {node.module.removeprefix("reprompt.") for node in statements if node.module.startswith("reprompt.")}
        assert names, rule
        for name in names:
            files = {f"{name.replace('.', '/')}{end}" for end in (".py", "/__init__.py")}
            assert files & reached or code._is_neutral(name), f"{rule}: {name}"


def test_what_makes_splits_weights_and_features_is_reached_by_the_rules_that_it_serves() -> None:
    tree = ast.parse((code.PACKAGE / "workflow/making.py").read_text())
    imported = {node.module.removeprefix("reprompt.") for node in tree.body if isinstance(node, ast.ImportFrom)}
    of_package = {name for name in imported if name in code._modules(code.PACKAGE) and not code._is_neutral(name)}
    for source in entry_points.SOURCES:
        entries = [
            entry for rule in ("split", "weights", "features") for entry in entry_points.rule_entries(rule, source)
        ]
        reached = code.reached(entries)
        assert of_package and all(f"{name.replace('.', '/')}.py" in reached for name in of_package)


def cell_is_changed(package: Path, place: str, recipe: str, *measures: str) -> bool:
    protocol = "meta" if recipe.endswith("_meta") else "few_shot"
    entries = entry_points.cell_entries(recipe_of(recipe).modules(protocol), measures)
    before = code.code_hash(entries, package)
    with edited(package, place):
        return code.code_hash(entries, package) != before


@pytest.mark.parametrize(
    ("place", "recipe"),
    [
        ("gradients/prograd.py", "prograd"),
        ("objectives/lwf.py", "prograd"),
        ("learners/coop.py", "maple_prograd"),  # its teacher may be the oracle, a CoOp prompt
        ("clip/blocks.py", "maple"),
        ("learners/affine.py", "cocoop"),
        ("training/loop.py", "coop"),
        ("data/splits.py", "zero_shot"),
        ("gradients/prograd.py", "prograd_orthogonal"),
        ("evaluation/metrics.py", "coop"),
        ("training/meta/learned.py", "coop_meta"),
        ("gradients/gram.py", "coop_meta"),
        ("data/views.py", "coop"),
        ("data/pictures.py", "vpt"),
        ("clip/openai.py", "coop"),
        ("records/prompts.py", "coop_source"),
    ],
)
def test_a_cell_depends_on_what_its_recipe_runs(package: Path, place: str, recipe: str) -> None:
    assert cell_is_changed(package, place, recipe)


@pytest.mark.parametrize(
    ("place", "recipe"),
    [
        ("gradients/prograd.py", "coop"),
        ("learners/maple.py", "coop"),
        ("learners/coop.py", "zero_shot"),
        ("objectives/npt.py", "maple"),
        ("gradients/orthogonal.py", "prograd"),
        ("training/meta/learned.py", "coop"),
        ("tables/scope.py", "coop"),
        ("miniature/tasks.py", "coop"),
        ("training/pretrain.py", "coop"),
        ("data/rendered.py", "vpt"),
        ("data/files/source.py", "vpt"),
        ("records/files.py", "coop"),
        ("training/tune.py", "coop"),
    ],
)
def test_a_cell_does_not_depend_on_other_methods_or_where_pictures_and_records_lie(package, place, recipe) -> None:
    assert not cell_is_changed(package, place, recipe)


@pytest.mark.parametrize(
    ("place", "measures"),
    [
        ("evaluation/measures/curve.py", ("curve",)),
        ("evaluation/measures/angle.py", ("angle",)),
        ("evaluation/measures/collapse.py", ("collapse", "features")),
        ("gradients/prograd.py", ("angle",)),
        ("evaluation/measures/measure.py", ()),
    ],
)
def test_a_cell_depends_on_what_measures_it(package: Path, place: str, measures: tuple[str, ...]) -> None:
    assert cell_is_changed(package, place, "coop", *measures)


@pytest.mark.parametrize("measures", [(), ("curve",), ("angle", "collapse")])
def test_a_cell_does_not_depend_on_other_measures(package: Path, measures: tuple[str, ...]) -> None:
    for other in set(get_args(Measure)) - {*measures, "similarity"}:
        assert not cell_is_changed(package, f"evaluation/measures/{other}.py", "coop", *measures)


def test_a_measure_changes_the_records_of_experiments_that_measure_it_and_no_others(package: Path) -> None:
    """In the plan itself: Figure 6's records, not those of Table 1."""
    experiments = make_plan(load_parameters(PARAMS, "miniature")).parameters.experiments
    measures = {name: of.measures for name, of in experiments.items() if "coop+prograd" in of.methods}
    angle = "evaluation/measures/angle.py"
    stale = {name for name, of in measures.items() if cell_is_changed(package, angle, "prograd", *of)}
    assert stale == {"few_shot_angles"}


def test_the_hashes_of_stages_do_not_depend_on_parameters_and_follow_the_rules() -> None:
    assert entry_points.stage_hashes().keys() == {*entry_points.STAGES, "cards"}
    stages = yaml.safe_load((PARAMS.parent / "dvc.yaml").read_text())["stages"]
    assert stages.keys() - {"code"} == entry_points.STAGES.keys()
    params = {name: stage["params"][0]["code.json"] for name, stage in stages.items() if name != "code"}
    assert {name for name, hashes in params.items() if hashes[0] != name} == set()
    assert {name for name, hashes in params.items() if "cards" not in hashes} == {"backbones", "groups"}


# Specifications


WITH_CARDS = {  # what a rule's jobs read of the cards: the keys whose change makes a rule's outputs anew
    "split": {"template", "templates", "metric", "groups", "classes", "resize", "orientation"},
    "corpus": {"template"},
    "corpus_of_source": {"template"},
    "features": {"metric", "groups", "resize", "orientation"},
    # a start or a teacher at the template
    "tune": {"metric", "beside", "groups", "template", "name_last", "resize", "orientation"},
    "contact_sheet": {"template", "templates", "metric", "groups", "classes", "rendered", "resize", "orientation"},
    **{rule: {"printed", "short", "groups"} for rule in ("table", "figure", "claims", "report")},
}
EDITS = {  # of the package's cards
    "printed": ("dtd", "printed: DTD", "printed: Textures"),
    "short": ("dtd", "short: DTD", "short: D."),
    "groups": ("dtd", "datasets11: 9", "datasets11: 19"),
    "metric": ("voc2007", "mean_average_precision", "mean_per_class"),
    "template": ("corpus", "a photo of a {}.", "a picture of a {}."),
    "name_last": ("dtd", "a texture of {}.", "the texture of {}."),
    "templates": ("dtd", "a photo of a {} texture.", "a picture of a {} texture."),
    "beside": ("hateful_memes", "beside: [area_under_roc]", "beside: []"),
    "resize": ("mnist", "resize: squashed", "resize: centred"),
    "orientation": ("mnist", "orientation: upright", "orientation: as_stored"),
    "rendered": ("dtd", "DTD: textures", "DTD: patterns"),
    "classes": ("dtd", "classes: 47", "classes: 48"),
    "train": ("dtd", "train: 2820", "train: 2821"),
    "test": ("dtd", "test: 1692", "test: 1693"),
    "name_tokens": ("dtd", "longest: 4", "longest: 5"),
    "title": ("dtd", "Describable", "Other"),
    "downloads": ("dtd", "/download/dtd-r1.0.1.tar.gz", "/download/new/dtd-r1.0.1.tar.gz"),
    "licence": ("dtd", "research use", "any use"),
    "alternatives": ("dtd", "alternatives:", "dead: [all]\nalternatives:"),
}


@pytest.fixture
def edit_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A function that changes one key of a card of the package, in a copy."""

    def forget() -> None:
        for read in (card.cards, card.all_cards, card.data_sets, groups.groups, groups.derived):
            read.cache_clear()

    def edit(key: str) -> None:
        task, before, after = EDITS[key]
        folder = Path(shutil.copytree(FOLDER, tmp_path / key))
        for name in [task, *(["webvision", "imagenet"] if key == "template" else [])]:
            text = (folder / f"{name}.yaml").read_text()
            assert before in text
            (folder / f"{name}.yaml").write_text(text.replace(before, after))
        monkeypatch.setattr(card, "FOLDER", folder)
        forget()

    yield edit
    monkeypatch.undo()
    forget()


def specs(scale: str, **changes: object) -> dict[str, str]:
    """The specifications of all jobs by rule, of parameters with some changed."""
    plan = make_plan(parse_parameters(yaml.safe_load(PARAMS.read_text()) | changes, scale))
    jobs = [dict(zip(OF_A_JOB, job.name.split("/"), strict=True)) for job in plan.jobs]
    parts = [{"backbone": backbone, "part": part} for backbone in plan.backbones for part in plan.parts]
    tasks = [{"task": task} for task in plan.labelled_tasks]
    wildcards = {"tune": jobs, "features": parts, "pretrain": parts, "weights": parts, "split": tasks}
    specs_of_rules = {
        rule: [entry_points.spec_of(plan, rule, of_job) for of_job in wildcards.get(rule, [{}])] for rule in RULES
    }
    return {rule: "\n".join(of_jobs) for rule, of_jobs in specs_of_rules.items()}


@pytest.mark.parametrize("key", EDITS)
def test_a_key_of_a_card_makes_anew_what_reads_it_and_no_more(key: str, edit_card: Callable[[str], None]) -> None:
    """A count or an address retrains nothing and remakes no table; a printed name remakes the tables."""
    before, cards_before = specs("paper"), entry_points.stage_hashes()["cards"]
    edit_card(key)
    changed_rules = {rule for rule, spec in specs("paper").items() if spec != before[rule]}
    assert changed_rules == {rule for rule, keys in WITH_CARDS.items() if key in keys}
    assert (entry_points.stage_hashes()["cards"] != cards_before) == (key in entry_points.COUNTS)


def test_what_elevaters_classes_are_called_is_told_dvc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = entry_points.stage_hashes()["cards"]
    names = entry_points.PACKAGE / entry_points.NAMES
    (tmp_path / "names.json").write_text(names.read_text().replace('"meme"', '"harmless meme"'))
    monkeypatch.setattr(entry_points, "NAMES", tmp_path / "names.json")
    assert entry_points.stage_hashes()["cards"] != before


def test_what_partners_are_chosen_by_is_a_parameter_of_the_groups_alone() -> None:
    """What is trained in groups follows by the file of the groups."""
    before, after = (specs("paper", partners_by=value) for value in ("validation", "grid"))
    assert before == specs("paper")
    assert {rule for rule, spec in after.items() if spec != before[rule]} == {"groups"}
    stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    assert [name for name, stage in stages.items() if "partners_by" in stage.get("params", [])] == ["groups"]


def test_what_dvc_is_told_of_cards_is_what_some_rule_reads() -> None:
    assert set().union(*WITH_CARDS.values()) == entry_points.COUNTS
    assert EDITS.keys() >= entry_points.COUNTS


@pytest.mark.parametrize("key", ["template", "rendered", "metric", "classes"])
def test_of_rendered_tasks_template_and_metric_count_and_not_how_many_classes_the_real_one_has(
    key: str, edit_card: Callable[[str], None]
) -> None:
    before = specs("miniature")
    edit_card(key)
    stale = {rule for rule, spec in specs("miniature").items() if spec != before[rule]}
    expected = {
        "template": {"split", "corpus", "corpus_of_source", "contact_sheet", "tune"},
        "rendered": {"contact_sheet"},
        "metric": {"split", "tune", "contact_sheet"},
        "classes": set(),
    }
    assert stale == expected[key]


def with_cards(folder: Path, **card: object) -> Plan:
    """The plan of the real data with a card of the user's own for Caltech101."""
    folder.mkdir()
    (folder / "caltech101.yaml").write_text(yaml.safe_dump(card))
    raw = yaml.safe_load(PARAMS.read_text())
    raw["scales"]["paper"]["data"]["cards"] = str(folder)
    return make_plan(parse_parameters(raw, "paper"))


def test_what_is_read_of_a_card_is_in_the_specification_of_splits_and_nothing_else(tmp_path: Path) -> None:
    plans = {
        "as it is": make_plan(load_parameters(PARAMS, "paper")),
        "empty": with_cards(tmp_path / "empty"),
        "counts": with_cards(tmp_path / "counts", train=4, licence="none"),
        "template": with_cards(tmp_path / "template", template="a {}."),
        "classes": with_cards(tmp_path / "classes", classes=101),
    }
    specs = {name: entry_points.spec_of(plan, "split", {"task": "caltech101"}) for name, plan in plans.items()}
    assert specs["as it is"] == specs["empty"] == specs["counts"]
    assert len({specs["as it is"], specs["template"], specs["classes"]}) == 3
    assert len({entry_points.spec_of(plan, "split", {"task": "dtd"}) for plan in plans.values()}) == 1, (
        "of its own card"
    )
    of_part = {"backbone": plans["empty"].backbones[0], "part": "part2"}
    assert len({entry_points.spec_of(plan, "features", of_part) for plan in plans.values()}) == 1


def test_no_specification_holds_a_hash_of_code(package: Path) -> None:
    for scale in ("miniature", "paper"):
        plan = make_plan(load_parameters(PARAMS, scale))
        assert "readers" not in plan.split_spec("dtd") + plan.features_spec(plan.backbones[0], "part1")


def test_rules_without_parameters_of_their_own_have_no_specification() -> None:
    plan = make_plan(load_parameters(PARAMS, "smoke"))
    wildcards = dict(zip(OF_A_JOB, plan.jobs[0].name.split("/"), strict=True)) | {"task": "dtd"}
    with_one = {rule for rule in RULES if entry_points.spec_of(plan, rule, wildcards)}
    assert with_one == {"pretrain", "weights", "groups", *WITH_CARDS}
    for rule in ("tune_and_keep", "tune_and_pass_on"):
        assert entry_points.spec_of(plan, rule, wildcards) == plan.jobs[0].spec
        assert entry_points.code_of(plan, rule, wildcards) == entry_points.code_of(plan, "tune", wildcards)


def test_the_hashes_that_dvc_depends_on_are_those_of_the_code() -> None:
    committed = json.loads((PARAMS.parent / "code.json").read_text())
    assert committed == entry_points.stage_hashes(), "`dvc repro code` writes code.json anew; commit it with dvc.lock"
