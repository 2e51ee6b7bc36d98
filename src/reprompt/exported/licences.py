"""Under which licence the weights are that a prompt is for; the prompt is of no use without them."""

from open_clip.pretrained import get_pretrained_cfg

OF_TAGS = (  # by how a tag begins; the makers' own pages say it
    ("openai", "MIT (openai/CLIP)"),
    ("laion", "MIT (LAION)"),
    ("datacomp", "MIT (DataComp)"),
    ("commonpool", "MIT (DataComp)"),
    ("dfn", "Apple's, for research only (apple-amlr)"),
    ("metaclip", "CC BY-NC 4.0 (facebookresearch/MetaCLIP)"),
)
OF_MINIATURE = "MIT, as Reprompt itself"


def licence_of(model: str, tag: str) -> str:
    """The licence of open_clip's weights `tag`, or where it is to be found."""
    for begins, licence in OF_TAGS:
        if tag.startswith(begins):
            return licence
    page = get_pretrained_cfg(model, tag).get("hf_hub", "")
    return f"see https://huggingface.co/{page.strip('/')}" if page else "not known: see who made the weights"
