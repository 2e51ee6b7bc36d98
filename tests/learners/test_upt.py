"""UPT: the small transformer between prompts, and its special cases."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from reprompt.initialisation.context import random_vectors
from reprompt.learners.affine import default_affine
from reprompt.learners.upt import block_name, mix
from reprompt.learners.visual_start import visual_prompts


@pytest.fixture
def params(kind_of):
    return kind_of("UPT, tokens").params()


def test_outputs_that_ignore_the_mixture_are_ivlp_with_constant_prompts(kind_of, pixels, params):
    upt = kind_of("UPT, tokens")
    for name in ("text_out_weight", "visual_out_weight"):
        params[name] = torch.zeros_like(params[name])
    constant = {
        "context": params["text_out_bias"][:, None].expand(-1, 3, -1),
        "visual": params["visual_out_bias"][:, None, None].expand(-1, 1, 2, -1),
    }
    settings = {**upt.settings, "text_depth": 1}
    ivlp = kind_of(module=kind_of("IVLP 3 + 1").module, settings=settings)
    assert (upt.output(params, pixels).logits - ivlp.output(constant, pixels).logits).abs().max() < 1e-10


def test_a_single_token_attends_to_itself(params):
    token = torch.randn(2, 1, 8, dtype=torch.float64)
    assert (mix(token, params, "tokens") - mix(token, params, "itself")).abs().max() < 1e-12


def test_the_block_is_pytorchs_own_attention_and_feed_forward(params):
    """The slow, obvious version: one run, nn.MultiheadAttention with one head."""
    tokens = torch.randn(2, 5, 8, dtype=torch.float64)
    for r in range(2):
        own = {name: tensor[r] for name, tensor in params.items()}
        attention = nn.MultiheadAttention(8, 1, batch_first=True).double()
        attention.load_state_dict(
            {
                "in_proj_weight": own["mix_attention_in_weight"],
                "in_proj_bias": own["mix_attention_in_bias"],
                "out_proj.weight": own["mix_attention_out_weight"],
                "out_proj.bias": own["mix_attention_out_bias"],
            }
        )
        normed = F.layer_norm(tokens[r], (8,), own["mix_norm_1_weight"], own["mix_norm_1_bias"])[None]
        x = tokens[r] + attention(normed, normed, normed)[0][0]
        normed = F.layer_norm(x, (8,), own["mix_norm_2_weight"], own["mix_norm_2_bias"])
        hidden = F.linear(normed, own["mix_fc_1_weight"], own["mix_fc_1_bias"])
        x = x + F.linear(hidden * torch.sigmoid(1.702 * hidden), own["mix_fc_2_weight"], own["mix_fc_2_bias"])
        assert (mix(tokens, params, "tokens")[r] - x).abs().max() < 1e-12


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


def pytorchs_own(params, run, heads, layers):
    """nn.TransformerEncoderLayer, norm first, one after another, with the tensors of one run."""
    blocks = []
    for layer in range(1, layers + 1):
        own = {n.removeprefix(f"{block_name(layer)}_"): t[run] for n, t in params.items()}
        block = nn.TransformerEncoderLayer(
            8, heads, 32, dropout=0.0, activation=quick_gelu, batch_first=True, norm_first=True, dtype=torch.float64
        )
        names = {"self_attn.out_proj": "attention_out", "linear1": "fc_1", "linear2": "fc_2"}
        names |= {"norm1": "norm_1", "norm2": "norm_2"}
        block.load_state_dict(
            {f"{theirs}.{kind}": own[f"{ours}_{kind}"] for theirs, ours in names.items() for kind in ("weight", "bias")}
            | {f"self_attn.in_proj_{kind}": own[f"attention_in_{kind}"] for kind in ("weight", "bias")}
        )
        blocks.append(block)
    return nn.Sequential(*blocks)


@pytest.fixture
def deep_params(kind_of):
    """Of two runs with three blocks."""
    settings = {**kind_of("UPT, tokens").settings, "mix_heads": 4, "mix_layers": 3}
    return kind_of(module=kind_of("UPT, tokens").module, settings=settings).params()


@pytest.mark.parametrize(("heads", "layers"), [(1, 1), (2, 1), (4, 1), (8, 1), (1, 3), (4, 3)])
def test_blocks_of_heads_are_pytorchs_encoder_layers(deep_params, heads, layers):
    tokens = torch.randn(2, 5, 8, dtype=torch.float64)
    actual = mix(tokens, deep_params, "tokens", heads, layers)
    for run in range(2):
        expected = pytorchs_own(deep_params, run, heads, layers)(tokens[run][None])[0]
        assert (actual[run] - expected).abs().max() < 1e-12


def test_a_head_sees_its_own_part_of_the_width(params):
    """The slow, obvious version: every head, query and key in a loop of its own."""
    tokens, heads = torch.randn(2, 5, 8, dtype=torch.float64), 2
    for r in range(2):
        own = {name: tensor[r] for name, tensor in params.items()}
        normed = F.layer_norm(tokens[r], (8,), own["mix_norm_1_weight"], own["mix_norm_1_bias"])
        q, k, v = F.linear(normed, own["mix_attention_in_weight"], own["mix_attention_in_bias"]).split(8, dim=-1)
        mixed = torch.zeros(5, 8, dtype=torch.float64)
        for part in (slice(0, 4), slice(4, 8)):
            for i in range(5):
                weights = torch.stack([q[i, part] @ k[j, part] / 2 for j in range(5)]).softmax(dim=0)
                mixed[i, part] = sum(weights[j] * v[j, part] for j in range(5))
        x = tokens[r] + F.linear(mixed, own["mix_attention_out_weight"], own["mix_attention_out_bias"])
        normed = F.layer_norm(x, (8,), own["mix_norm_2_weight"], own["mix_norm_2_bias"])
        hidden = quick_gelu(F.linear(normed, own["mix_fc_1_weight"], own["mix_fc_1_bias"]))
        x = x + F.linear(hidden, own["mix_fc_2_weight"], own["mix_fc_2_bias"])
        assert (mix(tokens, params, "tokens", heads)[r] - x).abs().max() < 1e-12


def test_heads_make_no_difference_where_tokens_attend_to_themselves(params):
    tokens = torch.randn(2, 5, 8, dtype=torch.float64)
    assert torch.equal(mix(tokens, params, "itself", heads=4), mix(tokens, params, "itself"))


@pytest.mark.parametrize("attention", ["tokens", "itself"])
def test_heads_that_do_not_divide_the_width_are_an_error(params, attention):
    with pytest.raises(ValueError, match="mix_heads 3 does not divide mix_width 8"):
        mix(torch.zeros(2, 1, 8).double(), params, attention, heads=3)


@pytest.mark.parametrize("fewer", [{"mix_heads": 1}, {"mix_layers": 1}])
def test_a_learner_has_the_block_of_its_settings(kind_of, pixels, fewer):
    kind = kind_of("UPT, two blocks of two heads")
    other = kind_of(module=kind.module, settings={**kind.settings, **fewer})
    params = kind.params()
    assert (kind.output(params, pixels).logits - other.output(params, pixels).logits).abs().max() > 1e-6


def test_further_blocks_leave_the_start_of_all_else_alone(kind_of):
    settings = kind_of("UPT, tokens").settings
    one, three = (
        kind_of(module=kind_of("UPT, tokens").module, settings={**settings, **more}).learner()
        for more in ({}, {"mix_heads": 2, "mix_layers": 3})
    )
    one, three = (learner.start("random", torch.Generator().manual_seed(5)) for learner in (one, three))
    assert all(torch.equal(one[name], three[name]) for name in one)
    further = set(three) - set(one)
    assert further == {name.replace("mix", f"mix_{n}", 1) for n in (2, 3) for name in one if name.startswith("mix_")}
    assert not torch.equal(three["mix_2_fc_1_weight"], three["mix_3_fc_1_weight"])


def test_a_start_reads_the_stream_in_one_order(kind_of, exact):
    kind = kind_of("UPT, tokens")
    start = kind.learner().start("random", torch.Generator().manual_seed(6))
    stream = torch.Generator().manual_seed(6)
    assert torch.equal(start["context"], random_vectors(3, 32, stream=stream))
    xavier = (6 / 32) ** 0.5 * (2 * torch.rand(24, 8, generator=stream) - 1)
    assert torch.equal(start["mix_attention_in_weight"], xavier)
    out = default_affine("mix_attention_out", 8, 8, stream)
    assert torch.equal(start["mix_attention_out_weight"], out["mix_attention_out_weight"])  # its bias starts at zero
    assert torch.equal(start["visual"], visual_prompts(exact.model.visual, kind.typed, stream))
    for name, widths in (
        *(("text_in", (32, 8)), ("text_out", (8, 32)), ("visual_in", (32, 8)), ("visual_out", (8, 32))),
        *(("mix_fc_1", (8, 32)), ("mix_fc_2", (32, 8))),
    ):
        drawn = default_affine(name, *widths, stream)
        assert all(torch.equal(start[key], drawn[key]) for key in drawn)


def test_the_order_of_tokens_does_not_matter_to_the_mixture(params):
    tokens, order = torch.randn(2, 5, 8, dtype=torch.float64), [3, 0, 4, 1, 2]
    for attention in ("tokens", "itself"):
        assert (mix(tokens[:, order], params, attention) - mix(tokens, params, attention)[:, order]).abs().max() < 1e-12


@pytest.mark.parametrize(("name", "meet"), [("UPT, tokens", True), ("UPT, itself", False)])
def test_text_and_visual_prompts_meet_only_where_tokens_attend_to_all(kind_of, pixels, name, meet):
    kind = kind_of(name)
    params = kind.params()
    moved = {**params, "visual": params["visual"] + torch.randn_like(params["visual"])}
    change = (kind.output(params, pixels).classes - kind.output(moved, pixels).classes).abs().max()
    assert (change > 1e-6) == meet


def test_without_projections_the_tokens_enter_as_they_are(kind_of, pixels, exact):
    """The released code has none where the widths agree: then identities change nothing."""
    kind = kind_of(module=kind_of("UPT, tokens").module, settings={**kind_of("UPT, tokens").settings, "mix_width": 32})
    params = kind.params()
    projections = [f"{tower}_{end}" for tower in ("text", "visual") for end in ("in", "out")]
    bare = {name: tensor for name, tensor in params.items() if not name.startswith(tuple(projections))}
    for name in projections:
        params[f"{name}_weight"] = torch.eye(32).double().expand(2, -1, -1)
        params[f"{name}_bias"] = torch.zeros(2, 32).double()
    assert (kind.output(bare, pixels).logits - kind.output(params, pixels).logits).abs().max() < 1e-10


def test_an_attention_that_is_none_is_an_error(params):
    with pytest.raises(ValueError, match=r"'tokens' .* or 'itself'"):
        mix(torch.zeros(2, 1, 8).double(), params, "heads")
