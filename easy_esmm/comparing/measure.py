"""A measure of a comparison, and groups of measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

HIGHER, LOWER, NEITHER = "higher", "lower", ""


@dataclass(frozen=True)
class Measure:
    """A column of a table."""

    key: str
    title: str
    better: str = NEITHER
    """HIGHER or LOWER, or NEITHER where a value of its own is right (1 for a ratio)."""
    is_difference: bool = False
    """Whether a single value is a difference already, to be compared with 0."""
    is_charted: bool = False
    """Whether a page draws the intervals of its differences."""
    is_compared: bool = True
    """Whether a difference from the reference has a meaning."""


@dataclass(frozen=True)
class Group:
    """A table: some measures that belong together."""

    title: str
    note: str
    measures: Tuple[Measure, ...]
