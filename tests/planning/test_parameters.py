"""The parameter file: every mistake ends in one line that names file, key and remedy."""

import pytest
import yaml

from project import PROJECT
from reprompt.cells import parameters as of_parameters
from reprompt.cells.architectures import architecture
from reprompt.cells.cell import cells_of
from reprompt.cells.parameters import OpenClipBackbone
from reprompt.cells.recipes import recipe_of
from reprompt.cells.tuning import ParameterError
from reprompt.planning.parameters import load_parameters, parse_parameters
from reprompt.tasks.groups import members

FILE = PROJECT / "params.yaml"


def edited(path, value, scale="miniature"):
    """Parse the project's own parameters with one value set."""
    raw = yaml.safe_load(FILE.read_text())
    block = raw
    for key in path[:-1]:
        block = block[key]
    block[path[-1]] = value
    return parse_parameters(raw, scale)


@pytest.mark.parametrize("scale", ["smoke", "miniature", "evidence", "paper"])
def test_every_scale_is_valid(scale):
    assert load_parameters(FILE, scale).scale == scale


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["gradients", "prograd", "lamda"], 1, "gradients.prograd.lamda: unknown key; did you mean 'lambda'?"),
        (["tuning", "few_shot", "rat"], 1, "tuning.few_shot.rat: unknown key; did you mean 'rate'?"),
        (
            ["experiments", "few_shot", "method"],
            ["coop"],
            "experiments.few_shot.method: unknown key; did you mean 'methods'?",
        ),
        (["scales", "miniature", "data", "render_sed"], 1, "data.render_sed: unknown key; did you mean 'render_seed'?"),
        (["sedes"], [1], "sedes: unknown key; did you mean 'seeds'?"),
        (
            ["gradients", "prograd", "lambda"],
            -1,
            "gradients.prograd.lambda: input should be greater than or equal to 0, found -1",
        ),
        (["verdicts", "delta"], {"pints": 1.0}, "verdicts.delta.pints.[key]: input should be 'points', 'share',"),
        (["verdicts", "delta"], {"points": 0.0}, "verdicts.delta.points: input should be greater than 0, found 0.0"),
        (["experiments", "gram", "repeat"], 1, "repeat: meta has no other streams to run with"),
        (["experiments", "few_shot", "repeat"], 1, "zero_shot is not tuned in batches, so it would be the same again"),
        (["partners_by"], "gird", "partners_by: input should be 'validation' or 'grid', found 'gird'"),
        (["seeds"], "one", "seeds: input should be a valid tuple, found 'one'"),
        (["standard_backbone"], "ViT-B-61", "standard_backbone: no backbone 'ViT-B-61'; did you mean 'ViT-B-16'?"),
        (
            ["experiments", "few_shot", "methods"],
            ["copo"],
            "experiments.few_shot.methods: copo: no learner 'copo'; did you mean 'coop'?, found ['copo']",
        ),
        (
            ["tuning", "few_shot", "lambda"],
            0.5,
            "tuning.few_shot.lambda: no method that is tuned by it takes it from there; gradients.prograd has its own",
        ),
        (
            ["tuning", "few_shot", "ways"],
            3,
            "tuning.few_shot.ways: no method that is tuned by it takes it from there",
        ),
        (
            ["experiments", "few_shot_lambda", "sweep"],
            [{"of": ["coop"], "lambda": [1]}],
            "experiments.few_shot_lambda.sweep.0.of: coop is not among the methods, which are coop+prograd",
        ),
        (
            ["experiments", "few_shot_lambda", "sweep"],
            [{"lambda": []}],
            "experiments.few_shot_lambda.sweep.0: sweeps nothing: it needs a setting with its values",
        ),
        (
            ["experiments", "few_shot", "tuning"],
            "few_shots",
            "experiments.few_shot.tuning: no block 'few_shots'; did you mean 'few_shot'?",
        ),
        (
            ["experiments", "few_shot_lambda", "tasks"],
            ["oxford_pet"],
            "experiments.few_shot_lambda.tasks: no task 'oxford_pet'; did you mean 'oxford_pets'?",
        ),
        (
            ["experiments", "cross_domain", "judged_on"],
            ["imagenetv2"],
            "experiments.cross_domain.judged_on: no task 'imagenetv2'; did you mean 'imagenet_v2'?",
        ),
        (
            ["experiments", "few_shot_lambda", "tasks"],
            ["imagenet_v2"],
            "experiments.few_shot_lambda.tasks: no task 'imagenet_v2'; did you mean 'imagenet'?",
        ),
        (
            ["experiments", "few_shot_lambda", "sweep"],
            [{"lamda": [0, 1]}],
            "experiments.few_shot_lambda.sweep: coop+prograd has no setting 'lamda'",
        ),
        (
            ["experiments", "few_shot_lwf", "sweep"],
            [{"lambda": [0, 1]}],
            "experiments.few_shot_lwf.sweep: coop+lwf has no setting 'lambda'",
        ),
        (
            ["experiments", "elevater", "methods"],
            ["zero_shot"],
            "experiments.elevater.keeps_prompts: zero_shot has no prompt to keep",
        ),
        (
            ["experiments", "few_shot_lambda", "tasks"],
            ["voc2007"],
            "experiments.few_shot_lambda.tasks: voc2007: its images have several classes; few_shot draws images of one",
        ),
        (["tasks"], "datasets12", "tasks: input should be a valid tuple, found 'datasets12'"),
        (["tasks"], ["imagnet"], "tasks: no task 'imagnet'; did you mean 'imagenet'?"),
        (
            ["experiments", "cross_domain", "judged_on"],
            ["imagenet", "imagenet5"],
            "experiments.cross_domain.judged_on: no task 'imagenet5'; did you mean 'imagenet'?",
        ),
        (["metrics"], {"dtd": "accuracy"}, "metrics: unknown key"),
        (["learners", "vpt", "batch"], 0, "learners.vpt.batch: input should be greater than 0, found 0"),
        (["learners", "cocoop", "rat"], 1, "learners.cocoop.rat: unknown key; did you mean 'rate'?"),
        (
            ["learners", "vpt", "where"],
            [{"shot": 4, "rate": 1}],
            "learners.vpt.where.0.shot: unknown key; did you mean 'shots'?",
        ),
        (
            ["learners", "vpt", "where"],
            [{"tuning": "few_shots", "rate": 1}],
            "learners.vpt.where.0.tuning: no block 'few_shots'; did you mean 'few_shot'?",
        ),
        (
            ["gradients", "prograd", "where"],
            [{"learner": "copo", "lambda": 0.5}],
            "gradients.prograd.where.0.learner: no learner 'copo'; did you mean 'coop'?",
        ),
        (["learners", "linear_probe"], None, "learners.linear_probe: missing; experiments.few_shot runs it"),
        (["objectives", "npt"], None, "objectives.npt: missing; experiments.imbalanced runs it"),
        (["tuning", "meta", "ways"], None, "tuning.meta.ways: missing; experiments.gram meta-trains by it"),
        (
            ["tuning", "meta", "regulator_rate"],
            None,
            "tuning.meta.regulator_rate: missing; experiments.gram meta-trains by it",
        ),
        (["tuning", "meta", "regulator_start"], 2, "tuning.meta.regulator_start: input should be less than 1, found 2"),
        (
            ["experiments", "elevater", "methods"],
            ["maple+npt"],
            "experiments.elevater.methods: maple+npt: npt is for images of one class: voc2007",
        ),
    ],
)
def test_a_mistake_is_named_with_its_remedy(path, value, message):
    with pytest.raises(ParameterError) as error:
        edited(path, value)
    assert str(error.value) == f"params.yaml: {message}"


@pytest.mark.parametrize(
    ("experiment", "method", "backbone", "reason"),
    [
        ("few_shot", "maple", "RN50", "a ResNet has none"),
        ("few_shot", "vpt_prograd", "RN50", "a ResNet has none"),
        ("base_to_new", "cosine", "ViT-B-16", "cannot name the new classes"),
        ("base_to_new", "linear_probe", "ViT-B-16", "cannot name the new classes"),
        ("base_to_new", "vpt+npt", "ViT-B-16", "vpt learns none"),
        ("grouped", "coop", "ViT-B-16", "is trained on one task"),
        ("grouped", "mcoop+prograd", "ViT-B-16", "has a teacher of one task's classes"),
        ("cross_dataset", "cosine", "ViT-B-16", "cannot name the classes of another task"),
        ("transfer_grid", "cosine", "ViT-B-16", "cannot name the classes of another task"),
        ("elevater", "linear_probe", "ViT-B-16", "fitted to images of one class each"),
    ],
)
def test_a_combination_that_makes_no_sense_is_refused_with_a_reason(experiment, method, backbone, reason):
    raw = yaml.safe_load(FILE.read_text())
    raw["scales"]["miniature"]["standard_backbone"] = backbone
    raw["experiments"][experiment]["methods"] = [method]
    with pytest.raises(ParameterError, match=reason):
        parse_parameters(raw, "miniature")


def test_a_missing_key_is_named():
    raw = yaml.safe_load(FILE.read_text())
    del raw["gradients"]["prograd"]["temperature"]
    with pytest.raises(ParameterError, match=r"gradients\.prograd\.temperature: missing"):
        parse_parameters(raw)


def test_an_unknown_scale_and_a_missing_file_say_so(tmp_path):
    with pytest.raises(ParameterError, match="did you mean 'miniature'"):
        load_parameters(FILE, "minature")
    with pytest.raises(ParameterError, match="no such file"):
        load_parameters(tmp_path / "params.yaml")


def test_the_scale_is_laid_over_the_rest_block_by_block():
    parameters = load_parameters(FILE, "miniature")
    assert parameters.tuning["few_shot"].steps_per_epoch == 3, "from the scale"
    assert parameters.tuning["few_shot"].context_length == 16, "from the block"
    smoke = load_parameters(FILE, "smoke").experiments
    assert smoke["few_shot_lambda"].tasks == ("dtd",), "from the scale"
    assert smoke["few_shot_lambda"].sweep == parameters.experiments["few_shot_lambda"].sweep, "from the experiment"


def test_groups_stand_for_their_tasks_in_the_papers_order():
    parameters = load_parameters(FILE, "miniature")
    assert (len(parameters.tasks), len(parameters.shifts), len(parameters.targets)) == (11, 4, 12)
    assert parameters.experiments["gram_transfer"].judged_on == ("imagenet", *parameters.shifts, *parameters.tasks[1:])
    assert parameters.experiments["multitask_11"].tasks == members("sources11") != parameters.tasks
    one_by_one = edited(["tasks"], list(members("datasets11")))
    assert one_by_one == parameters


@pytest.mark.parametrize("missing", [["judged_on"], ["protocol", "judged_on"]])
def test_judged_on_and_transfer_need_each_other(missing):
    raw = yaml.safe_load(FILE.read_text())
    block = raw["experiments"]["cross_dataset"]
    if "protocol" in missing:
        block["protocol"] = "few_shot"
    else:
        del block["judged_on"]
    with pytest.raises(ParameterError, match=r"experiments\.cross_dataset: judged_on belongs to protocols transfer"):
        parse_parameters(raw, "miniature")


@pytest.mark.parametrize("tau", [0, 1.5])
def test_tau_is_a_share(tau):
    with pytest.raises(ParameterError, match=r"experiments\.imbalanced\.tau\.0"):
        edited(["experiments", "imbalanced", "tau"], [tau])


def test_a_measure_that_is_none_is_refused():
    with pytest.raises(ParameterError, match=r"experiments\.few_shot\.measures\.0: input should be 'curve'"):
        edited(["experiments", "few_shot", "measures"], ["curves"])


def test_parameters_are_frozen():
    with pytest.raises(Exception, match="frozen"):
        load_parameters(FILE).seeds = (1,)


def test_the_miniatures_towers_are_deep_enough_for_every_method():
    parameters = load_parameters(FILE, "miniature")
    backbone = parameters.backbones[parameters.standard_backbone]
    layers = {"visual_depth": backbone.vision["layers"], "text_depth": backbone.text["layers"]}
    layers["depth"] = min(layers.values())
    for name in type(parameters.learners).model_fields:
        block = getattr(parameters.learners, name)
        for key in layers.keys() & set(type(block).model_fields if block else ()):
            depth = getattr(block, key)
            assert depth == "all" or depth <= layers[key], f"learners.{name}.{key}"


@pytest.mark.parametrize(
    ("scale", "backbone", "image", "text"),
    [
        ("paper", "ViT-L-14", 24, 12),
        ("paper", "ViT-B-16", 12, 12),
        ("miniature", "ViT-L-14", 5, 3),
        ("smoke", "ViT-B-16", 2, 2),
    ],
)
def test_a_depth_of_all_is_the_number_of_the_backbones_layers(scale, backbone, image, text):
    """MVLPT's equation 3: prompts at every layer."""
    parameters = load_parameters(FILE, scale)
    for learner, depths in {
        "vpt_deep": {"visual_depth": image},
        "upt": {"visual_depth": image},
        "ivlp": {"visual_depth": image, "text_depth": text},
    }.items():
        settings = parameters.resolved(parameters.experiments["elevater"], recipe_of(learner), "dtd", 20)
        assert {settings[name] for name in depths} == {"all"}
        resolved = parameters.with_depths(settings, recipe_of(learner), backbone)
        assert {name: resolved[name] for name in depths} == depths
    maple = recipe_of("maple")
    assert parameters.with_depths({"depth": "all"}, maple, backbone) == {"depth": min(image, text)}


def test_a_depth_can_be_swept_from_a_number_to_all():
    at = ["scales", "miniature", "experiments", "upt_block", "sweep"]
    parameters = edited(at, [{"visual_depth": [2, "all"]}])
    cells = cells_of(parameters, "upt_block", "upt", "ViT-B-16", "mnist")
    assert {cell.learner.visual_depth for cell in cells} == {2, 4}


def test_what_kind_an_image_tower_is_does_not_depend_on_its_name(monkeypatch):
    towers = {"ViT-B-16": 12, "RN50x16-quickgelu": [6, 8, 18, 8], "RN-of-tokens": 12}
    known = {name: {"vision_cfg": {"layers": layers}} for name, layers in towers.items()}
    monkeypatch.setattr(of_parameters, "architecture", known.__getitem__)
    blocks = [OpenClipBackbone(source="open_clip", model=name, pretrained="openai") for name in towers]
    assert [block.image_tower for block in blocks] == ["vit", "resnet", "vit"]


def test_a_model_that_open_clip_does_not_know_has_no_number_of_layers():
    with pytest.raises(ParameterError, match="no architecture 'ViT-B-61'"):
        architecture("ViT-B-61")


@pytest.mark.parametrize("number", [None, 1, 2])
def test_parameters_of_another_schema_are_refused_with_where_to_read_of_it(number):
    raw = yaml.safe_load(FILE.read_text())
    raw.pop("schema")
    with pytest.raises(ParameterError, match=rf"params\.yaml: parameters of schema {number or 1}, .*docs/schema\.md"):
        parse_parameters(raw | ({"schema": number} if number else {}))
