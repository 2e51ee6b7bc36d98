"""Kept prompts: they come back, hand over what a cell starts from, and are refused where they do not belong."""

import dataclasses

import numpy as np
import pytest
import torch

from reprompt.cells.cell import Cell
from reprompt.records.prompts import read_prompts, rounded, write_prompts

JOB = "source/coop/tiny/all"


def cell(task="dtd", shots=5, seed=1, swept="", **of_start):
    """One that starts from source prompts where `of_start` says so."""
    return Cell("one", "elevater", "coop_source", "tiny", task, shots, 1.0, seed, swept, "{}", **of_start)


def prompt(value):
    return {"context": np.full((2, 3), value, np.float16)}


@pytest.fixture
def kept(tmp_path, tiny):
    """The prompts of a source at two seeds and of a longer one, and their file."""
    cells = [
        cell(task="source", seed=1),
        cell(task="source", seed=2),
        cell(task="source", swept='{"context_length":8.0}'),
    ]
    path = tmp_path / "all.safetensors"
    write_prompts(path, JOB, zip(cells, map(prompt, (1, 3, 7)), strict=True), tiny)
    return path


def test_a_cell_starts_from_the_mean_over_seeds(kept, tiny):
    start = read_prompts({JOB: kept}, tiny).start(cell(start="source", seed=2))
    assert start["context"].dtype == torch.float32
    assert torch.equal(start["context"], torch.full((2, 3), 2.0))


@pytest.mark.parametrize(("seed", "expected"), [(1, 1.0), (2, 3.0)])
def test_or_from_the_prompt_of_its_source_seed_whatever_its_own_seed(kept, tiny, seed, expected):
    for draw in (1, 2, 3):
        start = read_prompts({JOB: kept}, tiny).start(cell(start="source", seed=draw, source_seed=seed))
        assert torch.equal(start["context"], torch.full((2, 3), expected))


def test_what_only_the_source_is_swept_over_tells_its_prompts_apart(kept, tiny):
    beyond = read_prompts({JOB: kept}, tiny).start(cell(start="source", start_swept='{"context_length":8.0}'))
    assert torch.equal(beyond["context"], torch.full((2, 3), 7.0))


def test_swept_settings_are_those_of_the_source(kept, tiny):
    start = read_prompts({JOB: kept}, tiny).start(cell(start="source", swept='{"context_length":8.0}'))
    assert torch.equal(start["context"], torch.full((2, 3), 7.0))


@pytest.mark.parametrize("source_seed", [0, 2])
def test_a_source_of_other_shots_is_no_start(kept, tiny, source_seed):
    with pytest.raises(ValueError, match="no prompt was kept for task source, shots 20"):
        read_prompts({JOB: kept}, tiny).start(cell(start="source", shots=20, source_seed=source_seed))


@pytest.mark.parametrize("web_task", ["corpus", "corpus_rest", "webvision"])
@pytest.mark.parametrize("shots", [4, 16])
def test_what_was_learned_on_pictures_of_the_web_is_a_start_at_any_shots(tmp_path, tiny, shots, web_task):
    learned = cell(task="source", shots=5, together=(web_task,))
    write_prompts(tmp_path / "all.safetensors", JOB, [(learned, prompt(4))], tiny)
    start = read_prompts({JOB: tmp_path / "all.safetensors"}, tiny).start(cell(start="source", shots=shots))
    assert torch.equal(start["context"], torch.full((2, 3), 4.0))


def test_the_grid_evaluates_the_prompt_of_the_same_task_and_seed(kept, tiny):
    prompt = read_prompts({JOB: kept}, tiny).evaluated_by(cell(task="source", seed=2))
    assert torch.equal(prompt["context"], torch.full((2, 3), 3.0))


def test_prompts_of_another_backbone_are_refused_by_name(kept, tiny):
    other = dataclasses.replace(tiny, name="other", weights_sha256="something else")
    with pytest.raises(ValueError, match="tuned on the backbone tiny, whose weights are not those of other"):
        read_prompts({JOB: kept}, other)


def test_a_missing_file_is_named(tmp_path, tiny):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors is missing"):
        read_prompts({JOB: tmp_path / "none.safetensors"}, tiny)


def test_what_is_rounded_is_kept_exactly(tmp_path, tiny):
    params = rounded({"context": torch.randn(2, 3, generator=torch.Generator().manual_seed(1))})
    write_prompts(tmp_path / "p.safetensors", JOB, [(cell(), {"context": params["context"].half().numpy()})], tiny)
    prompt = read_prompts({JOB: tmp_path / "p.safetensors"}, tiny).evaluated_by(cell())
    assert torch.equal(prompt["context"], params["context"])
