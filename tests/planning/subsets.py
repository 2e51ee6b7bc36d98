"""Parameter files with some of the project's experiments alone."""

import yaml

from project import PROJECT

RAW = yaml.safe_load((PROJECT / "params.yaml").read_text())


def needed_by(experiment: str) -> set[str]:
    """An experiment, those whose prompts it starts from or evaluates, and the grid where it has partners from that."""
    block = RAW["experiments"][experiment]
    others = [*block.get("starts", ()), block.get("prompts_of"), "transfer_grid" if block.get("groups") else None]
    return {experiment}.union(*map(needed_by, filter(None, others)))


def only(experiments: set[str], scale: str = "smoke", without: tuple[str, ...] = ()) -> dict:
    """The project's file with these experiments alone, and one scale `without` some of its blocks."""
    block = {name: value for name, value in RAW["scales"][scale].items() if name not in without}
    overs = {name: over for name, over in block.pop("experiments").items() if name in experiments}
    block |= {"experiments": overs} if overs else {}  # an empty block would take all experiments away
    own = {name: block for name, block in RAW["experiments"].items() if name in experiments}
    return RAW | {"scale": scale, "scales": {scale: block}, "experiments": own}
