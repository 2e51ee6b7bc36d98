"""Write README's table of results anew from results/miniature/headline.json: `python tools/readme.py`."""

import json
import re
from pathlib import Path

from reprompt.report.headline import headline_markdown

PROJECT = Path(__file__).parent.parent
BETWEEN = re.compile(r"(?<=<!-- python tools/readme.py writes this table -->\n).*?(?=<!-- until here -->)", re.DOTALL)


def with_headline(text: str, project: Path = PROJECT) -> str:
    """README's text with the table that the miniature's numbers make, between the two comments."""
    numbers = json.loads((project / "results/miniature/headline.json").read_text())
    return BETWEEN.sub(lambda _: headline_markdown(numbers), text)


if __name__ == "__main__":
    readme = PROJECT / "README.md"
    readme.write_text(with_headline(readme.read_text()))
