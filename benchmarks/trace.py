"""Where the time of a training step goes, by kind of operation, from TensorFlow's own trace.

    python -m benchmarks.trace --workload W1 --folder DIR [--batch 4096] [--dtype FP32] [--devices]

Trains through the code of the `train` command and traces single steps after a warm-up. An
operation's time is that from its start to its end, on however many threads: on two cores with
nothing else to do, the sum over operations and the step's CPU time agree to a few per cent.
With --devices also tells on which device each type of operation ran, and what was copied between
devices; the input pipeline runs on the CPU always, and is in none of these figures.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from typing import Any, Dict, List, Sequence, Tuple

from benchmarks import configs, placement
from benchmarks.case import parser_of
from benchmarks.simulated_files import files_of
from benchmarks.workloads import WORKLOADS
from easy_esmm import training
from easy_esmm.compat import v1

PRODUCTS = "matrix products of the towers"
NONE = "no operation"
KINDS: Dict[str, Sequence[str]] = {
    "unique ids, pooling, gradient of look-ups": (
        "Unique",
        "GatherV2",
        "SparseSegment",
        "SparseTensorDense",
        "Where",
    ),
    PRODUCTS: ("MatMul",),
    "rows of tables and moments: gather, scatter": ("ResourceGather", "ResourceScatter"),
    "biases, activations and their gradients": ("BiasAdd", "Relu"),
    "casts": ("Cast",),
    "joining and cutting": ("Concat", "Slice", "Split", "AddN", "Pack", "Transpose", "Tile"),
    "Adam on the towers": ("ResourceApplyAdam",),
    "waiting for the input": ("IteratorGetNext",),
}
"""Operations by what their type contains; the first kind that fits has it."""

OTHERS = "all others"
_WARM_UP, _STEPS = 30, 12


def main() -> None:
    """Prints a line a kind, longest first; then, as JSON, microseconds and operations by kind."""
    parser = parser_of(__doc__)
    parser.add_argument("--devices", action="store_true", help="also devices, and copies between")
    args = parser.parse_args()
    v1.logging.set_verbosity(v1.logging.ERROR)
    workload = WORKLOADS[args.workload]
    folder = files_of(workload, args.folder, train_rows=400_000, eval_rows=200_000)
    setting = configs.Setting(args.batch, args.dtype, steps=_WARM_UP + _STEPS)
    pipeline = configs.pipeline(workload, folder, setting)
    shutil.rmtree(pipeline.config.model_dir, ignore_errors=True)
    tracer = StepTracer(args.devices)
    training.train(pipeline, hooks=[tracer])
    shutil.rmtree(pipeline.config.model_dir)
    micros, counts = by_kind(tracer.steps)
    steps, whole = len(tracer.steps), sum(micros.values())
    examples = steps * args.batch
    for kind, us in micros.most_common():
        count = counts[kind] / steps
        print(f"{kind:<46}{us / examples:6.2f} us  {us / whole:4.0%}  {count:4.0f} operations")
    print(f"{'sum':<46}{whole / examples:6.2f} us an example")
    if args.devices:
        print("\n".join(placement.lines(tracer.steps[-1].partition_graphs)))
    alone = one_core_idle(tracer.steps)
    print(f"{'one core idle, of the time on the wall':<46}{sum(alone.values()):.0%}")
    kinds = {kind: [us / examples, counts[kind] / steps] for kind, us in micros.most_common()}
    case = f"{args.workload} {args.dtype} {args.batch}"
    print(json.dumps({"case": case, "kinds": kinds, "one_core_idle": alone}))


class StepTracer(v1.train.SessionRunHook):  # type: ignore[misc]
    """A training hook: the trace of every step after the warm-up."""

    def __init__(self, with_graphs: bool = False) -> None:
        """`with_graphs`: with the graphs of the devices, for `benchmarks.placement`."""
        self._with_graphs = with_graphs
        self._begun = 0
        self.steps: List[Any] = []
        """One RunMetadata a traced step."""

    def before_run(self, run_context: Any) -> Any:
        """Asks for a trace."""
        self._begun += 1
        if self._begun <= _WARM_UP:
            return None
        options = v1.RunOptions(
            trace_level=v1.RunOptions.FULL_TRACE, output_partition_graphs=self._with_graphs
        )
        return v1.train.SessionRunArgs([], options=options)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Keeps the trace."""
        if self._begun > _WARM_UP:
            self.steps.append(run_values.run_metadata)


def by_kind(steps: Sequence[Any]) -> tuple[Counter[str], Counter[str]]:
    """Microseconds and number of operations of all steps, by kind."""
    micros: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for step in steps:
        for device in step.step_stats.dev_stats:
            for node in device.node_stats:
                kind = kind_of(node.timeline_label)
                micros[kind] += node.op_end_rel_micros - node.op_start_rel_micros
                counts[kind] += 1
    return micros, counts


def one_core_idle(steps: Sequence[Any]) -> Dict[str, float]:
    """Shares of the steps' time on the wall in which one operation runs alone, by its kind.

    Products are left out, which use all cores; `NONE` is the time between operations.
    """
    alone: Counter[str] = Counter()
    whole = 0
    for step in steps:
        borders = sorted(
            border
            for device in step.step_stats.dev_stats
            for node in device.node_stats
            for border in _borders(node)
        )
        running: List[str] = []
        before = borders[0][0]
        for at, begins, kind in borders:
            whole += at - before
            if len(running) <= 1 and running != [PRODUCTS]:
                alone["".join(running) or NONE] += at - before
            running.append(kind) if begins else running.remove(kind)
            before = at
    return {kind: us / whole for kind, us in alone.most_common()}


def _borders(node: Any) -> List[Tuple[int, bool, str]]:
    """Begin and end of an operation; none of one that takes no microsecond."""
    begin = node.all_start_micros + node.op_start_rel_micros
    end = node.all_start_micros + node.op_end_rel_micros
    kind = kind_of(node.timeline_label)
    return [(begin, True, kind), (end, False, kind)] if end > begin else []


def kind_of(label: str) -> str:
    """The kind of an operation from its label in a trace, `[memory] name = Type(inputs)`."""
    kind = label.partition(" = ")[2].partition("(")[0]
    return next((k for k, parts in KINDS.items() if any(p in kind for p in parts)), OTHERS)


if __name__ == "__main__":
    main()
