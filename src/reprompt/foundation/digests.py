"""One text per value, and short digests of texts: what specifications and keys are made of."""

import hashlib
import json
from typing import Any


def canonical(value: Any) -> str:
    """One JSON text per value: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest_of_text(text: str) -> str:
    """A short digest of a text, of twenty hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]
