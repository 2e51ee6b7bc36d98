"""What the features of a part were made of: a small file that stands for them where they are not kept.

Of the pictures it has digests by task: of `train`, of `views` of these (what prompts are trained on), of `test` and,
where there is such a split, of `validation`.
Cells depend on pictures by these, so nothing has to be drawn, read or encoded to know whether a cell is finished.

Of files it has their listings too: which they were, and how many rows of features there are of each split. Labels stand
in split files; where these are of another listing, rows and labels do not belong together (records/together.py).
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from reprompt.foundation.damage import reading

PicturesOfTasks = dict[str, dict[str, str]]
Listings = dict[str, dict[str, Any]]  # by task `pictures`, a digest of names and sizes, and `rows`, a number by split


def manifest(spec: str, weights_sha256: str, pictures: PicturesOfTasks, listings: Listings) -> str:
    """The file as JSON: the plan's specification of the part, the weights, the pictures and the listings by task.

    There are no listings where images are rendered.
    """
    made_of = {"spec": json.loads(spec), "weights_sha256": weights_sha256, "pictures": pictures}
    return json.dumps(made_of | ({"listings": listings} if listings else {}), indent=1, sort_keys=True) + "\n"


def read_pictures(path: Path) -> PicturesOfTasks:
    """The digests of pictures by task in a manifest. Raises FileNotFoundError, DamagedFileError."""
    return _read(path)["pictures"]


def read_listings(path: Path) -> Listings:
    """The listings by task in a manifest; none where images are rendered. Raises as `read_pictures`."""
    return _read(path)["listings"]


def require_weights(path: Path, weights_sha256: str, backbone: str) -> None:
    """Raise ValueError where the features of a manifest were made with other weights than a backbone's are now."""
    if _read(path)["weights_sha256"] != weights_sha256:
        raise ValueError(
            f"{path}: made with other weights than those of {backbone} that lie there: restore the weights"
            f" (`dvc checkout --force`), or have it made again: snakemake --cores all --forcerun {path}"
        )


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; `reprompt features` makes it (Snakemake does so when needed)")
    with reading(path, f"have it made again: snakemake --cores all --forcerun {path}"):
        made_of = json.loads(path.read_text())
        needed = {name: made_of[name] for name in ("pictures", "weights_sha256")}
        return {"listings": made_of.get("listings", {}), **needed}


def digest_of_picture(image: np.ndarray) -> str:
    """A digest of every pixel of a picture (H, W, 3), uint8."""
    return hashlib.sha256(f"{image.shape}".encode() + np.ascontiguousarray(image).tobytes()).hexdigest()
