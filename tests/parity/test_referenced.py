"""Cases of objectives that hold on to the untouched CLIP: every result that they store is compared."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from reprompt.parity.run import compare_folder

from .test_unseen_folder import falsified

FOLDER = Path(__file__).parent / "golden"
CASES = sorted(path.stem for path in FOLDER.glob("*.npz") if path.stem.startswith(("kgcoop", "promptsrc", "tcp")))
MODEL = ("clip_tiny", "extra_tokens_prompts")
RESULTS = (
    "out.",
    "grad",
    "step",
    "adam_step",
    "in.reference_text_features",
    "in.reference_image",
    "in.reference_logits",
)


@pytest.mark.parametrize("name", CASES)
def test_every_stored_result_is_compared(tmp_path, name):
    for part in MODEL:
        shutil.copy(FOLDER / f"{part}.npz", tmp_path)
    with np.load(FOLDER / f"{name}.npz") as file:
        arrays = dict(file)
    results = {array for array in arrays if array.startswith(RESULTS)}
    np.savez(tmp_path / f"{name}.npz", **(arrays | {array: falsified(arrays[array]) for array in results}))
    noticed = {difference.array for difference in compare_folder(tmp_path)[name].failures}
    assert len(results) > 4 and results - noticed == set()


@pytest.mark.parametrize("name", [case for case in CASES if "gpa" not in case])
def test_other_texts_of_the_untouched_clip_fail_their_case(tmp_path, name):
    for part in MODEL:
        shutil.copy(FOLDER / f"{part}.npz", tmp_path)
    with np.load(FOLDER / f"{name}.npz") as file:
        arrays = dict(file)
    ids = arrays["in.reference_token_ids"].copy()
    ids[..., -1, 1] += 1
    np.savez(tmp_path / f"{name}.npz", **(arrays | {"in.reference_token_ids": ids}))
    assert {difference.array for difference in compare_folder(tmp_path)[name].failures} == {"in.reference_token_ids"}
