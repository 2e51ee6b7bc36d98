"""The line that moves: on a terminal with a bar, elsewhere rarely."""

import sys

import pytest

from reprompt.workflow.status_line import StatusLine, bar, in_words


def test_lines_do_not_pile_up_where_there_is_no_terminal(capsys: pytest.CaptureFixture) -> None:
    line = StatusLine()
    for n in range(100):
        line.show(f"{n} %", n / 100)
    line.show("done", always=True)
    assert capsys.readouterr().out == "0 %\ndone\n"


def test_on_a_terminal_what_stays_is_printed_above_the_bar(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    line = StatusLine()
    line.show("half", 0.5)
    line.say("table 1")
    line.show("whole", 1.0)
    moving = capsys.readouterr().out.split("\r\033[K")
    assert moving == ["", f"{'█' * 12}{'░' * 12} half", "table 1\n", f"{'█' * 24} whole"]


@pytest.mark.parametrize("share", [0, 0.01, 0.49, 1])
def test_a_bar_is_always_as_long(share: float) -> None:
    assert len(bar(share)) == len(bar(0.5))


@pytest.mark.parametrize(
    ("seconds", "words"), [(40.4, "40 s"), (89, "89 s"), (92, "2 min"), (720, "12 min"), (6600, "1 h 50 min")]
)
def test_time_is_told_as_exactly_as_a_guess_deserves(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
