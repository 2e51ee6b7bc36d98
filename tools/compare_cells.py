"""Every cell of every scale with all that it is, written down by one version of the code and compared with another's.

    PYTHONPATH=OLD/src python tools/compare_cells.py dump before.json OLD/params.yaml
    PYTHONPATH=src python tools/compare_cells.py dump after.json params.yaml
    PYTHONPATH=src python tools/compare_cells.py compare before.json after.json

Names of recipes are compared in their canonical form, whatever name the older version had for them; all else, the
resolved settings first, has to be equal value by value. Ends with 1 where anything differs.
"""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from reprompt.cells.fleets import fleets_of
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan

SCALES = ("smoke", "miniature", "paper")


def dump(out: str, parameters: str) -> None:
    """Write the cells of all scales, job by job and fleet by fleet."""
    cells = {}
    for scale in SCALES:
        plan = make_plan(load_parameters(parameters, scale))
        cells[scale] = [
            asdict(cell) | {"settings": cell.resolved, "part": job.part, "fleet": fleet}
            for job in plan.jobs
            for fleet, cells_of_fleet in enumerate(fleets_of(job.cells, plan.parameters.runs_per_fleet))
            for cell in cells_of_fleet
        ]
    Path(out).write_text(json.dumps(cells))


def compare(before: str, after: str) -> int:
    """How many cells are alike, and the first that are not."""
    from reprompt.cells.recipes import recipe_of

    def texts(path: str, scale: str) -> list[str]:
        cells = json.loads(Path(path).read_text())[scale]
        return [json.dumps(cell | {"recipe": recipe_of(cell["recipe"]).expression}, sort_keys=True) for cell in cells]

    differing = False
    for scale in SCALES:
        old, new = texts(before, scale), texts(after, scale)
        alike = (Counter(old) & Counter(new)).total()
        order = "in the same order" if old == new else "in another order" if alike == len(old) == len(new) else ""
        print(f"{scale}: {len(old)} cells before, {len(new)} after, {alike} equal in every value {order}".rstrip())
        differing |= old != new
        for side, texts_of_side in (("before", Counter(old) - Counter(new)), ("after", Counter(new) - Counter(old))):
            for text in list(texts_of_side)[:20]:
                print(f"  only {side}: {text}")
    return differing


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    sys.exit({"dump": dump, "compare": compare}[command](*arguments))
