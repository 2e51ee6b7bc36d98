"""How many numbers a prompt learner tunes, counted from its settings. MVLPT section 4, arXiv:2211.11720.

    coop    M vectors of the text tower's width D
    vpt     N vectors of the image tower's width W at J layers
    upt     both; for each tower a linear layer into the block's width P and one out of it; and the blocks, each with
            4 P^2 + 4 P of attention, 8 P^2 + 5 P of feed-forward and 4 P of its two norms

Heads split the block's width and add none.
"""

VIT_B_16 = {"text_width": 512, "image_width": 768}  # the towers of the CLIP that the paper counts for


def prompt_parameters(learner: str, settings: dict, text_width: int, image_width: int) -> int:
    """The learned numbers of "coop", "vpt" or "upt", with one context for all classes.

    Settings: `context_length` M, `visual_length` N, `visual_depth` J, `mix_width` P, `mix_layers` (default 1).
    """
    match learner:
        case "coop":
            return settings["context_length"] * text_width
        case "vpt":
            return settings["visual_length"] * settings["visual_depth"] * image_width
        case "upt":
            prompts = sum(prompt_parameters(one, settings, text_width, image_width) for one in ("coop", "vpt"))
            mix = settings["mix_width"]
            projections = sum((width + 1) * mix + (mix + 1) * width for width in (text_width, image_width))
            block = 12 * mix**2 + 13 * mix
            return prompts + projections + settings.get("mix_layers", 1) * block
    raise ValueError(f"no prompt learner {learner!r}: coop, vpt, upt")
