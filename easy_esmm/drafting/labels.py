"""Finds the columns of the click and the conversion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from easy_esmm.config.hints import did_you_mean
from easy_esmm.drafting.profile import TEXT, UNREAD, Profile
from easy_esmm.errors import UserError

_CLICK = re.compile(r"(^|[^a-z])(is_?)?(click(ed)?|clk)(_?label)?([^a-z]|$)", re.IGNORECASE)
_CONVERSION = re.compile(
    r"(^|[^a-z])(is_?)?(buy|bought|conv|conversion|converted|convert|purchase[d]?|order(ed)?|pay|"
    r"paid|cvr)(_?label)?([^a-z]|$)",
    re.IGNORECASE,
)


_LABEL_WORDS = ("0", "1", "0.0", "1.0", "false", "true")


@dataclass(frozen=True, eq=False)
class Label:
    """A label and how it was found."""

    column: Profile
    why: str

    @property
    def positives(self) -> List[bool]:
        """Whether each row has it; an empty cell has not."""
        return [bool(value) for value in self.column.values]


def find_labels(
    columns: Sequence[Profile], click: Optional[str], conversion: Optional[str]
) -> Tuple[Label, Label]:
    """(click, conversion): the columns of these names, or those that look like labels.

    Raises UserError for a name that is no column of 0 and 1, and where nothing can be guessed.
    """
    if click and click == conversion:
        raise UserError(f"--click and --conversion: must be two columns, got '{click}' twice")
    given = [_named(columns, name, flag) for name, flag in ((click, "click"),
             (conversion, "conversion"))]  # fmt: skip
    free = [c for c in columns if _is_binary(c) and c.name not in (click, conversion)]
    labels = [
        label or _by_name(free, pattern) for label, pattern in zip(given, (_CLICK, _CONVERSION))
    ]
    if labels[0] is None or labels[1] is None:
        labels = list(_by_inclusion(free, labels[0], labels[1]))
    if labels[0] is None or labels[1] is None:
        missing = "--click" if labels[0] is None else "--conversion"
        names = ", ".join(c.name for c in free) or "none"
        pattern = _CLICK if labels[0] is None else _CONVERSION
        raise UserError(
            f"{missing}: cannot be guessed; name the column (columns of 0 and 1: {names})"
            f"{_spoilt(columns, pattern)}"
        )
    return labels[0], labels[1]


def _named(columns: Sequence[Profile], name: Optional[str], flag: str) -> Optional[Label]:
    if not name:
        return None
    found = next((column for column in columns if column.name == name), None)
    if found is None:
        names = [column.name for column in columns]
        hint = did_you_mean(name, names)
        advice = f"; {hint}" if hint else ""
        raise UserError(f"--{flag}: no column '{name}' (there are {', '.join(names)}){advice}")
    if not _is_binary(found):
        raise UserError(f"--{flag}: column '{name}' must hold 0 and 1, got {_odd(found)}")
    return Label(found, "given")


def _spoilt(columns: Sequence[Profile], pattern: re.Pattern[str]) -> str:
    """Names a column that only its values keep from being the label, if there is one."""
    for column in columns:
        if pattern.search(column.name) and not _is_binary(column):
            return f"; '{column.name}' does not hold 0 and 1 only, but {_odd(column)} too"
    return ""


def _odd(column: Profile) -> str:
    """The first value that no label has."""
    if column.kind == TEXT:
        words = [v.strip() for v in column.present if not column.is_list]
        odd = [word for word in words if word.lower() not in _LABEL_WORDS]
    else:
        odd = [v for v in column.present if v not in (0, 1)]
    return repr(odd[0]) if odd else "no value" if not column.present else f"{column.kind}"


def _is_binary(column: Profile) -> bool:
    is_number = column.kind not in (TEXT, UNREAD) and not column.is_list
    return is_number and bool(column.present) and all(v in (0, 1) for v in column.present)


def _by_name(columns: Sequence[Profile], pattern: re.Pattern[str]) -> Optional[Label]:
    found = [column for column in columns if pattern.search(column.name)]
    return Label(found[0], "guessed by its name") if len(found) == 1 else None


def _by_inclusion(
    columns: Sequence[Profile], click: Optional[Label], conversion: Optional[Label]
) -> Tuple[Optional[Label], Optional[Label]]:
    """The only pair of which one happens just where the other does, and more rarely."""
    clicks = [click.column] if click else columns
    conversions = [conversion.column] if conversion else columns
    pairs = [(a, b) for a in clicks for b in conversions if a is not b and _is_within(b, a)]
    if len(pairs) != 1:
        return click, conversion
    why = "guessed: a conversion happens in clicked rows only"
    first, second = pairs[0]
    return click or Label(first, why), conversion or Label(second, why)


def _is_within(inner: Profile, outer: Profile) -> bool:
    ones = [bool(value) for value in inner.values]
    others = [bool(value) for value in outer.values]
    is_inside = all(other for one, other in zip(ones, others) if one)
    return is_inside and 0 < sum(ones) < sum(others) < len(others)
