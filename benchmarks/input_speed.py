"""CPU time per row of reading batches from files: CSV and Parquet, by batch size.

    python -m benchmarks.input_speed [--rows 400000] [--folder DIR]

Writes 23 columns of simulated ids (the field sizes of Ali-CCP's single-valued fields, Zipf 1.05)
and two labels, then reads the training input for three passes and measures the last two. CPU time
is the whole process's, over all threads. The last line is JSON: [CPU, wall] by format and batch.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Dict, List

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import tensorflow as tf
from google.protobuf import text_format
from numpy.typing import NDArray

from benchmarks.workloads import W1
from easy_esmm.compat import v1
from easy_esmm.data import input_fn
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

FIELD_SIZES: Dict[str, int] = {feature.name: feature.size for feature in W1.features}
FILES = 4
GROUP_ROWS = 65536


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument(
        "--folder", default=None, help="where the files go; a temporary folder else"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        write_files(folder, args.rows)
        print(
            f"{args.rows} rows, {len(FIELD_SIZES)} columns, 2 labels, {FILES} files of each format"
        )
        print(f"{'format':<18}{'batch':>6}{'CPU us/row':>12}{'wall us/row':>13}")
        figures: Dict[str, Dict[int, List[float]]] = {}
        for name, kind, suffix in (
            ("CSV, INT64", "INT64", "csv"),
            ("CSV, STRING", "STRING", "csv"),
            ("Parquet, INT64", "INT64", "parquet"),
            ("Parquet, STRING", "STRING", "text.parquet"),
        ):
            for batch in (256, 1024, 4096):
                cpu, wall = measure(folder, kind, suffix, batch, args.rows)
                figures.setdefault(name, {})[batch] = [cpu, wall]
                print(f"{name:<18}{batch:>6}{cpu:>12.2f}{wall:>13.2f}", flush=True)
    print(json.dumps(figures))


def write_files(folder: Path, rows: int) -> None:
    """Writes the same rows as `*.csv`, `*.parquet` (int64) and `*.text.parquet` (text)."""
    for part, chosen in enumerate(np.array_split(np.arange(rows), FILES)):
        ids = simulate(len(chosen), seed=part)
        text = {name: pa.array(column).cast(pa.string()) for name, column in ids.items()}
        table, texts = pa.table(ids), pa.table({**ids, **text})
        for name in ("click", "buy"):
            texts = texts.set_column(texts.schema.get_field_index(name), name, table.column(name))
        pq.write_table(table, folder / f"part{part}.parquet", row_group_size=GROUP_ROWS)
        pq.write_table(texts, folder / f"part{part}.text.parquet", row_group_size=GROUP_ROWS)
        plain = pa.csv.WriteOptions(include_header=False)
        pa.csv.write_csv(table, folder / f"part{part}.csv", plain)


def simulate(rows: int, seed: int) -> Dict[str, NDArray[np.int64]]:
    """Columns by name, int64 [rows]; ids from a Zipf law by inversion of its cumulative weights."""
    random = np.random.default_rng(seed)
    columns = {"click": (random.random(rows) < 0.04).astype(np.int64)}
    columns["buy"] = columns["click"] * (random.random(rows) < 0.01)
    for name, size in FIELD_SIZES.items():
        weights = np.cumsum(np.arange(1, size + 1) ** -1.05)
        columns[name] = np.searchsorted(weights, random.random(rows) * weights[-1]).astype(np.int64)
    return columns


def measure(folder: Path, kind: str, suffix: str, batch: int, rows: int) -> List[float]:
    """[CPU, wall] microseconds per row of two passes, after one pass to warm up.

    The dataset has no end, so that its start (0.1 - 0.3 s) is not counted; it is read in a session,
    as the Estimator does.
    """
    make_dataset = input_fn(
        config(kind, suffix), "train", str(folder / f"part?.{suffix}"), batch_size=batch
    )
    with tf.Graph().as_default():
        iterator = v1.data.make_initializable_iterator(make_dataset())
        step = tf.group(*tf.nest.flatten(iterator.get_next()))
        with v1.Session() as session:
            session.run(iterator.initializer)
            for _ in range(rows // batch):
                session.run(step)
            cpu, wall, count = time.process_time(), time.perf_counter(), 2 * rows // batch
            for _ in range(count):
                session.run(step)
            per_row = 1e6 / (count * batch)
            return [(time.process_time() - cpu) * per_row, (time.perf_counter() - wall) * per_row]


def config(kind: str, suffix: str) -> PipelineConfig:
    """Endless passes over the simulated columns, ids declared as `kind`."""
    inputs = "".join(f'input_fields {{input_name: "{n}" input_type: {kind}}}' for n in FIELD_SIZES)
    features = "".join(f'features {{input_names: "{n}"}}' for n in FIELD_SIZES)
    format_name = "CSVInput" if suffix == "csv" else "ParquetInput"
    text = f"""
      data_config {{ input_type: {format_name} label_fields: ["buy", "click"]
        input_fields {{input_name: "click" input_type: INT32}}
        input_fields {{input_name: "buy" input_type: INT32}} {inputs} }}
      feature_config {{ {features} }}"""
    return text_format.Parse(text, PipelineConfig())


if __name__ == "__main__":
    main()
