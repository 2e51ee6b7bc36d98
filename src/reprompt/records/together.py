"""Labels and features belong together where both are of the same files: split files are held against manifests.

Row n of a task's features is the n-th picture of its listing, and its label the n-th in the split file. Were one of the
two older than a change of the data, pictures would carry the labels of others.
"""

from collections.abc import Mapping
from pathlib import Path

from reprompt.cells.job import Job
from reprompt.clip.manifest import read_listings
from reprompt.data.splits import Split
from reprompt.tasks.groups import pictures_of


def check_together(job: Job, splits: Mapping[str, Split], of_splits: Path, of_features: Path) -> None:
    """Hold the splits of a job's tasks, read from the folder `of_splits`, against the manifests in `of_features`.

    Raises ValueError, which names both files and the command that makes them again, where they are of other files or of
    other numbers of these.
    """
    manifests = [of_features / f"{part}.json" for part, _ in job.features]
    listed = {task: (path, listing) for path in manifests for task, listing in read_listings(path).items()}
    for task, data_set in job.data_sets.items():
        path, listing = listed.get(pictures_of(data_set), (manifests[0] if manifests else of_features, {}))
        pictures = (splits[task].listing or {}).get("pictures")
        if pictures != listing.get("pictures"):
            _refuse(of_splits / f"{job.split_of(task)}.json", path, f"are of other files of {data_set}")
        if listing and splits[task].rows != listing["rows"]:
            how = f"are of {splits[task].rows} and {listing['rows']} pictures of {data_set}"
            _refuse(of_splits / f"{job.split_of(task)}.json", path, how)


def check_rows(task: str, labels: Mapping[str, int], features: Mapping[str, int], file: Path) -> None:
    """Raise ValueError where a task has not as many labels in its split as rows of features in `file`."""
    if labels != features:
        raise ValueError(
            f"{file}: {features} rows of features of {task}, whose split has {labels} labels; delete the file to have"
            " it made again, or the split: snakemake --cores all"
        )


def _refuse(split: Path, manifest: Path, how: str) -> None:
    raise ValueError(
        f"{split} and {manifest} {how}: one is older than a change of the data. Have both made again:"
        f" snakemake --cores all --forcerun {split} {manifest}"
    )
