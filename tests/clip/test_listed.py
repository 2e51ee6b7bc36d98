"""The table of backbones says what the open_clip that is installed lists, and what works is CLIP."""

import open_clip
import torch
from open_clip.model import CLIP
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
from torch import nn

from project import PROJECT
from reprompt.clip.listed import outcome, page


def test_the_table_says_of_every_model_and_tag_what_the_open_clip_that_is_installed_gives():
    written = (PROJECT / "docs/backbones.md").read_text()
    assert written == page(), "reprompt backbones --out docs/backbones.md"
    rows = [line.split(" | ") for line in written.splitlines() if line.startswith("| ")][1:]
    told = [(row[0].removeprefix("| "), tag.strip("`")) for row in rows for tag in row[1].split(", ")]
    assert sorted(told) == sorted(open_clip.list_pretrained())


def test_what_works_is_built_as_clip_with_nothing_that_the_towers_here_leave_out():
    """Every model that has a tag that works, on the meta device."""
    outcomes = ((model, outcome(model, tag)[0]) for model, tag in open_clip.list_pretrained())
    models = {model: told for model, told in outcomes if told.startswith("works")}
    assert len(models) > 15
    for model in models:
        with torch.device("meta"):
            clip = CLIP(**open_clip.get_model_config(model))
        is_vit = isinstance(clip.visual, VisionTransformer)
        assert is_vit == (models[model] == "works"), model
        blocks = [*clip.transformer.resblocks, *(clip.visual.transformer.resblocks if is_vit else ())]
        for block in blocks:
            assert type(block) is ResidualAttentionBlock, model
            assert isinstance(block.ls_1, nn.Identity) and isinstance(block.attn, nn.MultiheadAttention), model
        assert clip.attn_mask.shape == (77, 77) and clip.vocab_size == 49408 and clip.text_pool_type == "argmax", model
        assert clip.logit_bias is None and isinstance(clip.text_projection, nn.Parameter), model
        if is_vit:
            assert clip.visual.pool_type == "tok" and clip.visual.attn_pool is None, model
            assert isinstance(clip.visual.ln_pre, nn.LayerNorm) and not clip.visual.final_ln_after_pool, model
