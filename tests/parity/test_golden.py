"""Agreement with the authors' published implementations, through the code that the studies run."""

from pathlib import Path

import pytest

from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS
from reprompt.parity.run import compare_folder

FOLDER = Path(__file__).parent / "golden"
CASES = sorted({path.stem for path in FOLDER.glob("*.npz")} - {"clip_tiny", "extra_tokens_prompts"})


@pytest.fixture(scope="module", params=[ALL_SAVINGS, NO_SAVINGS], ids=["fast", "naive"])
def results(request):
    return compare_folder(FOLDER, request.param)


@pytest.mark.parametrize("case", CASES)
def test_a_golden_case_is_within_its_tolerance(results, case):
    result = results[case]
    if isinstance(result, Exception):
        raise result
    assert result.differences
    assert not result.failures


def test_no_case_is_left_out(results):
    assert sorted(results) == CASES
