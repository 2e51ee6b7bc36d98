"""What classes and templates may be called: CLIP has to be able to tell them apart, and to read them."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

Tokens = Callable[[Sequence[str]], list[int]]  # how many of CLIP's tokens texts have, but for start and end
LONGEST = 77 - 2  # tokens of a text beside start and end
CONTEXT = 16  # tokens that are learned before a name, as CoOp has it


def as_read(name: str) -> str:
    """A class name as CLIP reads it: case does not count, _ is a blank, and blanks are one."""
    return " ".join(unicodedata.normalize("NFC", name).replace("_", " ").casefold().split())


def check_template(template: str) -> None:
    """Raise ValueError for a template that has no one place for the class name."""
    try:
        fine = template.count("{}") == 1 and template.format("x") == template.replace("{}", "x")
    except (IndexError, KeyError, ValueError):
        fine = False
    if not fine:
        raise ValueError(f"template {template!r}: needs {{}} once, where the class name goes, and no other brace")


def check_classes(names: Iterable[str]) -> None:
    """Raise ValueError for fewer than two classes, and for two that are one to CLIP."""
    names = list(names)
    if len(names) < 2:
        only = f"one class, {names[0]!r}" if names else "no class"
        raise ValueError(
            f"{only}: there is nothing to tell apart; every class needs a folder, and there have to be two"
        )
    read: dict[str, str] = {}
    for name in names:
        if not as_read(name):
            raise ValueError(f"class {name!r} is called by nothing that CLIP could read: rename it")
        other = read.setdefault(as_read(name), name)
        if other != name:
            raise ValueError(
                f"classes {other!r} and {name!r} are one to CLIP, which knows neither case nor _ from a blank: rename"
                " one, or put their pictures together"
            )


def check_lengths(names: Sequence[str], template: str, tokens: Tokens) -> Mapping[str, float]:
    """The mean and the longest name in tokens. Raises ValueError for one that does not fit into CLIP's 77."""
    plain = [name.replace("_", " ") for name in names]
    in_template, lengths = tokens([template.format(name) for name in plain]), tokens(plain)
    for name, text, length in zip(names, in_template, lengths, strict=True):
        if (least := max(text, CONTEXT + length + 1)) > LONGEST:
            raise ValueError(
                f"class {name!r} has {length} tokens, with its template or {CONTEXT} learned ones before it {least};"
                f" CLIP reads {LONGEST}: shorten the name"
            )
    return {"mean": round(sum(lengths) / len(lengths), 1), "longest": max(lengths)}
