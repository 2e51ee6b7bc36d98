"""Prints what `reprompt try eurosat` found beside what was published, and whether it lies where it has to."""

import csv
import json
import sys
from pathlib import Path

EXPECTED = Path(__file__).with_suffix(".csv")


def compared(outcomes: list[dict]) -> list[tuple[str, ...]]:
    """A row for each expected number: method, shots, found, its interval over draws, published, range, and a word."""
    found = {(row["method"], row["shots"]): row for row in outcomes}
    rows = []
    with EXPECTED.open(newline="", encoding="utf-8") as file:
        for expected in csv.DictReader(file):
            row = found[expected["method"], int(expected["shots"])]
            half = "" if row["half_width"] is None else f"± {row['half_width']:.1f}"
            within = float(expected["low"]) <= row["accuracy"] <= float(expected["high"])
            range_of = f"{expected['low']} to {expected['high']}"
            said = "as expected" if within else f"outside: {expected['why']}"
            numbers = f"{row['accuracy']:.1f}", half, expected["published"] or "none", range_of
            rows.append((expected["method"], expected["shots"], *numbers, said))
    return rows


if __name__ == "__main__":
    HEAD = ("method", "shots", "found, %", "draws", "published", "must lie in", "")
    for line in (HEAD, *compared(json.loads(Path(sys.argv[1]).read_text()))):
        print("{:10} {:>5} {:>9} {:>7} {:>10} {:>12}  {}".format(*line))
