"""A config as written: names, values and places, before types are known.

The text reader, the JSON reader and the command line all end in this form, so that types are
checked, and messages filled, in one place (`parse`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple, Union

from easy_esmm.config.problems import Place


@dataclass(frozen=True)
class Scalar:
    """A single value."""

    token: str
    """The value as written; for a string what stands between the quotes, decoded."""
    place: Place
    content: Optional[bytes] = None
    """Bytes of a string; None for a bare word or number."""
    is_loose: bool = False
    """A string that may also stand for a number or a name: JSON and flags write both that way."""


@dataclass(frozen=True)
class Body:
    """The inside of a message."""

    entries: Tuple[Entry, ...]
    place: Place
    is_closed: bool = True
    """False where the file ends before the message does."""


@dataclass(frozen=True)
class Entry:
    """One `name: value` or `name: [value, value]`."""

    name: str
    place: Place
    values: Tuple[Value, ...]
    is_list: bool = False
    has_colon: bool = True


Value = Union[Scalar, Body]
