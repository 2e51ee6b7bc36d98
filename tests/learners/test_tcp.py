"""TCP: tokens of every class enter half way up the text tower; its special cases, and what holds for every learner."""

import pytest
import torch
import torch.nn.functional as F
import yaml

from project import PROJECT
from reprompt.cells.axes import Widths
from reprompt.clip.text import tokenize
from reprompt.evidence.adaptation import VIT_B_16
from reprompt.learners import tcp
from reprompt.learners.templates import class_features
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import make_plan
from reprompt.workflow.estimate.jobs import job_work
from reprompt.workflow.estimate.memory import job_memory

from .test_every_learner import (  # noqa: F401
    test_a_fleet_of_three_equals_its_runs_alone,
    test_a_learner_starts_the_same_from_the_same_stream_and_in_single_precision,
    test_every_saving_is_exact_in_logits_and_gradients,
    test_features_are_normalised_and_logits_are_scaled_cosines,
    test_images_shared_by_all_runs_equal_a_copy_for_each,
    test_permuting_classes_permutes_logits,
    test_towers_in_bfloat16_leave_everything_learned_in_single_precision,
)

PETS = "a photo of a {}, a type of pet."
SETTINGS = {"context_length": 3, "block": 2, "reference_template": PETS}
KINDS = {
    "TCP": SETTINGS,
    "TCP, mixed": SETTINGS | {"block": 1, "mix": 0.4},
    "TCP, of a sentence": SETTINGS | {"sentence": "person doing {}, a type of pet"},
}


@pytest.fixture(params=KINDS)
def kind(request, kind_of):
    """In place of every kind of learner: TCP's."""
    return kind_of(module=tcp, settings=KINDS[request.param])


def test_class_tokens_are_embedded_from_the_untouched_clip_and_enter_before_their_block(kind_of, exact, pixels, names):
    """The slow, obvious version: PyTorch's layers, and open_clip's own blocks on the 77 embeddings of one class."""
    kind = kind_of(module=tcp, settings=SETTINGS | {"mix": 0.4, "sentence": "person doing {}, a type of pet"})
    params = kind.params(runs=1)
    ours = kind.output(params, pixels[:1]).classes[0]
    own, model = {name: tensor[0] for name, tensor in params.items()}, exact.model
    for name, feature in zip(names, ours, strict=True):
        name = name.replace("_", " ")
        reference = model.encode_text(tokenize([PETS.format(name)]), normalize=True)[0]
        hidden = F.linear(reference, own["meta_in_weight"], own["meta_in_bias"])
        hidden = hidden * torch.sigmoid(1.702 * hidden)
        class_tokens = F.linear(hidden, own["meta_out_weight"], own["meta_out_bias"]).view(3, -1)
        tokens = tokenize([f"x x x person doing {name}, a type of pet"])[0]
        x = model.token_embedding(tokens)
        x = (torch.cat([x[:1], own["context"], x[4:]]) + model.positional_embedding)[None]
        for layer, block in enumerate(model.transformer.resblocks):
            if layer == 2:
                x = torch.cat([x[:, :1], 0.4 * class_tokens[None] + 0.6 * x[:, 1:4], x[:, 4:]], dim=1)
            x = block(x, attn_mask=model.attn_mask)
        alone = model.ln_final(x[0])[tokens.argmax()] @ model.text_projection
        assert (feature - F.normalize(alone, dim=-1)).abs().max() < 1e-10


def test_without_its_tokens_it_is_coop(kind_of, pixels):
    kind = kind_of(module=tcp, settings=SETTINGS | {"mix": 0.0})
    params = kind.params()
    coop = kind_of("CoOp").output({"context": params["context"]}, pixels)
    assert (kind.output(params, pixels).logits - coop.logits).abs().max() < 1e-10


def test_classes_that_were_not_trained_on_have_tokens_of_their_own(kind_of, pixels, names):
    """What a name is among does not matter to its feature."""
    kind = kind_of(module=tcp, settings=SETTINGS)
    params = kind.params()
    among_all, alone = (kind.output(params, pixels, names=some).classes for some in ([*names, "lamp"], ["lamp"]))
    assert (among_all[:, -1:] - alone).abs().max() < 1e-10
    assert (among_all[:, :-1] - kind.output(params, pixels).classes).abs().max() < 1e-10


def test_the_untouched_clip_reads_the_classes_own_templates_unless_one_is_set(exact, names):
    settings = tcp.Settings(context_length=3, block=2)
    templates = ["a photo of a {}.", "my {}.", "the {}.", "one {}."]
    learner = tcp.Learner(exact, names, settings, templates=templates)
    for name, template, feature in zip(names, templates, learner.reference, strict=True):
        assert (feature - class_features(exact, [name], (template,))[0]).abs().max() < 1e-12
    fixed = tcp.Learner(exact, names, tcp.Settings(**SETTINGS), templates=templates)
    assert (fixed.reference - class_features(exact, names, (PETS,))).abs().max() < 1e-12


def test_a_learner_that_knows_no_template_a_sentence_without_a_name_and_a_block_too_many_are_refused(kind_of, pixels):
    with pytest.raises(ValueError, match="0 templates for 4 classes"):
        kind_of(module=tcp, settings={"context_length": 3, "block": 2}).learner()
    with pytest.raises(ValueError, match=r"sentence 'pet\.': it needs \{\} where the name stands"):
        kind_of(module=tcp, settings=SETTINGS | {"sentence": "pet."}).learner()
    kind = kind_of(module=tcp, settings=SETTINGS | {"block": 3})
    with pytest.raises(ValueError, match="before block 3 of the text tower: it takes them at 1 to 2"):
        kind.output(kind.params(), pixels)


def test_it_learns_as_many_numbers_as_published_and_says_so(exact, names):
    assert tcp.Settings(context_length=4, block=8).learned_numbers(VIT_B_16) == 331_904
    start = tcp.Learner(exact, names, tcp.Settings(**SETTINGS)).start("random", torch.Generator())
    widths = Widths(exact.text_width, 32, exact.joint_width, len(names))
    assert tcp.Settings(**SETTINGS).learned_numbers(widths) == sum(tensor.numel() for tensor in start.values())


def test_it_is_planned_with_its_own_settings_and_costed_like_any_other():
    raw = yaml.safe_load((PROJECT / "params.yaml").read_text())
    block = {"protocol": "base_to_new", "tuning": "base_to_new", "methods": ["tcp+kgcoop"], "shots": [16]}
    raw["experiments"] = {"one": block | {"backbones": ["ViT-B-16"]}}
    raw["scales"]["paper"]["experiments"] = {}
    plan = make_plan(parse_parameters(raw, "paper"))
    by_task = {cell.task: cell for cell in plan.cells}
    assert {cell.resolved["epochs"] for task, cell in by_task.items() if task not in ("imagenet", "sun397")} == {50}
    assert by_task["imagenet"].resolved["epochs"] == by_task["sun397"].resolved["epochs"] == 25
    for cell in plan.cells:
        assert (cell.tuned.optimiser, cell.tuned.epsilon, cell.tuned.batch, cell.learner.block) == ("adam", 1e-3, 32, 8)
        assert cell.resolved["guidance"] == 8 and cell.learner.reference_template == cell.referenced.reference_template
    assert by_task["fgvc_aircraft"].learner.reference_template == "a photo of an aircraft {}."
    assert by_task["dtd"].learner.sentence == "{} texture."
    assert by_task["ucf101"].learner.sentence == "person doing {}."
    job = next(job for job in plan.jobs if job.cells[0].task == "eurosat")
    assert job_work(plan, job).operations > 0 and job_memory(plan, job, "cpu").host > 1e8
