"""Expands ranges in names: `f[1-3]` stands for `f1`, `f2`, `f3`."""

from __future__ import annotations

import re
from typing import List

_RANGE = re.compile(r"^(.*)\[(\d+)-(\d+)\]$", re.DOTALL)
_LONGEST = 100_000
"""Names of one range; more is a slip of the finger, and would fill the memory."""


class BadRange(ValueError):
    """A range that cannot be written out; the text is the rule that it breaks."""


def expand(name: str) -> List[str]:
    """The names that `name` stands for: itself, unless it ends in `[first-last]`.

    Leading zeros of `first` are kept: `f[01-12]` gives `f01` ... `f12`.
    """
    match = _RANGE.match(name)
    if match is None:
        return [name]
    prefix, first, last = match.groups()
    count = int(last) - int(first) + 1
    if count < 1:
        raise BadRange("must be a range that ascends")
    if count > _LONGEST:
        raise BadRange(f"must not be a range of more than {_LONGEST} names")
    width = len(first) if first.startswith("0") else 0
    return [f"{prefix}{number:0{width}d}" for number in range(int(first), int(last) + 1)]
