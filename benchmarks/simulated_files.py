"""Parquet files of simulated rows for a workload: ids by Zipf's law with exponent 1.05."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.workloads import Feature, Workload

EXPONENT = 1.05
IMPRESSIONS_OF_A_USER = 50
CLICKS, CONVERSIONS_OF_A_CLICK = 0.04, 0.01
FILES = {"train": 4, "eval": 4}
_GROUP_ROWS = 65536


def files_of(workload: Workload, parent: Path, train_rows: int, eval_rows: int) -> Path:
    """The folder in `parent` with files of so many rows of the workload; written once."""
    folder = parent / f"{workload.name}-{train_rows}-{eval_rows}"
    is_whole = folder / "whole"
    if not is_whole.exists():
        write_files(workload, folder, train_rows, eval_rows)
        is_whole.touch()
    return folder


def write_text(folder: Path, suffix: str) -> None:
    """The same rows beside each Parquet file of numbers as `.csv` or `.csv.gz`; written once."""
    for path in folder.glob("*.parquet"):
        text = path.with_suffix(f".{suffix}")
        if text.exists():
            continue
        unfinished = text.with_name(f"unfinished-{text.name}")
        with pa.output_stream(str(unfinished)) as file:  # gzip for .gz
            pyarrow.csv.write_csv(pq.read_table(path), file)
        unfinished.rename(text)


def write_files(workload: Workload, folder: Path, train_rows: int, eval_rows: int) -> None:
    """Writes `<part>-<n>.parquet`, with `users-<part>-<n>.parquet` beside where users are apart."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, rows in (("train", train_rows), ("eval", eval_rows)):
        for number in range(FILES[part]):
            random = np.random.default_rng([len(part), number])
            _write_file(workload, folder, f"{part}-{number}.parquet", rows // FILES[part], random)


def _write_file(
    workload: Workload, folder: Path, name: str, rows: int, random: np.random.Generator
) -> None:
    click = random.random(rows) < CLICKS
    impressions: Dict[str, Any] = {
        "click": click.astype(np.int8),
        "conversion": (click & (random.random(rows) < CONVERSIONS_OF_A_CLICK)).astype(np.int8),
    }
    if not workload.is_grouped:
        impressions.update(_columns(workload.features, rows, random))
        _write(impressions, folder / f"impressions-{name}")
        return
    sizes = random.geometric(1 / IMPRESSIONS_OF_A_USER, rows)
    users = int(np.searchsorted(np.cumsum(sizes), rows)) + 1
    impressions["user_row"] = np.repeat(np.arange(users, dtype=np.int32), sizes[:users])[:rows]
    of_users = [feature for feature in workload.features if feature.is_of_users]
    of_rows = [feature for feature in workload.features if not feature.is_of_users]
    impressions.update(_columns(of_rows, rows, random))
    _write(impressions, folder / f"impressions-{name}")
    _write(_columns(of_users, users, random), folder / f"users-{name}")


def _write(columns: Dict[str, Any], path: Path) -> None:
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=_GROUP_ROWS)


def _columns(features: Any, rows: int, random: np.random.Generator) -> Dict[str, Any]:
    columns: Dict[str, Any] = {}
    for feature in features:
        if feature.mean_values:
            columns.update(_bag(feature, rows, random))
        elif feature.key:
            columns[feature.name] = _sequence(feature, rows, random)
        else:
            columns[feature.name] = zipf(feature.size, rows, random)
    return columns


def _bag(feature: Feature, rows: int, random: np.random.Generator) -> Dict[str, Any]:
    """Ids and weights as list columns; lengths vary as in Ali-CCP, some are empty."""
    lengths = random.poisson(random.gamma(2.0, feature.mean_values / 2.0, rows))
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
    ids = zipf(feature.size, int(offsets[-1]), random)
    weights = np.log1p(random.geometric(0.5, len(ids))).astype(np.float32)
    lists: List[Any] = [pa.ListArray.from_arrays(offsets, values) for values in (ids, weights)]
    return dict(zip(feature.columns, lists))


def _sequence(feature: Feature, rows: int, random: np.random.Generator) -> Any:
    """Ids as a list column, all lists equally long."""
    offsets = np.arange(rows + 1, dtype=np.int32) * feature.length
    return pa.ListArray.from_arrays(offsets, zipf(feature.size, int(offsets[-1]), random))


def zipf(size: int, count: int, random: np.random.Generator) -> NDArray[np.int32]:
    """int32 [count] in [0, size), by inversion of the cumulated weights."""
    weights = np.cumsum(np.arange(1, size + 1) ** -EXPONENT)
    found = np.searchsorted(weights, random.random(count) * weights[-1])
    ids: NDArray[np.int32] = np.minimum(found, size - 1).astype(np.int32)
    return ids
