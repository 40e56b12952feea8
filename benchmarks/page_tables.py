"""The tables of docs/performance.md, in Markdown, from the figures of a run."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Sequence

from benchmarks import goals, results
from benchmarks.results import Case, Run
from benchmarks.table import brackets

Row = Sequence[str]

_LEDGER_CASES = ("W1 FP32 4096", "W1 FP32 1024", "W1 BF16 4096", "W2 FP32 4096", "W2 BF16 4096")


def markdown(head: Row, rows: Iterable[Row]) -> str:
    """A table."""
    lines = [head, ["-"] * len(head), *rows]
    return (
        "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        .replace("| - ", "|-")
        .replace("|- |", "|-|")
    )


def training(run: Run) -> str:
    """Of each case the training beside its limit."""
    head = (
        "case",
        "training",
        "limit",
        "of the limit",
        "examples/s on the wall",
        "both cores busy",
    )
    return markdown(head, [_training_row(case) for case in run.cases.values()])


def _training_row(case: Case) -> Row:
    shares = [100 * share for share in case.shares]
    return (
        case.name,
        brackets(case.figures["cpu_us"]),
        brackets(case.figures["limit_us"]),
        f"{case.share:.0%} ({min(shares):.0f} - {max(shares):.0f})",
        f"{case.per_second / 1000:,.0f} k",
        f"{case.utilisation:.0%}",
    )


def steps(run: Run) -> str:
    """Where the time of a step goes, by kind of operation: share, and operations."""
    traces: Mapping[str, Mapping[str, Sequence[float]]] = run.figures["traces"]
    kinds = list(dict.fromkeys(kind for trace in traces.values() for kind in trace))
    rows = []
    for kind in kinds:
        cells = [kind]
        for trace in traces.values():
            us, count = trace.get(kind, (0.0, 0.0))
            whole = sum(found for found, _ in trace.values())
            cells.append(f"{us:.2f} us, {us / whole:.0%} ({count:.0f})")
        rows.append(cells)
    return markdown(("", *traces), rows)


def passes(run: Run) -> str:
    """Scoring, writing and evaluating, beside the products of the forward pass."""
    head = (
        "case",
        "scores",
        "scores written to Parquet",
        "evaluation",
        "forward products",
        "metrics' share",
    )
    cases = [case for case in run.cases.values() if case.has_passes]
    rows = [
        (
            case.name,
            *(
                f"{us:.1f}"
                for us in (case.scores, case.scores_to_file, case.evaluation, case.forward)
            ),
            f"{case.metrics:.0%}",
        )
        for case in cases
    ]
    return markdown(head, rows)


def serving(run: Run) -> str:
    """Answers of an export, milliseconds."""
    head = (
        "signature",
        "rows",
        "CPU",
        "products alone, CPU",
        "ratio",
        "p50 on the wall",
        "p99",
        "first call",
    )
    rows = [
        (
            f"`{one['signature']}`",
            str(one["rows"]),
            f"{one['call_cpu_ms']:.2f}",
            f"{one['products_cpu_ms']:.2f}",
            f"{one['call_cpu_ms'] / one['products_cpu_ms']:.2f}",
            f"{one['call_p50_ms']:.2f}",
            f"{one['call_p99_ms']:.1f}",
            f"{one['first_ms']:.0f}",
        )
        for one in run.figures["serving"]
        if "signature" in one
    ]
    return markdown(head, rows)


def reading(run: Run) -> str:
    """Reading alone, by format and batch size: CPU and wall microseconds a row."""
    found: Mapping[str, Mapping[str, Sequence[float]]] = run.figures["input_speed"]
    batches = list(next(iter(found.values())))
    rows = [
        (name, *(f"{by_batch[batch][0]:.2f} ({by_batch[batch][1]:.2f})" for batch in batches))
        for name, by_batch in found.items()
    ]
    return markdown(("", *(f"batch {batch}" for batch in batches)), rows)


def startup(run: Run) -> str:
    """From the command to the first step, and to the end: seconds of CPU, and on the wall."""
    found: Mapping[str, Sequence[Mapping[str, float]]] = run.figures["startup"]["cases"]
    rows = []
    for name, repeats in found.items():
        cells = [name]
        for prefix in ("first_step_", ""):
            both = [
                [times[f"{prefix}{unit}_s"] for times in repeats if f"{prefix}{unit}_s" in times]
                for unit in ("cpu", "wall")
            ]
            cells.append(" / ".join(brackets(times) for times in both if times))
        rows.append(cells)
    return markdown(("", "to the first step, CPU / wall", "to the end, CPU / wall"), rows)


def conversion(run: Run) -> str:
    """The whole conversion of Ali-CCP, by number of workers."""
    head = ("", "CPU s", "wall s", "CPU s a million impressions", "memory, MB")
    rows = [
        (
            one["run"],
            f"{one['cpu_seconds']:.1f}",
            f"{one['wall_seconds']:.1f}",
            f"{results.cpu_of_a_million(one):.2f}",
            f"{one['memory_mb']:.0f}",
        )
        for one in run.figures["aliccp_conversion"]["whole"]
    ]
    return markdown(head, rows)


def attention(run: Run) -> str:
    """Attended histories, ours beside the formula as it is written."""
    rows = []
    for name, times in run.figures["attention"].items():
        if name == "batch":
            continue
        ratios = [a / b for a, b in zip(times["ours"], times["as written"])]
        rows.append(
            (
                name,
                *(brackets(times[way], "{:.0f}") for way in ("ours", "as written")),
                brackets(ratios, "{:.2f}"),
            )
        )
    return markdown(("", "ours", "as written", "ours / as written"), rows)


def choices(*topics: str, kept: bool) -> str:
    """What was measured with and without."""
    head = ("choice", "with", "without", "unit", "measured")
    rows = [_choice(one) for topic in topics for one in results.choices(topic, kept=kept)]
    return markdown(head, rows)


def _choice(one: Mapping[str, Any]) -> Row:
    form = "{:.3g}" if max(one["with"]) < 100 else "{:.0f}"
    note = f"; {one['note']}" if one.get("note") else ""
    return (
        one["choice"],
        brackets(one["with"], form),
        brackets(one["without"], form),
        one["unit"],
        f"{one['date']}, {one['machine']['processor']}{note}",
    )


def parity(figures: Mapping[str, Any], metrics: Sequence[str], reference: str) -> str:
    """Metrics by seed of the reference, and mean differences of the others with their deviation."""
    runs: Dict[str, List[Mapping[str, float]]] = figures["runs"]
    base = runs[reference]
    rows: List[Row] = [
        (f"{reference}: seed {seed}", *(f"{run[m]:.4f}" for m in metrics))
        for seed, run in enumerate(base, start=1)
    ]
    rows.append(
        (
            "deviation between these seeds",
            *(f"{_deviation([r[m] for r in base]):.4f}" for m in metrics),
        )
    )
    for name, others in runs.items():
        if name == reference:
            continue
        cells = []
        for metric in metrics:
            apart = [run[metric] - of_base[metric] for run, of_base in zip(others, base)]
            cells.append(f"{sum(apart) / len(apart):+.4f} +- {_deviation(apart):.4f}")
        rows.append((f"**{name}** - {reference}, mean and deviation of the pairs", *cells))
    return markdown(("", *metrics), rows)


def _deviation(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return float((sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5)


def goal_table(run: Run) -> str:
    """Each goal, and what was found."""
    rows = [(o.goal.name, o.bound_text, o.text) for o in goals.outcomes(run)]
    return markdown(("", "goal", "found"), rows)


def ledger_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """Shares of the limit, one line a run."""
    rows = []
    for one in entries:
        cells = []
        for name in _LEDGER_CASES:
            case = one["cases"].get(name)
            cells.append(f"{case['share']:.0%} ({case['cpu_us']:.1f})" if case else "")
        rows.append((one["date"], f"`{one['commit']}`", one["machine"], *cells))
    return markdown(("date", "commit", "machine", *_LEDGER_CASES), rows)
