"""What rules make before anything is tuned: splits, weights that are converted, features with their manifests.

The commands of the workflow call these, and so does whoever goes without Snakemake.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import torch

from reprompt.cells.parameters import OpenClipBackbone
from reprompt.clip.features import PartImages, ensure_features
from reprompt.clip.manifest import manifest
from reprompt.clip.openai import convert, fetch, is_published, load, read_foreign_weights
from reprompt.data.source import split_of
from reprompt.data.sources import source_of, stored_source_of
from reprompt.foundation.atomic import write_text
from reprompt.planning.entry_points import code_of_pictures, features_made_from
from reprompt.planning.plan import Plan


def make_split(plan: Plan, task: str, out: Path) -> None:
    """Write the split file of a data set, and say where it is not what the papers had."""
    source, card = source_of(plan.parameters), plan.parameters.card(task)
    split_of(source, card, plan.all_seeds, plan.most_shots_of_labelled).write(out)
    for note in source.notes(task):
        print(f"{task}: {note}", file=sys.stderr)


def make_weights(backbone: str, settings: OpenClipBackbone, source: Path | None, out: Path) -> None:
    """Convert the weights of an open_clip backbone, from a file or, without one, downloaded; says whose they are."""
    source = source or (Path(settings.file) if settings.file else None)
    foreign = read_foreign_weights(source or fetch(settings.model, settings.pretrained, backbone))
    convert(foreign, settings.model, settings.pretrained, out)
    whose = "OpenAI's published file" if is_published(foreign, settings.model) else "no file that OpenAI published"
    print(f"{foreign.path}: {whose}, sha256 {foreign.sha256}", file=sys.stderr)


def make_features(
    plan: Plan, backbone: str, part: str, files: tuple[Path, Path], device: str, advance: Callable[[int], None]
) -> None:
    """Encode a part's images; `files` are the backbone's weights and the features, beside which a manifest goes."""
    weights, out = files
    spec = plan.features_spec(backbone, part)
    frozen = load(weights, backbone).to(device, torch.float32)
    source = stored_source_of(plan.parameters, plan.images, code_of_pictures(plan), frozen.preparation)
    images = PartImages.as_listed(source, plan.parts[part], plan.views_of(part))
    made_from = features_made_from(plan, spec, images.listings)
    made = ensure_features(out, made_from, frozen, images, advance=advance)
    write_text(out.with_suffix(".json"), manifest(spec, frozen.weights_sha256, made.pictures, images.listings))
