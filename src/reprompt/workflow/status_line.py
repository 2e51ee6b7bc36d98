"""One line for a person, with a bar where it knows how far things are: how a long command shows what it does."""

import shutil
import sys
import time

WIDTH = 24  # of the bar, in characters
INTERVAL = 15  # seconds between two lines where they pile up


class StatusLine:
    """Rewritten in place on a terminal, a new one every 15 seconds elsewhere."""

    def __init__(self) -> None:
        """Nothing shown yet."""
        self.terminal = sys.stdout.isatty()
        self.shown = time.monotonic() - INTERVAL
        self.last = ""

    def show(self, text: str, share: float | None = None, always: bool = False) -> None:
        """Show `text`, and on a terminal a bar of which `share` (0 to 1) is full.

        Where lines pile up, only if the last one is old or `always`.
        """
        if self.terminal:
            text = text if share is None else f"{bar(share)} {text}"
            print(f"\r\033[K{text[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)
        elif text != self.last and (always or time.monotonic() - self.shown >= INTERVAL):
            self.shown, self.last = time.monotonic(), text
            print(text, flush=True)

    def say(self, text: str) -> None:
        """Print lines that stay, above the one that moves."""
        self.close()
        print(text, flush=True)

    def close(self) -> None:
        """Leave the terminal's line empty for what comes next."""
        if self.terminal:
            print("\r\033[K", end="", flush=True)


def bar(share: float) -> str:
    """A bar of which `share` (0 to 1) is full."""
    full = round(WIDTH * share)
    return "█" * full + "░" * (WIDTH - full)


def in_words(seconds: float) -> str:
    """`40 s`, `12 min`, `1 h 50 min`: as exact as a guess deserves."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
