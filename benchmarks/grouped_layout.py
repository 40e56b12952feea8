"""Training on users stored once a user row against users stored in every impression.

    python -m benchmarks.grouped_layout [--rows 200000] [--steps 150] [--rounds 3] [--folder DIR]
        [--rows_together 8 100000] [--auc_rows 400000] [--seeds 6] [--skip_speed] [--skip_auc]

The grouped layout is measured for each number of `--rows_together`: 8 is what the reader does
unless told otherwise, 100000 keeps all impressions of a user together.

1. CPU time per training example, through the Estimator, of the layouts in turn: 23 ids a row with
   the field sizes of Ali-CCP, and the histories 109_14, 110_14, 127_14 and 150_14 as weighted bags
   of 20, 40, 60 and 130 values on average; about 50 impressions a user; embedding 18, towers
   360-200-80, lazy Adam, batch 4096. CPU time is the whole process's, over all threads.
2. Test AUCs after one epoch on simulated impressions, for several seeds: in the flat layout single
   rows are shuffled, in the grouped one pieces of users' impressions are. Differences to the flat
   layout are of runs with the same seed, their standard errors from how they vary over the seeds.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from easy_esmm import config as configs
from easy_esmm import data, training
from easy_esmm.aliccp.fields import FIELDS, USER
from easy_esmm.compat import v1
from easy_esmm.config import Pipeline
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.simulation.generator import PARTS, Simulation, simulate
from easy_esmm.simulation.id_lists import IdLists
from easy_esmm.simulation.impressions import field_size
from easy_esmm.simulation.settings import Settings

# Ids of each field in the measurement of speed; a history has one id a row besides its bag.
SIZES: Dict[str, int] = {
    "101": 240000, "121": 98, "122": 14, "124": 3, "125": 8, "126": 4, "127": 4, "128": 3, "129": 5,
    "205": 470000, "206": 6800, "207": 270000, "210": 86000, "216": 112000, "508": 5800,
    "509": 110000, "702": 40000, "853": 56000, "301": 3,
    "last_109_14": 5800, "last_110_14": 110000, "last_127_14": 40000, "last_150_14": 56000,
}  # fmt: skip
BAGS = {"109_14": 20, "110_14": 40, "127_14": 60, "150_14": 130}
IMPRESSIONS_OF_A_USER = 50
FILES = 4
FLAT_GROUP_ROWS = 8192
FLAT = 0
"""Rows together in the flat layout."""
AUCS = ("auc_ctr", "auc_cvr_masked", "auc_ctcvr")


@dataclass(frozen=True)
class Input:
    """A feature of one column, or of two with weights."""

    name: str
    size: int
    of_users: bool
    is_list: bool = False
    is_weighted: bool = False

    @property
    def columns(self) -> List[str]:
        """Names of its columns."""
        return [self.name, f"{self.name}_weight"] if self.is_weighted else [self.name]


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000, help="impressions to measure speed on")
    parser.add_argument("--steps", type=int, default=150, help="measured steps of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows_together", type=int, nargs="+", default=[8, 100_000])
    parser.add_argument("--auc_rows", type=int, default=400_000, help="a quarter is for the test")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--folder", default=None, help="for files; a temporary folder else")
    parser.add_argument("--skip_speed", action="store_true")
    parser.add_argument("--skip_auc", action="store_true")
    parser.add_argument("--json", default=None, help="also writes the figures there")
    args = parser.parse_args()
    v1.logging.set_verbosity(v1.logging.ERROR)
    result: Dict[str, Any] = {}
    layouts = [FLAT, *args.rows_together]
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        if not args.skip_speed:
            result["speed"] = measure_speed(
                Path(folder), layouts, args.rows, args.steps, args.rounds
            )
        if not args.skip_auc:
            result["auc"] = measure_auc(Path(folder), layouts, args.auc_rows, args.seeds)
    print(json.dumps(result))
    if args.json:
        Path(args.json).write_text(json.dumps(result, indent=1))


def _name(layout: int) -> str:
    return "flat" if layout == FLAT else f"grouped, {layout} together"


def measure_speed(
    folder: Path, layouts: Sequence[int], rows: int, steps: int, rounds: int
) -> Dict[str, Any]:
    """CPU and wall microseconds per example by layout, one figure a round, and sizes of files."""
    inputs = [Input(name, size, _is_of_users(name)) for name, size in SIZES.items()]
    bags = [Input(name, SIZES[f"last_{name}"], True, True, True) for name in BAGS]
    for part in range(FILES):
        write_shard(folder, "train", part, *draw_shard(rows // FILES, seed=part))
    figures: Dict[str, Any] = {_name(layout): {"cpu_us": [], "wall_us": []} for layout in layouts}
    for layout in layouts:
        figures[_name(layout)]["megabytes"] = round(_size(folder, layout) / 1e6, 1)
    print(f"{rows:,} impressions, {FILES} files, batch 4096, {steps} steps a round")
    print(f"{'layout':<25}{'round':>6}{'CPU us/example':>16}{'wall us/example':>17}{'MB':>9}")
    for number in range(rounds):
        for layout in layouts:
            own = figures[_name(layout)]
            pipeline = _pipeline(folder, layout, [*inputs, *bags], batch=4096, epochs=0, seed=1)
            cpu, wall = train_and_measure(pipeline, steps)
            own["cpu_us"].append(round(cpu, 2))
            own["wall_us"].append(round(wall, 2))
            size = own["megabytes"]
            print(
                f"{_name(layout):<25}{number + 1:>6}{cpu:>16.1f}{wall:>17.1f}{size:>9}", flush=True
            )
    for name, own in figures.items():
        ratios = [one / flat for one, flat in zip(own["cpu_us"], figures["flat"]["cpu_us"])]
        own["by_flat"] = round(median(ratios), 2)
        print(f"{name:<25} CPU time by that of flat, median of the rounds: {own['by_flat']}")
    return figures


def _is_of_users(name: str) -> bool:
    return name.startswith(("12", "last_")) or name == "101"


def draw_shard(rows: int, seed: int) -> Tuple[pa.Table, pa.Table, NDArray[np.int64]]:
    """Impressions, users, and the user row of each impression; ids from Zipf laws."""
    random = np.random.default_rng(seed)
    sizes = random.geometric(1 / IMPRESSIONS_OF_A_USER, rows)
    users = int(np.searchsorted(np.cumsum(sizes), rows)) + 1
    user_row = np.repeat(np.arange(users), sizes[:users])[:rows]
    click = random.random(rows) < 0.04
    of_rows = {"click": click.astype(np.int8), "conversion": click & (random.random(rows) < 0.01)}
    of_rows["conversion"] = of_rows["conversion"].astype(np.int8)
    of_users: Dict[str, Any] = {}
    for name, size in SIZES.items():
        side, count = (of_users, users) if _is_of_users(name) else (of_rows, rows)
        side[name] = zipf(size, count, random)
    for name, length in BAGS.items():
        lengths = random.poisson(random.gamma(2.0, length / 2.0, users))
        offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
        ids = zipf(SIZES[f"last_{name}"], int(offsets[-1]), random)
        weights = np.log1p(random.geometric(0.5, len(ids))).astype(np.float32)
        of_users[name] = pa.ListArray.from_arrays(offsets, ids)
        of_users[f"{name}_weight"] = pa.ListArray.from_arrays(offsets, weights)
    return pa.table(of_rows), pa.table(of_users), user_row


def zipf(size: int, count: int, random: np.random.Generator) -> NDArray[np.int32]:
    """Ids with Zipf weights of exponent 1.05, by inversion of the cumulated weights."""
    weights = np.cumsum(np.arange(1, size + 1) ** -1.05)
    ids: NDArray[np.int32] = np.searchsorted(weights, random.random(count) * weights[-1]).astype(
        np.int32
    )
    return ids


def write_shard(
    folder: Path, part: str, number: int, rows: pa.Table, users: pa.Table, user_row: Any
) -> None:
    """Writes both layouts of the same rows, as the Ali-CCP converter does."""
    index = pa.array(user_row, pa.int32())
    grouped = rows.append_column("user_row", index)
    settings: Dict[str, Any] = {"compression": "zstd"}
    path = f"{part}-{number}.parquet"
    pq.write_table(grouped, folder / f"impressions-{path}", row_group_size=len(rows), **settings)
    pq.write_table(users, folder / f"users-{path}", row_group_size=len(users), **settings)
    schema = pa.schema([*rows.schema, *users.schema])
    with pq.ParquetWriter(folder / f"flat-{path}", schema, **settings) as writer:
        for start in range(0, len(rows), FLAT_GROUP_ROWS):
            table = rows.slice(start, FLAT_GROUP_ROWS)
            taken = users.take(index.slice(start, FLAT_GROUP_ROWS))
            for name in users.column_names:
                table = table.append_column(name, taken.column(name))
            writer.write_table(table)


def _size(folder: Path, layout: int) -> int:
    names = ["flat"] if layout == FLAT else ["impressions", "users"]
    return sum(path.stat().st_size for name in names for path in folder.glob(f"{name}-train-*"))


class _Clock(v1.train.SessionRunHook):  # type: ignore[misc]
    """CPU and wall time between the end of step `first` and that of step `last`."""

    def __init__(self, first: int, last: int) -> None:
        self._at = (first, last)
        self._step = 0
        self.times: List[Tuple[float, float]] = []

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._step += 1
        if self._step in self._at:
            self.times.append((time.process_time(), time.perf_counter()))


def train_and_measure(pipeline: Pipeline, steps: int, warm_up: int = 50) -> List[float]:
    """[CPU, wall] microseconds per example of `steps` training steps."""
    config = pipeline.config
    clock = _Clock(warm_up, warm_up + steps)
    make_estimator(config).train(data.input_fn(config, "train"), [clock], steps=warm_up + steps)
    shutil.rmtree(config.model_dir)
    examples = steps * config.data_config.batch_size
    return [1e6 * (end - start) / examples for start, end in zip(*clock.times)]


def measure_auc(folder: Path, layouts: Sequence[int], rows: int, seeds: int) -> Dict[str, Any]:
    """Test AUCs by layout, one figure a seed."""
    simulation = simulate(Settings(rows=rows, history_length=20.0))
    inputs = write_simulation(folder, simulation)
    figures: Dict[str, Any] = {_name(layout): {name: [] for name in AUCS} for layout in layouts}
    train_rows = simulation.settings.train_rows
    print(f"one epoch of {train_rows:,} simulated impressions, {rows - train_rows:,} for the test")
    print(f"{'layout':<25}{'seed':>5}" + "".join(f"{name:>16}" for name in AUCS))
    for seed in range(1, seeds + 1):
        for layout in layouts:
            pipeline = _pipeline(folder, layout, inputs, batch=1024, epochs=1, seed=seed)
            training.train(pipeline)
            metrics = training.evaluate(pipeline)
            shutil.rmtree(pipeline.config.model_dir)
            for name in AUCS:
                figures[_name(layout)][name].append(round(metrics[name], 5))
            line = "".join(f"{metrics[name]:>16.4f}" for name in AUCS)
            print(f"{_name(layout):<25}{seed:>5}{line}", flush=True)
    print("mean of the seeds, with its standard error; for the grouped layout of own - flat")
    for layout in layouts:
        own = figures[_name(layout)]
        cells = []
        for name in AUCS:
            base = figures["flat"][name] if layout != FLAT else [0.0] * seeds
            differences = [b - a for a, b in zip(base, own[name])]
            error = stdev(differences) / math.sqrt(seeds) if seeds > 1 else math.nan
            cells.append(f"{name} {mean(differences):+.4f} +- {error:.4f}")
        print(f"{_name(layout):<25} {', '.join(cells)}")
    return figures


def write_simulation(folder: Path, simulation: Simulation) -> List[Input]:
    """Writes training and test rows in both layouts; returns the features."""
    shown = simulation.impressions
    inputs = []
    for field in FIELDS:
        size = field_size(shown, field.name)
        kind = (field.owner == USER, field.is_list, field.weighted)
        inputs.append(Input(field.name, size, *kind))
    for part in PARTS:
        start, stop = simulation.bounds(part)
        starts = shown.visit_starts[(shown.visit_starts >= start) & (shown.visit_starts < stop)]
        cuts = [int(visits[0]) for visits in np.array_split(starts, FILES)]
        for number, (first, last) in enumerate(zip(cuts, [*cuts[1:], stop])):
            visits = starts[(starts >= first) & (starts < last)]
            chosen = np.arange(first, last)
            labels = {
                "click": simulation.truth.click[chosen].astype(np.int8),
                "conversion": simulation.truth.conversion[chosen].astype(np.int8),
            }
            rows = pa.table({**labels, **_arrays(simulation, chosen, of_users=False)})
            users = pa.table(_arrays(simulation, visits, of_users=True))
            lengths = np.diff(np.append(visits, last))
            write_shard(
                folder, part, number, rows, users, np.repeat(np.arange(len(visits)), lengths)
            )
    return inputs


def _arrays(simulation: Simulation, rows: NDArray[Any], of_users: bool) -> Dict[str, Any]:
    """The columns of one side at some impressions."""
    shown = simulation.impressions
    arrays: Dict[str, Any] = {}
    for field in FIELDS:
        if (field.owner == USER) != of_users:
            continue
        values, owner = shown.values[field.name], shown.owner_of_rows(field.name)[rows]
        if not isinstance(values, IdLists):
            arrays[field.name] = pa.array(values[owner], pa.int32())
            continue
        offsets = pa.array(values.offsets, pa.int32())
        taken = pa.array(owner)
        ids = pa.ListArray.from_arrays(offsets, pa.array(values.ids, pa.int32()))
        arrays[field.name] = ids.take(taken)
        if field.weighted:
            weights = pa.ListArray.from_arrays(offsets, pa.array(values.weights, pa.float32()))
            arrays[f"{field.name}_weight"] = weights.take(taken)
    return arrays


def _pipeline(
    folder: Path, layout: int, inputs: Sequence[Input], batch: int, epochs: int, seed: int
) -> Pipeline:
    path = folder / f"{layout}.config"
    path.write_text(config_text(folder, layout, inputs, batch, epochs, seed))
    return configs.load(str(path))


def config_text(
    folder: Path, layout: int, inputs: Sequence[Input], batch: int, epochs: int, seed: int
) -> str:
    """The paper's model on these inputs; `layout` is the number of rows together, or FLAT."""
    prefix = "flat" if layout == FLAT else "impressions"
    columns = {name: one for one in inputs for name in one.columns}
    users = [name for name, one in columns.items() if one.of_users]
    user_rows = f"user_rows {{ columns: {json.dumps(users)} rows_together: {layout} }}"
    fields = "\n".join(
        f'  input_fields {{ input_name: "{name}" input_type: '
        f'{"FLOAT" if name.endswith("_weight") else "INT32"} default_val: "-1" }}'
        for name in columns
    )
    features = "\n".join(
        f'  features {{ feature_name: "{one.name}" input_names: {json.dumps(one.columns)} '
        f"feature_type: {'TagFeature' if one.is_list else 'IdFeature'} "
        f"num_buckets: {one.size} embedding_dim: 18 }}"
        for one in inputs
    )
    names = json.dumps([one.name for one in inputs])
    dnn = "dnn { hidden_units: [360, 200, 80] use_bn: false }"
    steps = "" if epochs else "num_steps: 1000000"
    test = "" if not epochs else f'eval_input_path: "{folder}/{prefix}-test-*.parquet"'
    return f"""
train_input_path: "{folder}/{prefix}-train-*.parquet"
{test}
model_dir: "{folder}/model_{layout}"
train_config {{
  optimizer_config {{
    lazy_adam_optimizer {{ learning_rate {{ constant_learning_rate {{ learning_rate: 0.001 }} }} }}
  }}
  save_checkpoints_steps: 1000000 save_summary_steps: 1000000 log_step_count_steps: 1000000
  random_seed: {seed} {steps}
}}
data_config {{
  input_type: ParquetInput batch_size: {batch} num_epochs: {epochs}
  label_fields: ["conversion", "click"] {user_rows if layout != FLAT else ""}
  input_fields {{ input_name: "click" input_type: INT32 }}
  input_fields {{ input_name: "conversion" input_type: INT32 }}
{fields}
}}
feature_config {{
{features}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: {names} }}
  esmm {{
    ctr_tower {{ tower_name: "ctr" label_name: "click" {dnn} }}
    cvr_tower {{ tower_name: "cvr" label_name: "conversion" {dnn} }}
  }}
}}
export_config {{ exporter_type: "none" }}
"""


if __name__ == "__main__":
    main()
