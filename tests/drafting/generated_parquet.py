"""Parquet files of all Arrow types, some with a flaw whose reason `init` has to name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.drafting.generated_csv import NAMES, Log

_WORDS = ("red", "blue", "größe", "上衣", "")


def _integer(low: int, high: int) -> Callable[[Random, int], int]:
    return lambda random, row: random.randint(low, high)


def _word(random: Random, row: int) -> str:
    return random.choice(_WORDS)


def _bytes(random: Random, row: int) -> bytes:
    return random.choice((b"red", b"\xff\xfe", b"\0\1", b"blue"))


def _decimal(places: int, size: int) -> Callable[[Random, int], Decimal]:
    return lambda random, row: Decimal(random.randint(-size, size)).scaleb(-places)


def _moment(random: Random, row: int) -> datetime:
    return datetime(2024, 3, 1) + timedelta(hours=row)


def _number(random: Random, row: int) -> float:
    return random.random() * 100


def _some(share: float, odd: float) -> Callable[[Random, int], float]:
    return lambda random, row: odd if random.random() < share else random.random()


TYPES: Dict[str, Tuple[pa.DataType, Callable[[Random, int], Any]]] = {
    "int8": (pa.int8(), _integer(-128, 127)),
    "uint8": (pa.uint8(), _integer(0, 255)),
    "int16": (pa.int16(), _integer(-(2**15), 2**15 - 1)),
    "int32": (pa.int32(), _integer(-(2**31), 2**31 - 1)),
    "uint32": (pa.uint32(), _integer(0, 2**32 - 1)),
    "int64": (pa.int64(), _integer(-(2**63), 2**63 - 1)),
    "int64 ids": (pa.int64(), _integer(2**60, 2**60 + 40)),
    "uint64": (pa.uint64(), _integer(0, 2**64 - 1)),
    "uint64 ids": (pa.uint64(), _integer(2**63 + 1, 2**63 + 40)),
    "small uint64": (pa.uint64(), _integer(0, 9)),
    "float": (pa.float32(), _number),
    "double": (pa.float64(), _number),
    "huge double": (pa.float64(), lambda random, row: random.random() * 10.0**300),
    "tiny double": (pa.float64(), lambda random, row: random.random() * 10.0**-310),
    "few nans": (pa.float64(), _some(0.02, float("nan"))),
    "many nans": (pa.float64(), _some(0.6, float("nan"))),
    "infinities": (pa.float32(), _some(0.02, float("inf"))),
    "half": (pa.float16(), lambda random, row: np.float16(random.random())),
    "bool": (pa.bool_(), lambda random, row: random.random() < 0.5),
    "decimal": (pa.decimal128(12, 2), _decimal(2, 10**6)),
    "whole decimal": (pa.decimal128(38, 0), _decimal(0, 50)),
    "wide decimal": (pa.decimal128(38, 0), _decimal(0, 10**30)),
    "decimal256": (pa.decimal256(50, 4), _decimal(4, 10**9)),
    "string": (pa.string(), _word),
    "large_string": (pa.large_string(), _word),
    "binary": (pa.binary(), _bytes),
    "large_binary": (pa.large_binary(), _bytes),
    "fixed binary": (pa.binary(2), lambda random, row: random.choice((b"ab", b"\xff\0"))),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), _word),
    "wide dictionary": (pa.dictionary(pa.int64(), pa.string()), _word),
    "dictionary of numbers": (pa.dictionary(pa.int32(), pa.int64()), _integer(0, 9)),
    "list": (
        pa.list_(pa.int64()),
        lambda r, row: [r.randint(0, 50) for _ in range(r.randint(0, 4))],
    ),
    "list of nulls": (pa.list_(pa.int64()), lambda r, row: [r.choice((None, 1, 2)) for _ in "ab"]),
    "list of uint64": (pa.list_(pa.uint64()), lambda r, row: [r.randint(2**63, 2**63 + 20)] * 2),
    "list of words": (pa.large_list(pa.string()), lambda r, row: [r.choice(_WORDS) for _ in "abc"]),
    "list of bools": (pa.list_(pa.bool_()), lambda r, row: [r.random() < 0.5 for _ in "ab"]),
    "list of decimals": (pa.list_(pa.decimal128(9, 2)), lambda r, row: [Decimal("1.50")] * 2),
    "vector": (pa.list_(pa.float32(), 3), lambda r, row: [r.random() for _ in range(3)]),
    "vector of nans": (pa.list_(pa.float32()), lambda r, row: [r.choice((0.5, 1.5, float("nan")))]),
    "vector of nulls": (pa.list_(pa.float64()), lambda r, row: [r.choice((0.5, 1.5, None))] * 2),
    "list of floats": (pa.list_(pa.float64()), lambda r, row: [0.5] * r.randint(0, 3)),
    "list of lists": (pa.list_(pa.list_(pa.int64())), lambda r, row: [[1], [2]]),
    "timestamp": (pa.timestamp("us"), _moment),
    "zoned timestamp": (pa.timestamp("ms", "Asia/Shanghai"), _moment),
    "list of timestamps": (pa.list_(pa.timestamp("us")), lambda r, row: [datetime(2024, 1, 1)]),
    "far timestamp": (pa.timestamp("s"), lambda r, row: 10**12 + row),
    "date": (pa.date32(), lambda r, row: date(2024, 1, 1) + timedelta(days=row % 9)),
    "time": (pa.time32("s"), _integer(0, 80_000)),
    "struct": (pa.struct([("a", pa.int64())]), lambda r, row: {"a": row}),
    "map": (pa.map_(pa.string(), pa.int64()), lambda r, row: [("a", row)]),
    "null": (pa.null(), lambda r, row: None),
    "bars": (pa.string(), lambda r, row: "|".join(r.choice("abcde") for _ in range(3))),
    "pairs": (pa.string(), lambda r, row: f"a:{r.random():.2f}|b:{r.random():.2f}"),
    "constant": (pa.int64(), lambda r, row: 7),
    "unique": (pa.string(), lambda r, row: f"r{row}"),
}
if hasattr(pa, "string_view"):
    TYPES["string_view"] = (pa.string_view(), _word)
    TYPES["binary_view"] = (pa.binary_view(), _bytes)

FLAWS = {
    "doubled name": r": the file has column 'twice' twice",
    "no row": r": holds no row$",
    "cut": r": not a whole Parquet file",
    "label of text": r"must hold 0 and 1, got 'no'|'click' does not hold 0 and 1 only, but 'no'",
}
_LABELS: Tuple[Tuple[pa.DataType, Any, Any], ...] = (
    (pa.int8(), 0, 1),
    (pa.bool_(), False, True),
    (pa.float64(), 0.0, 1.0),
    (pa.int64(), 0, 1),
    (pa.decimal128(3, 0), Decimal(0), Decimal(1)),
    (pa.uint64(), 0, 1),
)


@dataclass(frozen=True)
class Plan:
    """What a file is made of."""

    seed: int
    rows: int
    kinds: Tuple[str, ...]
    names: Tuple[str, ...]
    missing: float
    label: int
    missing_labels: bool
    gives_labels: bool
    group: int
    flaw: str
    click_rate: float


PLANS = st.builds(
    Plan,
    seed=st.integers(0, 2**32),
    rows=st.sampled_from((1, 2, 7, 60, 150, 400)),
    kinds=st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=6).map(tuple),
    names=st.lists(st.sampled_from(NAMES), min_size=6, max_size=6, unique=True).map(tuple),
    missing=st.sampled_from((0.0, 0.0, 0.1, 0.6)),
    label=st.integers(0, len(_LABELS) - 1),
    missing_labels=st.booleans(),
    gives_labels=st.booleans(),
    group=st.sampled_from((3, 50, 1000)),
    flaw=st.one_of(*[st.just("")] * 5, st.sampled_from(sorted(FLAWS))),
    click_rate=st.sampled_from((0.0, 0.3, 0.5, 0.9)),
)


def write(plan: Plan, folder: Path) -> Log:
    """The file of a plan."""
    random = Random(plan.seed)
    path = folder / "log.parquet"
    columns: List[Tuple[str, pa.Array]] = []
    for kind, name in zip(plan.kinds, plan.names):
        found, make = TYPES[kind]
        # (pyarrow neither writes nor reads nulls among lists of one length in Parquet.)
        missing = 0.0 if pa.types.is_fixed_size_list(found) else plan.missing
        values = [
            None if random.random() < missing else make(random, row) for row in range(plan.rows)
        ]
        columns.append((name, pa.array(values, found)))
    columns.append(("shop", pa.array([f"s{random.randint(0, 4)}" for _ in range(plan.rows)])))
    found, zero, one = _LABELS[plan.label]
    click = [random.random() < plan.click_rate for _ in range(plan.rows)]
    buy = [is_click and random.random() < 0.5 for is_click in click]
    for name, flags in (("click", click), ("buy", buy)):
        values = [one if flag else zero for flag in flags]
        if plan.missing_labels and plan.rows > 9:
            values[3] = None
        columns.append((name, pa.array(values, found)))
    if plan.flaw == "label of text":
        columns[-2] = ("click", pa.array(["yes", "no"] * plan.rows).slice(1, plan.rows))
    if plan.flaw == "doubled name":
        columns += [("twice", columns[0][1])] * 2
    random.shuffle(columns)
    table = pa.table([array for _, array in columns], [name for name, _ in columns])
    if plan.flaw == "no row":
        table = table[:0]
    pq.write_table(table, path, row_group_size=plan.group)
    if plan.flaw == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    labels = ("click", "buy") if plan.gives_labels else (None, None)
    return Log(path, *labels, FLAWS.get(plan.flaw, ""), plan.rows >= 60)
