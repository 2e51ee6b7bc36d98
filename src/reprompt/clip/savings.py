"""The exact savings of the fast path, one switch each: results are the same with any of them off, only slower."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Savings:
    """What is not computed because the result cannot depend on it, or is already known.

    cached_images      features of a frozen image tower come from the feature store, not from pixels
    fixed_text_once    class texts that nothing learned enters are encoded once, not in every forward pass
    cut_at_end         text stops at the last end token (causal mask)
    shared_prefix      what all classes share at the front of a prompt is computed once per run (per image in CoCoOp)
    packed             with it, each class stops at its own end token: shorter names are not padded
    read_out_only      the last block runs only where the feature is read: the end token, the class token
    replaced_prompts   a visual prompt that the next layer replaces is only looked at: keys and values, once per run;
                       low-rank updates of the image tower are applied to tokens, not added up with its weights
    one_forward        ProGrad's two gradients come from one forward pass
    recompute_above    activations of more bytes than this are recomputed in the backward pass, block by block
    """

    cached_images: bool = True
    fixed_text_once: bool = True
    cut_at_end: bool = True
    shared_prefix: bool = True
    packed: bool = True
    read_out_only: bool = True
    replaced_prompts: bool = True
    one_forward: bool = True
    recompute_above: float = 4e9


ALL_SAVINGS = Savings()
SWITCHES = tuple(field.name for field in fields(Savings) if field.type is bool)
NO_SAVINGS = replace(ALL_SAVINGS, **dict.fromkeys(SWITCHES, False), recompute_above=float("inf"))
