"""Reading `params.yaml` once into frozen typed objects.

The block of the active scale is laid over the rest, then everything is validated. A mistake stops with one line that
names the file, the key and, for an unknown key, the nearest known one.
"""

import types
import typing
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from reprompt.cells.parameters import Parameters
from reprompt.cells.tuning import ParameterError
from reprompt.foundation.block import Block
from reprompt.foundation.nearest import nearest
from reprompt.foundation.schema import SCHEMA, SchemaError, require_schema


def load_parameters(path: Path | str = "params.yaml", scale: str | None = None) -> Parameters:
    """Read and validate the parameter file at `path`, at its own scale or the one given."""
    return parse_parameters(read_parameters(path), scale, str(path))


def read_parameters(path: Path | str) -> dict[str, Any]:
    """The keys and values of a parameter file, not yet validated."""
    try:
        raw = yaml.load(Path(path).read_text(), Loader=yaml.CSafeLoader)  # every job reads it
    except FileNotFoundError:
        raise ParameterError(
            f"{path}: no such file; run from the project's top folder or name it by --params"
        ) from None
    except yaml.YAMLError as error:
        raise ParameterError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(raw, dict):
        raise ParameterError(f"{path}: expected keys and values, found {type(raw).__name__}")
    return raw


def parse_parameters(raw: dict[str, Any], scale: str | None = None, source: str = "params.yaml") -> Parameters:
    """Validate parameters already read, as Snakemake hands them over."""
    if raw.get("schema") != SCHEMA:  # else nothing of it runs: planning is neutral, the number of the formats is not
        try:
            require_schema(source, "parameters", raw.get("schema"))
        except SchemaError as other:
            raise ParameterError(str(other)) from None
    scales = raw.get("scales")
    if not isinstance(scales, dict):
        raise ParameterError(f"{source}: scales: missing; it holds one block per scale")
    active = scale or raw.get("scale")
    if active not in scales:
        raise ParameterError(f"{source}: scale: no scale {active!r}{nearest(str(active), scales)}")
    merged = _laid_over({k: v for k, v in raw.items() if k != "scales"}, scales[active] or {}) | {"scale": active}
    try:
        return Parameters.model_validate(merged)
    except ValidationError as error:
        raise ParameterError("\n".join(_in_words(source, issue) for issue in error.errors())) from None


def _laid_over(below: dict, above: dict) -> dict:
    """`above` laid over `below`, block by block; lists, values and maps of numbers are replaced whole."""
    merged = dict(below)
    for key, value in above.items():
        both_blocks = isinstance(value, dict) and isinstance(below.get(key), dict) and all(map(_is_name, value))
        merged[key] = _laid_over(below[key], value) if both_blocks and value else value
    return merged


def _is_name(key: object) -> bool:
    return isinstance(key, str)


def _in_words(source: str, issue: dict) -> str:
    """One line about one mistake: file, key, what is wrong, and the nearest known key."""
    path = [str(part) for part in issue["loc"] if part not in ("rendered", "files", "open_clip")]
    key = ".".join(path)
    if issue["type"] == "extra_forbidden":
        return f"{source}: {key}: unknown key{nearest(path[-1], _known_keys(path[:-1]))}"
    if issue["type"] == "missing":
        return f"{source}: {key}: missing"
    message = issue["msg"].removeprefix("Value error, ")
    return f"{source}: {key + ': ' if key else ''}{message[0].lower()}{message[1:]}" + (
        f", found {issue['input']!r}" if key else ""
    )


def _known_keys(path: list[str]) -> set[str]:
    """The keys allowed in the block at `path`."""
    blocks: set[type[Block]] = {Parameters}
    for part in path:
        annotations = {
            field.annotation
            for block in blocks
            for name, field in block.model_fields.items()
            if part in (name, field.alias)
        }
        blocks = {block for annotation in annotations for block in _blocks_in(annotation)} or blocks
    return {field.alias or name for block in blocks for name, field in block.model_fields.items()}


def _blocks_in(annotation: Any) -> set[type[Block]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return {annotation} if issubclass(annotation, Block) else set()
    return {block for inner in typing.get_args(annotation) for block in _blocks_in(inner)}
