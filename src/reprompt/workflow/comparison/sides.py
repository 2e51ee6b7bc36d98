"""Where results lie that are compared: in a folder, or as a repository has them stored, whatever a run wrote over them.

Stored are the printed numbers in git, at the last commit, and the records in DVC's store, by the dvc.lock of that
commit. Nothing is restored or changed. Without git (an unpacked archive) the records alone are known, by the dvc.lock
that is there.
"""

import configparser
import io
import json
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import yaml

CLAIMS = "claims.csv"


class Side(Protocol):
    """Results of one scale. Names are relative to their folder: `records/few_shot/coop/ViT-B-16/part1.npz`."""

    where: str

    @property
    def records(self) -> dict[str, Path]:
        """The file of every job's records, by name."""

    @property
    def printed(self) -> dict[str, str]:
        """The text of every CSV of tables and figures, and of the claims, by name."""


@dataclass(frozen=True)
class InFolder:
    """What lies in a folder of results, `results/miniature`."""

    root: Path

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.root)

    @property
    def records(self) -> dict[str, Path]:
        """Those in the folder."""
        return {str(path.relative_to(self.root)): path for path in sorted(self.root.glob("records/**/*.npz"))}

    @property
    def printed(self) -> dict[str, str]:
        """Those in the folder."""
        paths = [*self.root.glob("tables/*.csv"), *self.root.glob("figures/*.csv"), *self.root.glob(CLAIMS)]
        return {str(path.relative_to(self.root)): path.read_text(encoding="utf-8") for path in sorted(paths)}


@dataclass(frozen=True)
class Stored:
    """What a repository has stored of its folder `results/<scale>`."""

    project: Path
    scale: str

    @property
    def where(self) -> str:
        """The commit, or without git the store."""
        commit = self._git("rev-parse", "--short", "HEAD")
        return f"commit {commit.decode().strip()}" if commit else "dvc.lock"

    @property
    def root(self) -> str:
        """The folder's name in git and DVC."""
        return f"results/{self.scale}"

    @cached_property
    def records(self) -> dict[str, Path]:
        """Objects of the store; those that are not there are missing."""
        records = {}
        for folder, md5 in self._folders_of_records():
            listing = self._object(md5)
            for entry in json.loads(listing.read_text()) if listing else ():
                file = self._object(entry["md5"])
                if file and entry["relpath"].endswith(".npz"):
                    records[f"{folder}/{entry['relpath']}"] = file
        return records

    @cached_property
    def printed(self) -> dict[str, str]:
        """The text at the last commit."""
        listed = self._git("ls-tree", "-r", "--name-only", "HEAD", "--", self.root).decode().splitlines()
        of_folders = (f"{self.root}/tables/", f"{self.root}/figures/")
        wanted = [name for name in listed if name.startswith(of_folders) and name.endswith(".csv")]
        wanted += [name for name in listed if name == f"{self.root}/{CLAIMS}"]
        if not wanted:
            return {}
        with tarfile.open(fileobj=io.BytesIO(self._git("archive", "--format=tar", "HEAD", "--", *wanted))) as archive:
            return {name.removeprefix(f"{self.root}/"): archive.extractfile(name).read().decode() for name in wanted}

    def _folders_of_records(self) -> list[tuple[str, str]]:
        """Every folder of records that a stage of dvc.lock makes, relative to the results, and its hash."""
        lock = self._git("show", "HEAD:dvc.lock")
        if not lock and (self.project / "dvc.lock").exists():
            lock = (self.project / "dvc.lock").read_bytes()
        stages = (yaml.load(lock, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}).get("stages", {})
        outs = {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", ()) if "md5" in out}
        records = f"{self.root}/records"
        return [
            (path.removeprefix(f"{self.root}/"), md5)
            for path, md5 in outs.items()
            if md5.endswith(".dir") and (path == records or path.startswith(f"{records}/"))
        ]

    def _object(self, md5: str) -> Path | None:
        """A file of DVC's cache, or of its remote where that is a folder; None where neither has it."""
        for store in self._stores:
            path = store / "files/md5" / md5[:2] / md5[2:]
            if path.exists():
                return path
        return None

    @cached_property
    def _stores(self) -> list[Path]:
        """The folders that have DVC's objects."""
        settings, folder = configparser.ConfigParser(), self.project / ".dvc"
        settings.read(folder / "config")
        remote = settings.get("core", "remote", fallback="")
        url = settings.get(f"'remote \"{remote}\"'", "url", fallback="")
        return [folder / "cache", *([folder / url] if url and "://" not in url else [])]

    def _git(self, *words: str) -> bytes:
        """What git prints; nothing where there is no repository or it has none of that."""
        if not (self.project / ".git").exists():  # an unpacked archive, which may lie in another repository
            return b""
        try:
            done = subprocess.run(["git", "-C", str(self.project), *words], capture_output=True, check=False)
        except FileNotFoundError:
            return b""
        return b"" if done.returncode else done.stdout


@dataclass(frozen=True)
class InClone:
    """A clone's results as they lie there; records that were never restored are read from its store."""

    project: Path
    scale: str

    @property
    def where(self) -> str:
        """The clone's folder of results."""
        return str(self._folder.root)

    @property
    def records(self) -> dict[str, Path]:
        """Those that lie there, or else all that are stored."""
        return self._folder.records or Stored(self.project, self.scale).records

    @property
    def printed(self) -> dict[str, str]:
        """Those that lie there."""
        return self._folder.printed

    @property
    def _folder(self) -> InFolder:
        return InFolder(self.project / "results" / self.scale)


def side_of(path: Path, scale: str | None) -> Side:
    """The results at a path: a folder of results, or a clone, of which `scale` or its params.yaml says which.

    Raises FileNotFoundError for a path that is neither.
    """
    if any((path / name).exists() for name in ("records", "tables", CLAIMS)):
        return InFolder(path)
    if not (path / "params.yaml").exists():
        raise FileNotFoundError(
            f"{path}: neither a folder of results (with tables or records) nor a clone (with params.yaml)"
        )
    scale = scale or yaml.safe_load((path / "params.yaml").read_text())["scale"]
    if not (path / "results" / scale).is_dir():
        raise FileNotFoundError(f"{path / 'results' / scale}: no results of scale {scale}; --scale names another one")
    return InClone(path, scale)
