"""The two codes at work, here two packages of a line each."""

from pathlib import Path

import pytest

from reprompt.workflow.attest.sides import SampleProcess, Side, SideError, finished_by_all

THREADS = "import torch; torch.set_num_threads(2); print(torch.get_num_threads(), flush=True)"


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a side whose commands run some code."""
    monkeypatch.chdir(tmp_path)
    Path(".reprompt/attest").mkdir(parents=True)

    def make(name: str, code: str) -> Side:
        package = tmp_path / name / "src/reprompt"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "cli.py").write_text(code)
        return Side(name, tmp_path / name, Path("results/smoke"))

    return make


def test_samples_have_one_thread_so_that_a_code_gives_the_same_bits_each_time(side) -> None:
    samples = [SampleProcess(side(name, THREADS), []) for name in ("old", "new")]
    with finished_by_all(samples) as names:
        assert list(names) == ["1"]


def test_a_code_that_fails_is_named_with_what_it_said(side) -> None:
    samples = [
        SampleProcess(side("old", THREADS), []),
        SampleProcess(side("new", "raise ValueError('no such cell')"), []),
    ]
    with pytest.raises(SideError, match=r"the code of new failed: .*no such cell"), finished_by_all(samples) as names:
        list(names)
