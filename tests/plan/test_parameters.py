"""The parameter file: every mistake ends in one line that names file, key and remedy."""

from pathlib import Path

import pytest
import yaml

from reprompt.plan.parameters import ParameterError, load_parameters, parse_parameters

FILE = Path(__file__).parents[2] / "params.yaml"


def edited(path, value, scale="miniature"):
    """Parse the project's own parameters with one value set."""
    raw = yaml.safe_load(FILE.read_text())
    block = raw
    for key in path[:-1]:
        block = block[key]
    block[path[-1]] = value
    return parse_parameters(raw, scale)


@pytest.mark.parametrize("scale", ["smoke", "miniature", "paper"])
def test_every_scale_is_valid(scale):
    assert load_parameters(FILE, scale).scale == scale


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["methods", "prograd", "lamda"], 1, "methods.prograd.lamda: unknown key; did you mean 'lambda'?"),
        (
            ["protocols", "few_shot", "tuning", "rat"],
            1,
            "protocols.few_shot.tuning.rat: unknown key; did you mean 'rate'?",
        ),
        (["scales", "miniature", "data", "render_sed"], 1, "data.render_sed: unknown key; did you mean 'render_seed'?"),
        (["sedes"], [1], "sedes: unknown key; did you mean 'seeds'?"),
        (
            ["methods", "prograd", "lambda"],
            -1,
            "methods.prograd.lambda: input should be greater than or equal to 0, found -1",
        ),
        (["seeds"], "one", "seeds: input should be a valid tuple, found 'one'"),
        (["standard_backbone"], "ViT-B-61", "standard_backbone: no backbone 'ViT-B-61'; did you mean 'ViT-B-16'?"),
        (
            ["protocols", "few_shot", "methods"],
            ["copo"],
            "protocols.few_shot.methods: no method 'copo'; did you mean 'coop'?",
        ),
        (["methods", "coop", "rat"], 1, "methods.coop.rat: unknown key; did you mean 'rate'?"),
        (
            ["methods", "coop", "where"],
            [{"shot": 4, "rate": 1}],
            "methods.coop.where.0.shot: unknown key; did you mean 'shots'?",
        ),
        (
            ["methods", "coop", "where"],
            [{"protocol": "few_shots", "rate": 1}],
            "methods.coop.where.0.protocol: input should be 'few_shot' or 'base_to_new', found 'few_shots'",
        ),
        (["methods", "coop"], None, "methods.coop: missing; protocols.few_shot runs it"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(path, value, message):
    with pytest.raises(ParameterError) as error:
        edited(path, value)
    assert str(error.value) == f"params.yaml: {message}"


@pytest.mark.parametrize(
    ("protocol", "method", "backbone", "reason"),
    [
        ("few_shot", "maple", "RN50", "a ResNet has none"),
        ("few_shot", "vpt_prograd", "RN50", "a ResNet has none"),
        ("base_to_new", "cosine", "ViT-B-16", "cannot name the new classes"),
        ("base_to_new", "linear_probe", "ViT-B-16", "cannot name the new classes"),
        ("base_to_new", "coop_class_specific", "ViT-B-16", "cannot name the new classes"),
    ],
)
def test_a_combination_that_makes_no_sense_is_refused_with_a_reason(protocol, method, backbone, reason):
    raw = yaml.safe_load(FILE.read_text())
    raw["scales"]["miniature"]["standard_backbone"] = backbone
    raw["protocols"][protocol]["methods"] = [method]
    with pytest.raises(ParameterError, match=reason):
        parse_parameters(raw, "miniature")


def test_a_missing_key_is_named():
    raw = yaml.safe_load(FILE.read_text())
    del raw["methods"]["prograd"]["temperature"]
    with pytest.raises(ParameterError, match=r"methods\.prograd\.temperature: missing"):
        parse_parameters(raw)


def test_an_unknown_scale_and_a_missing_file_say_so(tmp_path):
    with pytest.raises(ParameterError, match="did you mean 'miniature'"):
        load_parameters(FILE, "minature")
    with pytest.raises(ParameterError, match="no such file"):
        load_parameters(tmp_path / "params.yaml")


def test_the_scale_is_laid_over_the_rest_block_by_block():
    tuning = load_parameters(FILE, "miniature").protocols.few_shot.tuning
    assert tuning.steps_per_epoch == 3, "from the scale"
    assert tuning.context_length == 16, "from the protocol"


def test_parameters_are_frozen():
    with pytest.raises(Exception, match="frozen"):
        load_parameters(FILE).seeds = (1,)


def test_the_miniatures_towers_are_deep_enough_for_every_method():
    parameters = load_parameters(FILE, "miniature")
    backbone = parameters.backbones[parameters.standard_backbone]
    layers = {"visual_depth": backbone.vision["layers"], "text_depth": backbone.text["layers"]}
    layers["depth"] = min(layers.values())
    for name in type(parameters.methods).model_fields:
        block = getattr(parameters.methods, name)
        for key in layers.keys() & set(type(block).model_fields if block else ()):
            assert getattr(block, key) <= layers[key], f"methods.{name}.{key}"
