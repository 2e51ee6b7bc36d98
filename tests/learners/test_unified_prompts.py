"""UPT: the small transformer between prompts, and its special cases."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from reprompt.learners.unified_prompts import mix


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
    assert (upt.outcome(params, pixels).logits - ivlp.outcome(constant, pixels).logits).abs().max() < 1e-10


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


def test_the_order_of_tokens_does_not_matter_to_the_mixture(params):
    tokens, order = torch.randn(2, 5, 8, dtype=torch.float64), [3, 0, 4, 1, 2]
    for attention in ("tokens", "itself"):
        assert (mix(tokens[:, order], params, attention) - mix(tokens, params, attention)[:, order]).abs().max() < 1e-12


@pytest.mark.parametrize(("name", "meet"), [("UPT, tokens", True), ("UPT, itself", False)])
def test_text_and_visual_prompts_meet_only_where_tokens_attend_to_all(kind_of, pixels, name, meet):
    kind = kind_of(name)
    params = kind.params()
    moved = {**params, "visual": params["visual"] + torch.randn_like(params["visual"])}
    change = (kind.outcome(params, pixels).classes - kind.outcome(moved, pixels).classes).abs().max()
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
    assert (kind.outcome(bare, pixels).logits - kind.outcome(params, pixels).logits).abs().max() < 1e-10


def test_an_attention_that_is_none_is_an_error(params):
    with pytest.raises(ValueError, match=r"'tokens' .* or 'itself'"):
        mix(torch.zeros(2, 1, 8).double(), params, "heads")
