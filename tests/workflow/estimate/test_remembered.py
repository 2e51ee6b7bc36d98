"""What was traced is asked once, until the code changes."""

from reprompt.workflow.estimate import remembered
from reprompt.workflow.estimate.remembered import Notebook


def asked_of(notebook, question):
    """What the notebook answers, and whether it had to find it."""
    found = []
    answer = notebook.answer(question, lambda: found.append(1) or [len(question)])
    return answer, bool(found)


def test_a_question_is_asked_once(tmp_path):
    notebook = Notebook(tmp_path / "traces.json", "code")
    assert [asked_of(notebook, ["a", 1]) for _ in range(2)] == [([2], True), ([2], False)]
    assert asked_of(notebook, ["a", 2]) == ([2], True)


def test_answers_are_kept_for_the_next_process(tmp_path):
    notebook = Notebook(tmp_path / "below/traces.json", "code")
    asked_of(notebook, ["a"])
    notebook.write()
    assert asked_of(Notebook(tmp_path / "below/traces.json", "code"), ["a"]) == ([1], False)
    assert asked_of(Notebook(tmp_path / "below/traces.json", "other code"), ["a"]) == ([1], True)


def test_a_broken_file_is_as_good_as_none(tmp_path):
    (tmp_path / "traces.json").write_text("[")
    assert asked_of(Notebook(tmp_path / "traces.json", "code"), ["a"]) == ([1], True)


def test_answers_are_written_before_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(remembered, "EVERY", 0.0)
    Notebook(tmp_path / "traces.json", "code").answer(["step"], lambda: [1.0])
    assert Notebook(tmp_path / "traces.json", "code").answer(["step"], lambda: [2.0]) == [1.0]
