"""The cell store from records: what another scale or a restored folder has is not trained again."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from reprompt.cells.cell import Cell
from reprompt.cells.cell import TestSet as JudgedOn  # by its own name pytest would collect it
from reprompt.records.files import CellStore, EvaluatedCell, Result, write_records
from reprompt.records.identity import key
from reprompt.records.prompts import write_prompts
from reprompt.workflow import provenance
from reprompt.workflow.refill import refill

ALL = JudgedOn("dtd", "all")
TARGETS = {ALL: np.array([0, 1, 2, 1])}
STORE = Path(".cells")


def judged(seed, rounded=False):
    cell = Cell("few", "elevater", "coop", "tiny", "dtd", 4, 1.0, seed, "", '{"epochs":3}', keeps_prompt=rounded)
    prompt = {"context": np.full((2, 3), seed, np.float16)} if rounded else {}
    identity = {"seed": seed, "settings": cell.resolved, "rounded": rounded, "test": []}
    result = Result(np.array([0, 1, 2, seed]), {"curve": np.array([1, 300]), "angle": np.array([0.5], np.float16)})
    return EvaluatedCell(cell, identity, {ALL: result}, prompt)


def recorded(cells, tiny, scale="miniature", code="code", name="part1"):
    """Records of a scale with their prompts, as a run leaves them, and their entries in the list."""
    root = Path("results") / scale
    path = root / f"records/{name}.npz"
    write_records(path, scale, cells, TARGETS)
    outputs = [path]
    if cells[0].prompt:
        write_prompts(path.with_suffix(".safetensors"), "job", [(cell.cell, cell.prompt) for cell in cells], tiny)
        outputs.append(path.with_suffix(".safetensors"))
    with provenance.list_path(root).open("a") as file:
        for output in outputs:
            made = {"code": "rule", "cells": code, "commit": "c"}
            file.write(json.dumps({"output": str(output), "sha256": provenance.sha256(output), "made": made}) + "\n")
    return path


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def in_store(result, code="code"):
    return CellStore(STORE).get(result.cell, result.identity, key(result.identity, code))


def test_recorded_cells_of_every_scale_are_in_the_store_under_the_code_of_their_list(tiny):
    recorded([judged(1), judged(2)], tiny)
    recorded([judged(3)], tiny, scale="evidence", code="other")
    assert refill(Path("results"), STORE) == 3
    assert in_store(judged(1)) and in_store(judged(2)) and in_store(judged(3), "other")
    assert in_store(judged(3)) is None


def test_what_comes_from_records_gives_the_same_records(tiny):
    cells = [judged(1, rounded=True), judged(2, rounded=True)]
    path = recorded(cells, tiny)
    refill(Path("results"), STORE)
    again = [in_store(cell) for cell in cells]
    write_records(Path("again.npz"), "miniature", again, TARGETS)
    write_prompts(Path("again.safetensors"), "job", [(cell.cell, cell.prompt) for cell in again], tiny)
    assert Path("again.npz").read_bytes() == path.read_bytes()
    assert Path("again.safetensors").read_bytes() == path.with_suffix(".safetensors").read_bytes()


def test_a_cell_whose_kept_prompt_is_not_there_is_left_out(tiny):
    path = recorded([judged(1, rounded=True)], tiny)
    path.with_suffix(".safetensors").unlink()
    assert refill(Path("results"), STORE) == 0


@pytest.mark.parametrize("end", [".npz", ".safetensors"])
def test_a_file_that_is_not_what_the_list_says_is_left_out(tiny, end):
    path = recorded([judged(1, rounded=True)], tiny).with_suffix(end)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert refill(Path("results"), STORE) == 0


def test_records_of_which_no_code_is_told_are_left_out(tiny):
    recorded([judged(1)], tiny, code=None)
    assert refill(Path("results"), STORE) == 0


def test_a_file_is_taken_over_once_and_again_under_other_code(tiny, monkeypatch):
    path = recorded([judged(1)], tiny)
    assert refill(Path("results"), STORE) == 1
    with monkeypatch.context() as patch:
        patch.setattr("reprompt.workflow.refill.read_rows", lambda path: pytest.fail("read again"))
        assert refill(Path("results"), STORE) == 0
    listed = provenance.list_path(Path("results/miniature"))
    listed.write_text(listed.read_text().replace('"cells": "code"', '"cells": "attested"'))
    assert path.exists() and refill(Path("results"), STORE) == 1
    assert in_store(judged(1), "attested")


def test_what_a_cell_has_in_the_store_already_stays(tiny):
    result = judged(1)
    recorded([result], tiny)
    CellStore(STORE).put({ALL: Result(np.array([9]))}, {}, key(result.identity, "code"))
    assert refill(Path("results"), STORE) == 0
    assert in_store(result).results[ALL].predictions.tolist() == [9]


def test_prompts_are_those_of_their_cells(tiny):
    cells = [judged(seed, rounded=True) for seed in (1, 2, 3)]
    recorded(cells, tiny)
    refill(Path("results"), STORE)
    for cell in cells:
        assert torch.equal(torch.tensor(in_store(cell).prompt["context"]), torch.tensor(cell.prompt["context"]))
