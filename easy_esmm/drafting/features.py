"""Chooses a feature for each column, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, List, Optional, Sequence, Set, Tuple

from easy_esmm.drafting.profile import BOOL, FLOAT, ID_NAME, INTEGER, Profile, missing_share

_DIGITS = (4, 7, 10, 17)
"""Significant digits of boundaries: as few as keep them apart; 17 keep any."""
_FEW = 50
"""Different whole numbers up to which they are names; above, it depends."""
_SATURATED = 0.1
_LARGEST_TABLE = 1_000_000
_ID_RANGE = 100_000
_NO_AMOUNT = 2**53
"""Whole numbers of more bits count nothing; what makes them are hash functions and generators."""


@dataclass(frozen=True)
class Feature:
    """A feature of the config."""

    inputs: Tuple[str, ...]
    type: str
    settings: Tuple[Tuple[str, Any], ...]
    """(field, value): a string, a number, or several numbers."""
    why: str


def guess_features(
    columns: Sequence[Profile], growth: float
) -> Tuple[List[Feature], List[Tuple[str, str]]]:
    """(features, columns that make none and why); `growth` is rows of the data a sampled row."""
    features: List[Feature] = []
    left: List[Tuple[str, str]] = []
    weights = _weights(columns)
    for column in columns:
        if column.name in weights.values():
            continue
        made = _feature(column, growth, weights.get(column.name))
        if made is not None and column.missing:
            made = replace(made, why=f"{made.why}; {missing_share(column)} have no value")
        if made is None:
            left.append((column.name, "lists of numbers of varying lengths, and no ids for them"))
        else:
            features.append(made)
    return features, left


def _feature(column: Profile, growth: float, weight: Optional[str]) -> Optional[Feature]:
    if column.is_list and column.kind == FLOAT:
        return _vector(column)
    if column.is_list or column.separator:
        return _tags(column, growth, weight)
    if column.kind == FLOAT or (column.kind == INTEGER and not _is_id(column)):
        return _number(column)
    return _id(column, growth)


def _is_id(column: Profile) -> bool:
    values = column.present
    largest = max(abs(value) for value in values)
    is_wide = largest > _ID_RANGE and len(column.counts) < 0.9 * len(values)
    is_name = bool(ID_NAME.search(column.name)) or largest >= _NO_AMOUNT
    return len(column.counts) <= _FEW or is_name or is_wide


def _id(column: Profile, growth: float) -> Feature:
    distinct = len(column.counts)
    rows = 10 if column.kind == BOOL else _buckets(distinct, len(column.present), growth)
    why = f"{column.kind}, {distinct:,} different in the sample"
    if column.remark:
        why += f"; {column.remark}"
    settings = (("embedding_dim", _dim(rows)), ("hash_bucket_size", rows))
    return Feature((column.name,), "IdFeature", settings, why)


def _tags(column: Profile, growth: float, weight: Optional[str]) -> Feature:
    counts = column.counts
    rows = _buckets(len(counts), sum(counts.values()), growth)
    settings: List[Tuple[str, Any]] = [("embedding_dim", _dim(rows)), ("hash_bucket_size", rows)]
    how = "a list column" if column.is_list else f"text cut at {column.separator!r}"
    if column.separator:
        settings.append(("separator", column.separator))
    if column.kv_separator:
        settings.append(("kv_separator", column.kv_separator))
        how += f", weights behind {column.kv_separator!r}"
    if weight:
        how += f", weights in {weight}, whose lists are as long"
    inputs = (column.name, weight) if weight else (column.name,)
    why = f"{how}; {len(counts):,} different values in the sample"
    if column.remark:
        why += f"; {column.remark}"
    return Feature(inputs, "TagFeature", tuple(settings), why)


def _vector(column: Profile) -> Optional[Feature]:
    lengths = {len(value) for value in column.present if value}
    if len(lengths) != 1:
        return None
    (size,) = lengths
    settings: Tuple[Tuple[str, Any], ...] = (("raw_input_dim", size),) if size > 1 else ()
    if column.missing:
        # (Without a missing list to learn from, the indicator's weights would stay random.)
        settings += (("missing_indicator", True),)
    return Feature((column.name,), "RawFeature", settings, f"lists of {size} number(s)")


def _number(column: Profile) -> Feature:
    values = sorted(column.present)
    why = f"{column.kind} from {values[0]:g} to {values[-1]:g}, cut at tenths of the rows"
    # Also where the sample misses none: a later row may, and would be the number 0.
    settings = (
        ("embedding_dim", 4),
        ("boundaries", _cuts(values)),
        ("missing_indicator", True),
    )
    return Feature((column.name,), "RawFeature", settings, why)


def _cuts(values: Sequence[float]) -> Tuple[float, ...]:
    """Tenths of ascending numbers that are not all equal, above the least, in few digits."""
    tenths = {float(values[len(values) * tenth // 10]) for tenth in range(1, 10)}
    tenths = {cut for cut in tenths if cut > values[0]} or {float(values[-1])}
    cuts: Set[float] = set()
    for digits in _DIGITS:
        cuts = {float(f"{cut:.{digits}g}") for cut in tenths}
        if len(cuts) == len(tenths) and min(cuts) > values[0]:
            break
    return tuple(sorted(cuts))


def _weights(columns: Sequence[Profile]) -> dict[str, str]:
    """List column of ids -> list column of floats that is as long in every row, of a like name."""
    ids = [c for c in columns if c.is_list and c.kind != FLOAT]
    floats = [c for c in columns if c.is_list and c.kind == FLOAT]
    found: dict[str, str] = {}
    for column in floats:
        lengths = [len(value or ()) for value in column.values]
        if len(set(lengths)) < 2:
            continue
        fitting = [i for i in ids if [len(value or ()) for value in i.values] == lengths]
        named = [i for i in fitting if column.name.startswith(i.name)]
        chosen = (named or fitting)[:1] if named or len(fitting) == 1 else []
        for one in chosen:
            found.setdefault(one.name, column.name)
    return found


def _buckets(distinct: int, seen: int, growth: float) -> int:
    """Four rows a value that the whole data may hold, as 1, 2 or 5 times a power of ten."""
    is_saturated = distinct < _SATURATED * seen
    wanted = 4 * distinct * (1 if is_saturated else growth)
    size = 10
    for step in range(1, 7):
        for digit in (1, 2, 5):
            if size < wanted:
                size = digit * 10**step
    return min(size, _LARGEST_TABLE)


def _dim(rows: int) -> int:
    return 4 if rows <= 100 else 8 if rows <= 10_000 else 16
