"""A project folder with photographs that are a task, and a CLIP of random weights at the smoke scale."""

from pathlib import Path

import pytest
import torch

from photographs import photographs
from project import PROJECT
from reprompt.clip.lengths import token_counts
from reprompt.clip.weights import VOCABULARY, build, save
from reprompt.data.own.add import Wanted, add_task
from reprompt.planning.parameters import load_parameters
from tiny_clip import MEAN_STD


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working folder: params.yaml at the smoke scale, weights, and two tasks, one of them cross-validated."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        text = (PROJECT / "params.yaml").read_text()
        Path("params.yaml").write_text(text.replace("\nscale: miniature", "\nscale: smoke", 1))
        settings = load_parameters("params.yaml", "smoke").backbones["ViT-B-16"]
        torch.manual_seed(0)
        model = build(settings.vision, settings.text, settings.joint_width)
        architecture = {"vision": settings.vision, "text": settings.text, "joint_width": settings.joint_width}
        architecture |= dict(zip(("mean", "std"), MEAN_STD, strict=True))
        weights = Path("results/smoke/backbones/ViT-B-16.safetensors")
        save(weights, model, torch.arange(VOCABULARY), architecture, {})
        photographs(Path("my photos"), 10)
        for name, folds in (("scenes", 0), ("few_scenes", 2)):
            wanted = Wanted(name, Path("my photos"), "a photo of {}.", folds=folds)
            add_task(wanted, token_counts, lambda steps, total: steps)
    return folder
