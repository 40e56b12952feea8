"""Writes a simulation: data files by part and format, the truth in files of its own, a summary.

* DIR/train/part-0000.csv, DIR/train/part-0000.parquet, DIR/test/...
* DIR/raw/sample_skeleton_train.csv, DIR/raw/common_features_train.csv, and the same for test
* DIR/truth/train.truth.parquet, DIR/truth/test.truth.parquet
* DIR/simulation.json: the settings and the summary
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, Sequence, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from easy_esmm import page_sums
from easy_esmm.aliccp.fields import (
    CLICK,
    CLICK_TIME,
    CONVERSION,
    CONVERSION_TIME,
    EVENTUAL_CONVERSION,
    FIELDS,
    ITEM,
    OBSERVED_UNTIL,
    SAMPLE_ID,
    USER,
    Field,
)
from easy_esmm.errors import UserError
from easy_esmm.simulation import cells
from easy_esmm.simulation.delays import NEVER, Delays
from easy_esmm.simulation.generator import PARTS, Simulation
from easy_esmm.simulation.id_lists import IdLists
from easy_esmm.simulation.impressions import Values
from easy_esmm.simulation.raw_writing import write_raw
from easy_esmm.simulation.truth import SUFFIX, Truth, write_truth

FORMATS = ("csv", "parquet")
RAW = "raw"
"""The format of the official files; not among FORMATS, since its rows are not joined."""
SUMMARY = "simulation.json"
CHUNK = 65_536
"""Rows that are in memory as text at a time, and in a Parquet row group."""

CellsOf = Callable[[Field, Values], Dict[str, pa.Array]]
_CELLS: Dict[str, CellsOf] = {"csv": cells.csv_cells, "parquet": cells.parquet_cells}


def check_output(output: Path, overwrite: bool) -> None:
    """Raises UserError if the folder holds anything, or anything else where it may be replaced."""
    if not output.exists():
        return
    if not output.is_dir():
        raise UserError(f"--output {output}: is a file; name a folder")
    held = sorted(path.name for path in output.iterdir())
    if held and not overwrite:
        raise UserError(
            f"--output {output}: must be empty, holds {_some(held)}; "
            "name another folder, or give --overwrite to replace an earlier simulation"
        )
    foreign = [name for name in held if name not in (*PARTS, RAW, "truth", SUMMARY)]
    if held and SUMMARY not in held:
        foreign = foreign or held
    if foreign:
        raise UserError(
            f"--output {output}: --overwrite replaces only what a simulation wrote, "
            f"this folder holds {_some(foreign)}; name another folder"
        )


def write_simulation(
    simulation: Simulation,
    summary: Dict[str, Any],
    output: Path,
    formats: Sequence[str] = FORMATS,
    shards: int = 1,
    overwrite: bool = False,
    quirks: FrozenSet[str] = frozenset(),
) -> List[Path]:
    """Writes all files and returns their paths. `quirks` are those of the raw format.

    All of them appear at once: they are written to a folder beside `output`, which is then renamed.
    """
    check_output(output, overwrite)
    if RAW in formats and simulation.delays is not None:
        raise UserError("--delay: must be none for --format raw, which has no columns for times")
    shard_bounds = {part: _shards(simulation, part, shards) for part in PARTS}
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
        try:
            new = beside / "new"
            files = _write_files(
                simulation, new, [form for form in formats if form != RAW], shard_bounds
            )
            if RAW in formats:
                (new / RAW).mkdir()
                raw_files, truth = write_raw(simulation, new / RAW, quirks)
                files += raw_files
                summary = {**summary, RAW: {"quirks": sorted(quirks), "parts": truth}}
            text = json.dumps(summary, indent=2, sort_keys=True) + "\n"
            (new / SUMMARY).write_text(text, encoding="utf-8")
            if output.exists():
                os.rename(output, beside / "old")
            os.rename(new, output)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"--output {output}: cannot be written: {reason}") from error
    return [output / path.relative_to(new) for path in files] + [output / SUMMARY]


def _write_files(
    simulation: Simulation,
    folder: Path,
    formats: Sequence[str],
    shard_bounds: Dict[str, List[Tuple[int, int]]],
) -> List[Path]:
    files = []
    for part in PARTS if formats else ():
        (folder / part).mkdir(parents=True)
    for form in formats:
        by_owner = _owner_cells(simulation, _CELLS[form])
        for part in PARTS:
            for number, bounds in enumerate(shard_bounds[part]):
                path = folder / part / f"part-{number:04d}.{form}"
                _WRITERS[form](path, _chunks(simulation, by_owner, _CELLS[form], *bounds))
                files.append(path)
    (folder / "truth").mkdir(parents=True)
    for part in PARTS:
        path = folder / "truth" / f"{part}{SUFFIX}"
        write_truth(path, simulation.truth_of(part))
        files.append(path)
    return files


def _owner_cells(simulation: Simulation, cells_of: CellsOf) -> Dict[str, Dict[str, pa.Array]]:
    """Fields of users and items to their columns, made once per user and item."""
    values = simulation.impressions.values
    return {
        field.name: cells_of(field, values[field.name])
        for field in FIELDS
        if field.owner in (USER, ITEM)
    }


def _chunks(
    simulation: Simulation,
    by_owner: Dict[str, Dict[str, pa.Array]],
    cells_of: CellsOf,
    first: int,
    last: int,
) -> Iterator[pa.Table]:
    """The impressions `first` to `last - 1`, in tables of at most CHUNK rows."""
    impressions, truth = simulation.impressions, simulation.truth
    for start in range(first, last, CHUNK):
        stop = min(start + CHUNK, last)
        owners = {
            USER: pa.array(impressions.user[start:stop]),
            ITEM: pa.array(impressions.item[start:stop]),
        }
        columns = {
            SAMPLE_ID: pa.array(truth.sample_id[start:stop]),
            CLICK: pa.array(truth.click[start:stop].astype(np.int64)),
            CONVERSION: pa.array(truth.conversion[start:stop].astype(np.int64)),
        }
        if simulation.delays is not None:
            columns.update(_delay_cells(simulation.delays, truth, start, stop))
        for field in FIELDS:
            if field.owner in owners:
                for name, column in by_owner[field.name].items():
                    columns[name] = column.take(owners[field.owner])
            else:
                values = impressions.values[field.name]
                columns.update(cells_of(field, _part(values, start, stop)))
        yield pa.table(columns)


def _delay_cells(delays: Delays, truth: Truth, start: int, stop: int) -> Dict[str, pa.Array]:
    """The label that the log has in the place of the true one, that one, and the times."""
    rows = slice(start, stop)
    conversion_time = delays.conversion_time[rows]
    return {
        CONVERSION: pa.array(delays.observed[rows].astype(np.int64)),
        EVENTUAL_CONVERSION: pa.array(truth.conversion[rows].astype(np.int64)),
        CLICK_TIME: pa.array(delays.click_time[rows]),
        CONVERSION_TIME: pa.array(conversion_time, mask=conversion_time == NEVER),
        OBSERVED_UNTIL: pa.array(delays.observed_until[rows]),
    }


def _part(values: Values, start: int, stop: int) -> Values:
    return values.part(start, stop) if isinstance(values, IdLists) else values[start:stop]


def _write_csv(path: Path, chunks: Iterator[pa.Table]) -> None:
    # pyarrow would quote the names in the header
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        for number, chunk in enumerate(chunks):
            if number == 0:
                file.write((",".join(chunk.column_names) + "\n").encode())
            pyarrow.csv.write_csv(chunk, file, options)


def _write_parquet(path: Path, chunks: Iterator[pa.Table]) -> None:
    first = next(chunks)
    with pyarrow.parquet.ParquetWriter(path, first.schema, **page_sums.WRITE) as writer:
        writer.write_table(first)
        for chunk in chunks:
            writer.write_table(chunk)


_WRITERS: Dict[str, Callable[[Path, Iterator[pa.Table]], None]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
}


def _shards(simulation: Simulation, part: str, shards: int) -> List[Tuple[int, int]]:
    """Row bounds of about equal shards, cut where one user ends and the next begins."""
    first, last = simulation.bounds(part)
    starts = simulation.impressions.visit_starts
    inner = starts[(starts > first) & (starts < last)]
    if not 1 <= shards <= len(inner) + 1:
        raise UserError(
            f"--shards: must be in [1, {len(inner) + 1}] (a user's rows stay in one file and the "
            f"{part} part has {len(inner) + 1} users), got {shards}"
        )
    # the i-th cut leaves enough visits on its right for the cuts that follow
    cuts: List[int] = []
    lowest = 0
    for number in range(1, shards):
        wanted = first + (last - first) * number // shards
        nearest = int(np.searchsorted(inner, wanted))
        nearest = min(max(nearest, lowest), len(inner) - (shards - number))
        cuts.append(int(inner[nearest]))
        lowest = nearest + 1
    edges = [first, *cuts, last]
    return list(zip(edges[:-1], edges[1:]))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
