"""The conversion once more, slow and plain: lines are split, rows are dicts, nothing is shared."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import pandas as pd

SINGLE_USER = ["101", "121", "122", "124", "125", "126", "127", "128", "129"]
HISTORIES = ["109_14", "110_14", "127_14", "150_14"]
SINGLE_ROW = ["205", "206", "207", "216", "301"]
LISTS_ROW = ["210", "508", "509", "702", "853"]
WEIGHTED = [*HISTORIES, "508", "509", "702", "853"]
SINGLE = SINGLE_USER + SINGLE_ROW
USER_FIELDS, ROW_FIELDS = SINGLE_USER + HISTORIES, SINGLE_ROW + LISTS_ROW

Row = Dict[str, Any]


def lines_of(path: Path) -> List[bytes]:
    """The lines without their ends."""
    lines = path.read_bytes().split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [line[:-1] if line.endswith(b"\r") else line for line in lines]


def features_of(text: bytes, count: bytes, fields: List[str]) -> Optional[Row]:
    """Field to its value(s) as (id, weight), or None for a malformed list."""
    parts = text.split(b"\x01") if text else []
    if not re.fullmatch(rb"[0-9]{1,16}", count) or int(count) != len(parts):
        return None
    row: Row = {name: [] for name in fields}
    for part in parts:
        match = re.fullmatch(
            rb"([^\x00-\x2c]+)\x02([0-9]{1,16})\x03(-?[0-9]+(?:\.[0-9]*)?(?:[eE]-?[0-9]+)?)", part
        )
        if not match or int(match[2]) >= 2**31:
            return None
        weight = float(match[3])
        if not math.isfinite(weight) or abs(weight) >= 3.4e38:
            return None
        name = match[1].decode("latin-1")
        if name in row:
            row[name].append((int(match[2]), float(np.float32(weight))))
    return row


def common_row(line: bytes) -> Optional[Tuple[str, Row]]:
    """(key, features) of a line of the common file, None if it is malformed."""
    cells = line.split(b",")
    if len(cells) != 3 or not re.fullmatch(rb"[0-9a-fA-F]{16}", cells[0]):
        return None
    features = features_of(cells[2], cells[1], USER_FIELDS)
    return None if features is None else (cells[0].decode().lower(), features)


def skeleton_row(line: bytes) -> Optional[Row]:
    """Columns and features of a line of the skeleton, None if it is malformed."""
    cells = line.split(b",")
    if len(cells) != 6 or not re.fullmatch(rb"[0-9]{1,16}", cells[0]):
        return None
    if cells[1] not in (b"0", b"1") or cells[2] not in (b"0", b"1"):
        return None
    if not re.fullmatch(rb"[0-9a-fA-F]{16}", cells[3]):
        return None
    features = features_of(cells[5], cells[4], ROW_FIELDS)
    if features is None:
        return None
    head = {"sample_id": int(cells[0]), "click": int(cells[1]), "conversion": int(cells[2])}
    return {**head, "key": cells[3].decode().lower(), **features}


def convert(skeleton: Path, common: Path) -> Tuple[List[Row], Counter]:
    """(impressions with their user's fields in the order of the file, counts)."""
    counts: Counter = Counter()
    users: Dict[str, Row] = {}
    for line in lines_of(common):
        parsed = common_row(line)
        if parsed is None:
            counts["malformed common"] += 1
        elif parsed[0] in users:
            counts["repeated key"] += 1
        else:
            users[parsed[0]] = parsed[1]
    impressions = []
    for line in lines_of(skeleton):
        row = skeleton_row(line)
        if row is None:
            counts["malformed skeleton"] += 1
        elif row["conversion"] and not row["click"]:
            counts["impossible"] += 1
        elif row["key"] not in users:
            counts["unknown key"] += 1
        else:
            impressions.append({**row, **users[row["key"]]})
    return impressions, counts


def vocabulary(impressions: List[Row], min_count: int) -> Dict[str, Dict[int, int]]:
    """Field to id to value."""
    result = {}
    for name in USER_FIELDS + ROW_FIELDS:
        seen = Counter(
            identity
            for row in impressions
            for identity, _ in (row[name][:1] if name in SINGLE else row[name])
        )
        kept = sorted(identity for identity, count in seen.items() if count >= min_count)
        result[name] = {identity: value for value, identity in enumerate(kept, 1)}
    return result


def encoded(impressions: List[Row], values: Dict[str, Dict[int, int]]) -> Dict[str, List[Row]]:
    """Key to its rows, in the order of the file, with values for ids and weights apart."""
    by_key: Dict[str, List[Row]] = {}
    for row in impressions:
        out = {name: row[name] for name in ("sample_id", "click", "conversion")}
        for name in USER_FIELDS + ROW_FIELDS:
            found = [values[name].get(identity, 0) for identity, _ in row[name]]
            if name in SINGLE:
                out[name] = found[0] if found else None
            else:
                out[name] = found
            if name in WEIGHTED:
                out[name + "_weight"] = [weight for _, weight in row[name]]
        by_key.setdefault(row["key"], []).append(out)
    return by_key


def read_grouped(folder: Path) -> Dict[str, List[Row]]:
    """Key to its rows as they stand in the grouped layout, joined with pandas."""
    by_key: Dict[str, List[Row]] = {}
    for path in sorted(folder.glob("impressions-*.parquet")):
        rows = pd.read_parquet(path, dtype_backend="pyarrow")
        users = pd.read_parquet(
            path.with_name(path.name.replace("impressions", "users")), dtype_backend="pyarrow"
        )
        joined = rows.join(users, on="user_row")
        for row in plain(joined):
            by_key.setdefault(row.pop("common_feature_index"), []).append(row)
            for name in ("user_row", "first_impression", "impressions"):
                row.pop(name)
    return by_key


def plain(table: pd.DataFrame) -> List[Row]:
    """Rows of Python values."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [
        {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in row.items()
        }
        for row in rows
    ]
