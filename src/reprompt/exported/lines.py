"""Lines of plain open_clip that open an exported prompt, for its card: nothing of this package is in them."""

from reprompt.exported.card import OfBackbone, OfPictures, Opens

RESIZE = {"centred": "shortest", "squashed": "squash", "padded": "longest"}  # open_clip's words
IMPORTS = (
    "import open_clip, torch",
    "from PIL import Image, ImageOps",
    "from safetensors.torch import load_file",
)
CLASSIFY = (
    "with torch.no_grad():",
    "    image = torch.nn.functional.normalize(model.encode_image(preprocess({picture})[None]), dim=-1)",
    '    logits = prompt["logit_scale"].exp() * image @ prompt["class_features"].T',
    "print(dict(zip(classes, logits.softmax(dim=-1)[0].tolist())))",
)
WITH_REPROMPT = (
    "import reprompt",
    'prompt = reprompt.load(".")',
    'print(prompt.predict(model, ["new.jpg"]))  # model: the CLIP of these weights, as open_clip has it',
)
OF_MINIATURE = (  # the format of clip/weights.py
    "import json",
    "from open_clip.model import CLIP",
    "from safetensors import safe_open",
    'about = json.loads(safe_open({weights!r}, "pt").metadata()["about"])["architecture"]',
    'text = {{"context_length": 77, "vocab_size": 49408, **about["text"]}}',
    'model = CLIP(about["joint_width"], about["vision"], text, quick_gelu=about.get("quick_gelu", False)).eval()',
    "weights = load_file({weights!r})",
    "weights = {{name: w.float() if w.is_floating_point() else w for name, w in weights.items()}}",
    'rows, ids = weights.pop("token_embedding.weight"), weights.pop("token_ids").long()',
    'weights["token_embedding.weight"] = torch.zeros(49408, rows.shape[1]).index_copy(0, ids, rows)',
    "model.load_state_dict(weights)",
)


def lines_of(backbone: OfBackbone, pictures: OfPictures, opens_in: Opens, file: str | None) -> tuple[str, ...]:
    """Lines that classify `new.jpg` in the folder of the prompt; `file` are the weights, if not open_clip's own."""
    if opens_in == "reprompt":
        return WITH_REPROMPT
    preprocess = (
        f"preprocess = open_clip.image_transform({pictures.side}, is_train=False, mean={pictures.mean},"
        f" std={pictures.std}, resize_mode={RESIZE[pictures.resize]!r}, interpolation={pictures.interpolation!r})"
    )
    if backbone.source == "rendered":
        model = tuple(line.format(weights=backbone.weights) for line in OF_MINIATURE)
    else:
        pretrained = file or backbone.pretrained
        model = (f"model = open_clip.create_model({backbone.model!r}, pretrained={pretrained!r}).eval()",)
    opened = 'Image.open("new.jpg")'
    picture = f"ImageOps.exif_transpose({opened})" if pictures.upright else opened
    classes = "import json"
    return (
        *IMPORTS,
        classes,
        'prompt, classes = load_file("prompt.safetensors"), json.load(open("card.json"))["classes"]',
        *(line for line in model if line != classes),
        preprocess,
        *(line.replace("{picture}", picture) for line in CLASSIFY),
    )
