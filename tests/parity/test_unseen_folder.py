"""The comparison with golden cases on a folder that it has never seen, against a second implementation."""

import json

import numpy as np
import pytest
import torch

from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS
from reprompt.parity.run import compare_folder, print_parity

from .folder import write_folder

FOR_INFORMATION = "L_CLIP_literal"  # the README stores the paper's misprint for information only
RESULTS = ("out.", "grad", "step", "meta_grad", "after.", "E0.", "E1.", "task")
GIVEN = ("_images", "_labels", ".classes", ".E_W", ".E_H", "task_start", "task_end")
OF_TFIDF = ("vocabulary", "counts", "words_in_cluster", "clusters_with_word", "tfidf", "topic")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def unseen(tmp_path_factory):
    """A folder, and what each of its files is."""
    folder = tmp_path_factory.mktemp("unseen")
    return folder, write_folder(folder)


def arrays_of(folder, name) -> dict[str, np.ndarray]:
    with np.load(folder / f"{name}.npz") as file:
        return dict(file)


def results_among(arrays) -> set[str]:
    """Names of the arrays that a run has to reproduce."""
    results = {n for n in arrays if n.startswith(RESULTS) and not n.endswith((*GIVEN, FOR_INFORMATION)) and n != "task"}
    return results | (set(OF_TFIDF) & set(arrays))


def falsified(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "U":
        return np.array([f"{word}!" for word in array])
    if array.dtype.kind == "b":
        return ~array
    if array.dtype.kind == "i":
        return array + 1
    wrong = array.copy()
    largest = np.unravel_index(np.abs(array).argmax(), array.shape)
    wrong[largest] += 1e-3 * (abs(array[largest]) or 1)
    return wrong


def copied(unseen, target, change):
    """The folder once more, each case's arrays through `change` (None leaves the case out)."""
    folder, files = unseen
    target.mkdir()
    np.savez(target / "zz-17.npz", **arrays_of(folder, "zz-17"))
    for name in files:
        arrays = change(name, arrays_of(folder, name))
        if arrays is not None:
            np.savez(target / f"{name}.npz", **arrays)
    return target


@pytest.mark.parametrize("savings", [ALL_SAVINGS, NO_SAVINGS], ids=["all savings", "no savings"])
def test_every_case_of_an_unseen_folder_is_within_tolerance(unseen, savings):
    folder, files = unseen
    results = compare_folder(folder, savings)
    assert results.keys() == files.keys()
    wrong = {files[n]: repr(r) if isinstance(r, Exception) else r.failures for n, r in results.items()}
    assert {what: wrong_arrays for what, wrong_arrays in wrong.items() if wrong_arrays} == {}


def test_every_stored_result_is_compared(unseen, tmp_path):
    folder, files = unseen
    seen = set()

    def change(name, arrays):
        """One case for every set of results."""
        results = results_among(arrays)
        kind = (files[name].split(",")[0], *sorted(results))
        if kind in seen:
            return None
        seen.add(kind)
        return arrays | {result: falsified(arrays[result]) for result in results}

    results = compare_folder(copied(unseen, tmp_path / "wrong", change))
    assert len(results) == len(seen) > 20
    for name, result in results.items():
        noticed = {difference.array.removesuffix("[0]") for difference in result.failures}
        assert results_among(arrays_of(folder, name)) - noticed == set(), files[name]


def test_one_false_array_fails_its_case_and_no_other(unseen, tmp_path):
    _, files = unseen
    chosen = next(name for name, what in files.items() if what.startswith("maple"))

    def change(name, arrays):
        if not files[name].startswith(("maple", "coop")):
            return None
        return arrays | ({"grad.proj_w_0": falsified(arrays["grad.proj_w_0"])} if name == chosen else {})

    results = compare_folder(copied(unseen, tmp_path / "wrong", change))
    assert {n: [d.array for d in r.failures] for n, r in results.items() if r.failures} == {chosen: ["grad.proj_w_0"]}


def test_a_false_start_fails_its_case(unseen, tmp_path):
    _, files = unseen
    kinds = ("vpt", "prograd", "gram", "npt+coop")

    def change(name, arrays):
        if not files[name].startswith(kinds):
            return None
        return arrays | {n: falsified(a) for n, a in arrays.items() if n.startswith("init.")}

    results = compare_folder(copied(unseen, tmp_path / "wrong", change))
    assert results
    assert all(result.failures for result in results.values())


def test_prompts_of_other_words_fail_their_case(unseen, tmp_path):
    _, files = unseen

    def change(name, arrays):
        if not files[name].startswith(("zeroshot", "vpt", "maple", "gram")):
            return None
        token_ids = arrays["token_ids"].copy()
        token_ids[..., -1, 1] += 1
        return arrays | {"token_ids": token_ids}

    results = compare_folder(copied(unseen, tmp_path / "words", change))
    assert len(results) > 8
    assert all("token_ids" in {failure.array for failure in result.failures} for result in results.values())


def test_an_unknown_method_has_failed_and_is_not_skipped(unseen, tmp_path):
    _, files = unseen
    chosen = next(iter(files))

    def change(name, arrays):
        if name == chosen:
            return arrays | {"config_json": np.array(json.dumps({"method": "dowsing"}))}
        return arrays if files[name].startswith("zeroshot") else None

    target = copied(unseen, tmp_path / "unknown", change)
    results = compare_folder(target)
    assert isinstance(results[chosen], ValueError)
    assert "dowsing" in str(results[chosen])
    assert sum(isinstance(result, Exception) for result in results.values()) == 1
    assert not print_parity(target)


def test_an_array_of_another_shape_has_failed(unseen, tmp_path):
    _, files = unseen
    chosen = next(name for name, what in files.items() if what.startswith("coop"))

    def change(name, arrays):
        return arrays | {"out.logits": arrays["out.logits"][:, :-1]} if name == chosen else None

    (result,) = compare_folder(copied(unseen, tmp_path / "shape", change)).values()
    assert isinstance(result, ValueError)
    assert "out.logits" in str(result)


def test_a_folder_without_a_model_is_an_error(unseen, tmp_path):
    folder, files = unseen
    name = next(iter(files))
    np.savez(tmp_path / "a.npz", **arrays_of(folder, name))
    with pytest.raises(ValueError, match="frozen model"):
        compare_folder(tmp_path)


def test_a_folder_takes_the_model_of_a_folder_of_its_name_further_up_and_adds_rows_to_its_tokens(unseen, tmp_path):
    """The model lacks the rows of some tokens there; without them, and without the model, the case fails."""
    folder, files = unseen
    name = next(name for name, what in files.items() if what.startswith("zeroshot"))
    model, case = arrays_of(folder, "zz-17"), arrays_of(folder, name)
    ids, rows = model["token_embedding.ids"], model["token_embedding.rows"]
    missing = ids == case["token_ids"].reshape(-1, 77)[0, 1]
    above, below = tmp_path / "cases", tmp_path / "newer" / "cases"
    for made in (above, below):
        made.mkdir(parents=True)
    kept = {"token_embedding.ids": ids[~missing], "token_embedding.rows": rows[~missing]}
    np.savez(above / "model.npz", **(model | kept))
    np.savez(below / f"{name}.npz", **case)
    assert compare_folder(below)[name].failures
    more = {"token_embedding.ids": ids[missing], "token_embedding.rows": rows[missing]}
    np.savez(below / "more.npz", **more)
    assert not compare_folder(below)[name].failures


def test_a_folder_without_cases_is_an_error(unseen, tmp_path):
    folder, _ = unseen
    np.savez(tmp_path / "b.npz", **arrays_of(folder, "zz-17"))
    with pytest.raises(ValueError, match="no cases"):
        compare_folder(tmp_path)


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="frozen model"):
        compare_folder(tmp_path)
