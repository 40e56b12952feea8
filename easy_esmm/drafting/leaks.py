"""Finds columns that leak a label or identify rows; both are left out."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Sequence

from easy_esmm.drafting.labels import Label
from easy_esmm.drafting.profile import A_TIME, FLOAT, INTEGER, TEXT, UNREAD, Profile, misfits_share

_PURE_ROWS = 20
"""Rows of one value, all positive, that are no chance: below .5 ** 20 for a rate below a half."""
_UNIQUE = 0.95
_MOST_MISFITS = 0.1
"""Share of rows that may be bad because of a column; a null would keep them."""
_FEWEST_ROWS = 50
_TIME = re.compile(r"(^|_)(time|timestamp|ts|date|datetime)($|_)", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}[-/]\d\d?[-/]\d\d?([ T]\d\d?:\d\d(:\d\d)?.*)?")
_ROW_NAME = re.compile(
    r"^(id|index|row|rowid|unnamed: ?\d+)$|(row|sample|impression|request|event|log|trace|uu)_?id",
    re.IGNORECASE,
)


def why_left_out(column: Profile, labels: Sequence[Label]) -> Optional[str]:
    """The reason to leave a column out of the features; None if there is none."""
    if column.kind == UNREAD:
        return column.remark
    if len(column.misfits) > _MOST_MISFITS * len(column.values):
        return f"{misfits_share(column)}, which training refuses; write nulls in their place"
    if len(column.counts) < 2:
        return "constant: one value in all rows" if column.present else "empty in all rows"
    for label in labels:
        reason = _leak(column, label)
        if reason:
            return f"knows the label {label.column.name}: {reason}"
    return _row_name(column)


def _leak(column: Profile, label: Label) -> Optional[str]:
    positives = label.positives
    rate = sum(positives) / len(positives)
    if not 0 < rate < 1:
        return None
    is_there = [value is not None for value in column.values]
    if any(is_there) and not all(is_there) and is_there in (positives, [not p for p in positives]):
        return "it is empty just where the label is 0, or just where it is 1"
    if column.is_list or column.separator:
        return None
    groups: Dict[Any, List[bool]] = {}
    for value, positive in zip(column.values, positives):
        groups.setdefault(value, []).append(positive)
    if len(groups) == 2 and all(len(set(group)) == 1 for group in groups.values()):
        return "a copy of it"
    for value, group in groups.items():
        if rate < 0.5 and len(group) >= _PURE_ROWS and all(group):
            return f"all {len(group)} rows with the value {value!r} have it"
    return _threshold(column, positives)


def _threshold(column: Profile, positives: List[bool]) -> Optional[str]:
    if column.kind not in (INTEGER, FLOAT) or sum(positives) < _PURE_ROWS:
        return None
    pairs = [(v, p) for v, p in zip(column.values, positives) if v is not None]
    having = [value for value, positive in pairs if positive]
    lacking = [value for value, positive in pairs if not positive]
    if having and lacking and (min(having) > max(lacking) or max(having) < min(lacking)):
        return "one threshold tells its 0 from its 1"
    return None


def _row_name(column: Profile) -> Optional[str]:
    present = column.present
    if column.is_list or len(present) < _FEWEST_ROWS:
        return None
    if column.kind == TEXT and all(_MOMENT.fullmatch(value) for value in present):
        return A_TIME
    if column.separator:
        return None
    if column.kind in (INTEGER, FLOAT) and _TIME.search(column.name):
        return A_TIME
    if len(column.counts) < _UNIQUE * len(present):
        return None
    share = f"{len(column.counts):,} different values in {len(present):,} rows"
    if column.kind == TEXT:
        remark = f"; it {column.remark}" if column.remark else ""
        return f"looks like a name of the row: {share}{remark}"
    is_counting = all(b - a == 1 for a, b in zip(present, present[1:]))
    if column.kind == INTEGER and (is_counting or _ROW_NAME.search(column.name)):
        return f"looks like a number of the row: {share}"
    return None
