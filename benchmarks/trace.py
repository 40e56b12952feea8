"""Where the time of a training step goes, by kind of operation, from TensorFlow's own trace.

    python -m benchmarks.trace --workload W1 --folder DIR [--batch 4096] [--dtype FP32]

Trains through the code of the `train` command and traces single steps after a warm-up. An
operation's time is that from its start to its end, on however many threads: on two cores with
nothing else to do, the sum over operations and the step's CPU time agree to a few per cent.
"""

from __future__ import annotations

import shutil
from collections import Counter
from typing import Any, Dict, List, Sequence

from benchmarks import configs
from benchmarks.case import parser_of
from benchmarks.simulated_files import files_of
from benchmarks.workloads import WORKLOADS
from easy_esmm import training
from easy_esmm.compat import v1

KINDS: Dict[str, Sequence[str]] = {
    "unique ids, pooling, gradient of look-ups": (
        "Unique",
        "GatherV2",
        "SparseSegment",
        "SparseTensorDense",
        "Where",
    ),
    "matrix products of the towers": ("MatMul",),
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
    """Prints a line a kind, longest first."""
    args = parser_of(__doc__).parse_args()
    v1.logging.set_verbosity(v1.logging.ERROR)
    workload = WORKLOADS[args.workload]
    folder = files_of(workload, args.folder, train_rows=400_000, eval_rows=200_000)
    setting = configs.Setting(args.batch, args.dtype, steps=_WARM_UP + _STEPS)
    pipeline = configs.pipeline(workload, folder, setting)
    shutil.rmtree(pipeline.config.model_dir, ignore_errors=True)
    tracer = StepTracer()
    training.train(pipeline, hooks=[tracer])
    shutil.rmtree(pipeline.config.model_dir)
    micros, counts = by_kind(tracer.steps)
    examples, whole = len(tracer.steps) * args.batch, sum(micros.values())
    for kind, us in micros.most_common():
        count = counts[kind] / len(tracer.steps)
        print(f"{kind:<46}{us / examples:6.2f} us  {us / whole:4.0%}  {count:4.0f} operations")
    print(f"{'sum':<46}{whole / examples:6.2f} us an example")


class StepTracer(v1.train.SessionRunHook):  # type: ignore[misc]
    """A training hook: the trace of every step after the warm-up."""

    def __init__(self) -> None:
        self._begun = 0
        self.steps: List[Any] = []
        """One RunMetadata a traced step."""

    def before_run(self, run_context: Any) -> Any:
        """Asks for a trace."""
        self._begun += 1
        if self._begun <= _WARM_UP:
            return None
        options = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE)
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


def kind_of(label: str) -> str:
    """The kind of an operation from its label in a trace, `[memory] name = Type(inputs)`."""
    kind = label.partition(" = ")[2].partition("(")[0]
    return next((k for k, parts in KINDS.items() if any(p in kind for p in parts)), OTHERS)


if __name__ == "__main__":
    main()
