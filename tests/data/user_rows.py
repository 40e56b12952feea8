"""Rows in both layouts: users once, in files of their own, and in every impression."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Sequence, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = {
    "buy": "INT32", "click": "INT32", "id": "INT64", "text": "STRING",
    "user": "INT64", "city": "STRING", "history": "INT32", "history_weight": "FLOAT",
}  # fmt: skip
OF_USERS = ("user", "city", "history", "history_weight")
USER_ROWS = (
    'input_type: ParquetInput user_rows { columns: ["user", "city", "history", "history_weight"] }'
)


def impressions_of(user: int) -> int:
    """1 to 7; now and then more than a chunk of the reader's order holds."""
    return 1500 if user % 400 == 3 else 1 + user * 5 % 7


def user_cells(user: int) -> Dict[str, Any]:
    """A user's columns: null texts, null lists, empty lists."""
    length = user % 5
    history = None if user % 11 == 0 else [user] * length
    weights = None if history is None else [user + i / 4 for i in range(length)]
    city = None if user % 6 == 0 else f"c{user % 9}"
    return {"user": user, "city": city, "history": history, "history_weight": weights}


def write(
    folder: Path, users_of_files: Sequence[int], row_group_size: int = 400
) -> Tuple[str, str]:
    """Writes both layouts; returns their globs, flat first. Ids count all impressions."""
    user = first_id = 0
    for part, count in enumerate(users_of_files):
        users = range(user, user + count)
        user += count
        row = np.repeat(np.arange(count), [impressions_of(u) for u in users])
        ids = np.arange(first_id, first_id + len(row))
        first_id += len(row)
        rows = {
            "buy": pa.array(ids % 2, pa.int8()),
            "click": pa.array(ids % 3 % 2, pa.int8()),
            "user_row": pa.array(row, pa.int32()),
            "id": pa.array(ids),
            "text": pa.array([f"t{i % 50}" for i in ids], pa.string()),
        }
        cells = [user_cells(u) for u in users]
        of_users = pa.table(
            {
                "unread": pa.array([1.0] * count, pa.float64()),
                "user": pa.array([c["user"] for c in cells], pa.int64()),
                "city": pa.array([c["city"] for c in cells], pa.string()),
                "history": pa.array([c["history"] for c in cells], pa.list_(pa.int32())),
                "history_weight": pa.array(
                    [c["history_weight"] for c in cells], pa.list_(pa.float32())
                ),
                "key": pa.array([f"k{u}" for u in users], pa.string()),
            }
        )
        size = {"row_group_size": row_group_size}
        pq.write_table(pa.table(rows), folder / f"impressions-{part}.parquet", **size)
        pq.write_table(of_users, folder / f"users-{part}.parquet", **size)
        flat = pa.table(rows)
        for name in of_users.column_names:
            flat = flat.append_column(name, of_users.column(name).take(pa.array(row)))
        pq.write_table(flat, folder / f"flat-{part}.parquet", **size)
    return str(folder / "flat-*.parquet"), str(folder / "impressions-*.parquet")
