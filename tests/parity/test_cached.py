"""Cases of learners on features that are kept, and of updated towers: every result that they store is compared."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from reprompt.parity.run import compare_folder

from .test_unseen_folder import falsified

FOLDER = Path(__file__).parent / "golden"
METHODS = ("clipadapter", "tip", "taskres", "prolip", "lpp", "clap", "cliplora")
CASES = sorted(path.stem for path in FOLDER.glob("*.npz") if path.stem.startswith(METHODS))
MADE = ("in.class_features", "in.lambda")  # inputs of the reference that are made anew here
NOT_OURS = "out.search"  # of alpha and beta, which are fixed here


@pytest.mark.parametrize("name", CASES)
def test_every_stored_result_is_compared(tmp_path, name):
    shutil.copy(FOLDER / "clip_tiny.npz", tmp_path)
    with np.load(FOLDER / f"{name}.npz") as file:
        arrays = dict(file)
    results = {array for array in arrays if array.startswith(("out.", "grad", "step", *MADE))}
    results -= {array for array in results if array.startswith(NOT_OURS)}
    np.savez(tmp_path / f"{name}.npz", **(arrays | {array: falsified(arrays[array]) for array in results}))
    noticed = {difference.array for difference in compare_folder(tmp_path)[name].failures}
    assert len(results) > 4 and results - noticed == set()


def test_multipliers_that_are_updated_are_named_and_not_compared(tmp_path):
    shutil.copy(FOLDER / "clip_tiny.npz", tmp_path)
    with np.load(FOLDER / "clap_l2.npz") as file:
        arrays = dict(file)
    config = str(arrays["config_json"]).replace('"l2"', '"l2-adaptative"')
    np.savez(tmp_path / "clap.npz", **(arrays | {"config_json": config}))
    assert "multipliers are constant here" in str(compare_folder(tmp_path)["clap"])
