"""What the data sets come to on disk, as Snakemake asks for it whenever it looks at the workflow.

A split, and the features of a part, are made again where the listing of one of their data sets is another than they
were made of: a picture came or went, a split file was put beside them, a list or a class name was corrected. Rendered
data have no listing, but for tasks of the user's own; of real ones it is kept in the working folder and read again
where something changed (seen.py).

Of a data set that is not on this machine nothing can have changed: what its split file says holds. So a clone with
results and without data has nothing to do.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reprompt.foundation.digests import canonical, digest_of_text
from reprompt.foundation.locks import FOLDER
from reprompt.planning.entry_points import code_of_pictures
from reprompt.planning.plan import Plan

if TYPE_CHECKING:  # what reads data takes a second to import, and rendered data need none of it
    from reprompt.data.source import Digests
    from reprompt.data.sources import ByTask

KEPT = FOLDER / "listings"
OF_RULES = {"split": ("pictures", "labels"), "features": ("pictures",)}  # which of the digests counts where


class Listings:
    """The listings of a plan's data sets, each read when it is first asked for; `faults` say what cannot be read."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.faults: dict[str, str] = {}
        self._read: dict[str, Digests] = {}

    def of_job(self, rule: str, wildcards: Mapping[str, str]) -> dict[str, str]:
        """What counts for a job of a rule, as a digest by data set; nothing where no files are read."""
        if rule not in OF_RULES:
            return {}
        tasks = self.plan.parts[wildcards["part"]] if rule == "features" else (wildcards["task"],)
        of_tasks = {task: self.of_task(task) for task in tasks if self.plan.parameters.is_of_files(task)}
        return {
            task: digest_of_text(canonical([digests.get(kind, "") for kind in (*OF_RULES[rule], "fault")]))
            for task, digests in of_tasks.items()
        }

    def of_task(self, task: str) -> "Digests":
        """The digests of a data set; `fault` where it cannot be read."""
        if task not in self._read:
            self._read[task] = self._here(task) if self._folder(task).is_dir() else self._elsewhere(task)
        return self._read[task]

    def _here(self, task: str) -> "Digests":
        try:
            return self._on_disk(task)
        except (ValueError, OSError) as error:
            self.faults[task] = str(error.args[0]) if len(error.args) == 1 else str(error)
            return {"fault": digest_of_text(self.faults[task])}

    def _elsewhere(self, task: str) -> "Digests":
        """What a split says that was made where the data set is."""
        file = self.plan.root / f"data/{task}.json"
        if not file.exists():
            folder = self._folder(task)
            self.faults[task] = f"{folder} is missing; `reprompt data status {task}` says where it comes from"
            return {"fault": "missing"}
        return json.loads(file.read_text()).get("listing") or {}

    def _on_disk(self, task: str) -> "Digests":
        from reprompt.data.files.pairs import Pairs
        from reprompt.data.files.seen import kept_digests

        source, parameters = self._source.of(task), self.plan.parameters
        if isinstance(source, Pairs):  # its shards are few: nothing has to be kept
            return source.digests(task)
        made_of = {"code": code_of_pictures(self.plan)["files"], "folder": str(self._folder(task).resolve())}
        made_of |= {"data": parameters.images_of(task), "card": parameters.card(task).model_dump(mode="json")}
        path = KEPT / f"{task}-{digest_of_text(canonical(made_of))}.json"
        return kept_digests(path, made_of, lambda: (source.digests(task), source.seen(task)))

    @cached_property
    def _source(self) -> "ByTask":
        from reprompt.data.sources import source_of

        return source_of(self.plan.parameters)

    def _folder(self, task: str) -> Path:
        """The folder that a data set lies in."""
        from reprompt.data.files.folders import folder_of

        gram, parameters = self.plan.parameters.gram, self.plan.parameters
        if task in parameters.web_tasks:
            return Path({"corpus": gram.pairs, "webvision": gram.web}[task].root)
        return folder_of(parameters.card(task), Path(parameters.file_data.root))


def with_listings(spec: str, listings: Mapping[str, str]) -> str:
    """A job's specification with the listings that it depends on; as it is where there are none."""
    return canonical({"spec": spec, "listings": listings}) if listings else spec


def changed(then: Mapping[str, str], now: Mapping[str, str]) -> Iterable[str]:
    """The data sets whose listings differ."""
    return (task for task in dict.fromkeys((*then, *now)) if then.get(task) != now.get(task))
