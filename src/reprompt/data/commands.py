"""The commands `reprompt data ...`: what is there of the data sets, and fetching what may be fetched."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reprompt.cells.parameters import LARGEST_IMAGE

if TYPE_CHECKING:
    from reprompt.data.fetch.status import Status

app = typer.Typer(no_args_is_help=True, help=__doc__)

Root = Annotated[Path, typer.Option(help="The data root: `data.root` of the parameters.", envvar="REPROMPT_DATA")]
Own = Annotated[
    Path | None,
    typer.Option("--cards", help="A folder of your own cards, laid over the package's.", envvar="REPROMPT_CARDS"),
]
LargestImage = Annotated[
    int,
    typer.Option(min=1, help="Megapixels: `data.largest_image` of the parameters.", envvar="REPROMPT_LARGEST_IMAGE"),
]


@app.command("status")
def show_status(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets, by their tasks; all by default.")] = None,
    root: Root = Path("data"),
    own: Own = None,
    every_picture: Annotated[bool, typer.Option("--all-images", help="Open every image, not a sample.")] = False,
    largest_image: LargestImage = LARGEST_IMAGE,
) -> None:
    """Say of data sets whether they are present, partial or missing, and the remedy.

    Of named data sets the exit is non-zero unless all are present.
    """
    from reprompt.data.fetch.status import status
    from reprompt.data.files.readers import READERS
    from reprompt.tasks.card import card_of, data_sets

    statuses = []
    for name in names or data_sets():
        statuses.append(status(card_of(name, own), root, READERS, every_picture, largest_image))
        _print(statuses[-1])
    states = [printed.state for printed in statuses]
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("present", "partial", "missing"))
    typer.echo(f"below {root.resolve()}: {counts}")
    if names and set(states) != {"present"}:
        raise typer.Exit(1)


@app.command("fetch")
def fetch_data(
    names: Annotated[list[str], typer.Argument(help="Data sets, by their tasks.")],
    root: Root = Path("data"),
    own: Own = None,
) -> None:
    """Download, check and unpack data sets; killed or cut off, the same command goes on where it was.

    What no program may download is listed with where to get it and where to put it.
    """
    from reprompt.data.fetch.fetch import FetchError, fetch
    from reprompt.data.fetch.status import status
    from reprompt.data.files.readers import READERS
    from reprompt.tasks.card import card_of

    cards, faults = [card_of(name, own) for name in names], []
    for card in cards:
        try:
            fetch(card, root, say=typer.echo, report=_Meter)
        except FetchError as error:
            faults.append(str(error))
            continue
        fetched = status(card, root, READERS)
        _print(fetched)
        if fetched.state != "present":
            faults.append(f"{card.name}: fetched, but {'; '.join(fetched.faults)}")
    if faults:
        raise FetchError("\n".join(faults))


class _Meter:
    """A file's progress on a terminal, at most four times a second."""

    def __init__(self, file: str):
        self.file, self.shown = file, 0.0

    def __call__(self, done: int, total: int | None) -> None:
        if not sys.stderr.isatty() or (time.monotonic() - self.shown < 0.25 and done != total):
            return
        self.shown = time.monotonic()
        part = f" of {total / 1e6:,.0f} MB ({done / total:.0%})" if total else " MB"
        end = "\n" if done == total else ""
        print(f"\r\033[K  {self.file}: {done / 1e6:,.0f}{part}", end=end, file=sys.stderr, flush=True)


def _print(status: "Status") -> None:
    typer.echo(f"{status.state:8} {status.name:22} {status.title}")
    for lines, mark in ((status.faults, "- "), (status.remedies, "> "), (status.remarks, "  ")):
        for line in lines:
            typer.echo("         " + mark + line.replace("\n", "\n           "))
