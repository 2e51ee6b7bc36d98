"""Snakemake's events as lines of JSON: a logger plugin, which Snakemake finds by the name of this package.

snakemake --logger reprompt --logger-reprompt-file logs/events.jsonl

    {"event": "job", "job": 8, "rule": "table", "command": .., "wildcards": {..}, "output": [..], "log": [..]}
    {"event": "finished", "job": 8}
    {"event": "failed", "job": 8, "log": [..]}
    {"event": "error", "message": ..}

The first is a job that starts, or in a dry run would start; the last an error of Snakemake's own.
"""

import json
from dataclasses import dataclass, field
from logging import LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """The options that Snakemake's command line has for this plugin."""

    file: Path = field(default=None, metadata={"help": "Where the events go.", "required": True})


class LogHandler(LogHandlerBase):
    """Appends an event's line to the file as soon as it happens; Snakemake's own words go where they always go."""

    writes_to_stream = False
    writes_to_file = False  # of Snakemake's own format, whose place it would print
    has_filter = True  # none: --quiet is about what a person sees
    has_formatter = True
    needs_rulegraph = False

    def emit(self, record: LogRecord) -> None:
        """Write down what a record says, if it is one of the four events."""
        try:
            if (event := event_of(record)) is not None:
                with self.settings.file.open("a") as lines:
                    lines.write(json.dumps(event) + "\n")
        except Exception:
            self.handleError(record)  # as every handler does: a log never ends a run


def event_of(record: LogRecord) -> dict[str, Any] | None:
    """What a line says of a record; None for the other events. The fields that Snakemake has are in its jobs.py."""
    match getattr(record, "event", None):
        case LogEvent.JOB_INFO:
            files = {"output": [*map(str, record.output)], "log": [*map(str, record.log)]}
            wildcards = {name: str(value) for name, value in record.wildcards.items()}
            job = {"job": record.jobid, "rule": record.rule_name, "command": record.shellcmd or ""}
            return {"event": "job", **job, "wildcards": wildcards, **files}
        case LogEvent.JOB_FINISHED:
            return {"event": "finished", "job": record.job_id}
        case LogEvent.JOB_ERROR:
            return {"event": "failed", "job": record.jobid, "log": [*map(str, record.log)]}
        case LogEvent.ERROR:
            return {"event": "error", "message": record.getMessage()}
    return None
