"""Says why cells that could be numbers are read as text."""

from __future__ import annotations

import re
from typing import Sequence

from easy_esmm.config.cells import DECIMAL, LONGEST_DECIMAL
from easy_esmm.data.csv_shape import is_null, is_number

_WHOLE_DECIMAL = re.compile(r"-?[0-9]+\.0*")
_NEARLY_ALL = 0.9
_MOST_SHOWN = 40
_SPELLINGS = (
    (
        r"[-+]?([0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?|([0-9]+|[0-9]{1,3}(\.[0-9]{3})+),[0-9]+)",
        "if it is a number, write nothing between its digits but a point before its decimals",
    ),
    (rf"\+{DECIMAL}", "a number is written without a plus sign"),
    (rf"[-+]?{DECIMAL} ?%", "a number is written without a percent sign"),
    (
        rf"(?=.{{{LONGEST_DECIMAL + 1}}}){DECIMAL}",
        f"a number has at most {LONGEST_DECIMAL} characters",
    ),
)


def why_no_numbers(present: Sequence[str], numbers: Sequence[str]) -> str:
    """Says which words make text of a column that nearly is one of numbers; else empty."""
    words = sorted({cell for cell in present if not is_number(cell)})
    nulls = [word for word in words if is_null(word)]
    if len(nulls) == len(words) and numbers:
        return (
            f"holds {short(nulls[0])} besides numbers, so it is read as text; an empty cell in "
            "its place would be a missing number"
        )
    others = [word for word in words if not is_null(word)]
    hint = _spelling_hint(others)
    if hint:
        return f"holds {short(others[0])}, so it is read as text; {hint}"
    if len(numbers) >= _NEARLY_ALL * len(present):
        return f"holds {short(words[0])} besides numbers, so it is read as text"
    return ""


def decimal_ids(present: Sequence[str]) -> str:
    """Says how ids are spelled that are decimal numbers; empty where cells are no such ids.

    `12` beside `12.0` is one id, which is two as text.
    """
    if all(_WHOLE_DECIMAL.fullmatch(cell) for cell in present):
        return f"holds ids as decimal numbers ({short(present[0])}), so it is read as text"
    rounded = next((cell for cell in present if "e" in cell.lower()), None)
    if rounded is None or not all(float(cell).is_integer() for cell in present):
        return ""
    return (
        f"holds ids as {short(rounded)}, so it is read as text; a program that writes them so "
        "rounds them, and different ids may have become one"
    )


def short(cell: str) -> str:
    """A cell as a message shows it."""
    return repr(cell if len(cell) <= _MOST_SHOWN else f"{cell[:_MOST_SHOWN]}...")


def _spelling_hint(words: Sequence[str]) -> str:
    """What to write where all words, of a column of numbers but for them, are one spelling's.

    Empty where they are not.
    """
    for pattern, hint in _SPELLINGS:
        spelled = re.compile(pattern)
        if words and all(spelled.fullmatch(word) for word in words):
            return hint
    return ""
