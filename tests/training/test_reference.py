"""The class features of the untouched CLIP: of which texts, of which classes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprompt.cells.cell import Cell
from reprompt.clip.text import tokenize
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import TaskData
from reprompt.foundation.digests import canonical
from reprompt.learners.templates import IMAGENET_60
from reprompt.training.reference import reference
from reprompt.training.training_set import TrainingSet


def task(name, names, template):
    return TaskData(Split(name, names, template, *([np.arange(len(names)).tolist()] * 2), {}, 1), None)


PETS = task("pets", ["cat", "old_dog", "owl"], "a photo of a {}, a type of pet.")
FOOD = task("food", ["soup", "pie"], "a photo of {}.")


@pytest.fixture
def held() -> Cell:
    """A cell that is held to one template."""
    settings = {"guidance": 8.0, "distance": "cosine", "context_length": 2}
    fixed = {"protocol": "few_shot", "backbone": "tiny", "task": "pets", "shots": 1, "tau": 1.0, "seed": 1, "swept": ""}
    return Cell(experiment="one", recipe="coop+kgcoop", settings=canonical(settings), **fixed)


def projected(tiny, texts):
    """By open_clip itself."""
    return tiny.model.encode_text(tokenize(texts))


def test_it_is_the_task_s_own_template_or_the_one_that_is_set(held, tiny):
    training = TrainingSet(("pets",), (PETS,), "all")
    own = projected(tiny, [f"a photo of a {name}, a type of pet." for name in ("cat", "old dog", "owl")])
    assert (reference(held, training, tiny) - F.normalize(own, dim=-1)).abs().max() < 1e-6
    other = replace(held, settings=canonical(held.resolved | {"reference_template": "my {}."}))
    own = projected(tiny, ["my cat.", "my old dog.", "my owl."])
    assert (reference(other, training, tiny) - F.normalize(own, dim=-1)).abs().max() < 1e-6


def test_sixty_templates_are_averaged_before_they_are_normalised(held, tiny):
    sixty = replace(held, settings=canonical(held.resolved | {"reference": "imagenet60"}))
    assert len({*IMAGENET_60}) == 60
    raw = torch.stack([projected(tiny, [t.format(name) for name in ("cat", "old dog", "owl")]) for t in IMAGENET_60])
    features = reference(sixty, TrainingSet(("pets",), (PETS,), "all"), tiny)
    assert (features - F.normalize(raw.mean(0), dim=-1)).abs().max() < 1e-6
    assert (features - F.normalize(F.normalize(raw, dim=-1).mean(0), dim=-1)).abs().max() > 1e-5


def test_of_several_tasks_each_class_has_its_own_task_s_template(held, tiny):
    both = reference(held, TrainingSet(("pets", "food"), (PETS, FOOD), "all"), tiny)
    alone = [reference(held, TrainingSet((data.split.task,), (data,), "all"), tiny) for data in (PETS, FOOD)]
    assert torch.equal(both, torch.cat(alone)) and both.shape == (5, 24)


def test_where_halves_are_learned_it_is_of_the_base_classes(held, tiny):
    whole, base = (reference(held, TrainingSet(("pets",), (PETS,), part), tiny) for part in ("all", "base"))
    assert (base - whole[: len(base)]).abs().max() < 1e-6 and len(base) == 2 < len(whole)
