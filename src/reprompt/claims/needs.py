"""Which data sets a claim is about: one that needs a data set which is not there is not judged on the others."""

from collections.abc import Iterator, Mapping

from reprompt.claims.claim import META, SOURCE_TASKS, SOURCES, Claim
from reprompt.claims.expressions import Term, leaves_of, methods_of
from reprompt.claims.terms import TWENTY, average_transfer, partners
from reprompt.evidence.lookup import Missing
from reprompt.tables.methods import ABLATIONS
from reprompt.tasks.card import cards, data_set_of
from reprompt.tasks.groups import ALONE, groups, members

FROM_IMAGENET = ("domain_generalization", "cross_dataset")  # settings whose prompts are tuned on it
STARTS = {"imagenet": ALONE, "multitask_10": "sources10", "multitask_11": "sources11", "multitask_20": TWENTY}
OF_WEBVISION = {method.published_id for method in ABLATIONS if method.start == "gram_supervised"}
OF_THE_WHOLE_GRID = {partners.__wrapped__, average_transfer.__wrapped__}


def why_not_judged(claim: Claim, missing: Mapping[str, str]) -> Missing | None:
    """Why a claim is not judged where data sets are `missing`, each with a reason of its own; None where it is."""
    lacking = [data_set for data_set in dict.fromkeys(data_sets_of(claim)) if data_set in missing]
    if not lacking:
        return None
    return Missing(f"waits for {', '.join(lacking)}: not there (`reprompt data status`)")


def data_sets_of(claim: Claim) -> Iterator[str]:
    """The data sets that a claim's terms are evaluated on, and those that prompts, starts and partners come from."""
    named, known = list(leaves_of(claim.statement)), {*cards(), *groups()}
    version = "elevater" if claim.paper == "mvlpt" else ""
    places = [leaf for key, leaf in named if not key and isinstance(leaf, str) and leaf in known]
    places += [TWENTY for key, leaf in named if key == "adapt" and leaf != "single"]
    places += [TWENTY for function in _functions(claim.statement.stated) if function in OF_THE_WHOLE_GRID]
    for place in places:
        yield from (data_set_of(task, version) for task in members(place))
    for start in _starts(claim, named):
        of_start = version if start == TWENTY else ""
        yield from (data_set_of(task, of_start) for task in members(start))


def _starts(claim: Claim, named: list[tuple[str, object]]) -> Iterator[str]:
    """The tasks, or groups of them, that prompts are trained on before they come to what is judged."""
    inits = [leaf for key, leaf in named if key == "init" and leaf in STARTS]
    yield from (STARTS[init] for init in inits)
    if claim.start == SOURCE_TASKS and not set(inits) & {*SOURCES}:
        yield STARTS["multitask_11"]
    if claim.start == META:
        yield "corpus"
    if OF_WEBVISION & set(methods_of(claim.statement)):
        yield "webvision"
    if claim.setting.protocol in FROM_IMAGENET:
        yield ALONE


def _functions(node: object) -> Iterator[object]:
    """The quantities in statements."""
    if isinstance(node, Term):
        yield node.function
        yield from _functions(node.arguments)
    elif isinstance(node, tuple):
        for part in node:
            yield from _functions(part)
    elif hasattr(node, "lhs"):
        yield from _functions((node.lhs, node.rhs))
