"""What a run of the benchmarks has found, by name; reads and writes benchmarks/results."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Dict, List, Mapping, Sequence

RESULTS = Path(__file__).with_name("results")
QUOTED = RESULTS / "quoted-bench.json"
"""The run of which docs/performance.md tells."""
CHOICES = RESULTS / "choices"
"""One file a choice that was measured with and without."""


@dataclass(frozen=True, eq=False)
class Case:
    """One training of `benchmarks.case`; times in microseconds of CPU an example."""

    figures: Mapping[str, Any]
    """As `benchmarks.case` prints them."""

    @property
    def name(self) -> str:
        """Workload, number type, batch size, and what differs from the others, as one text."""
        figures = self.figures
        parts = [figures["workload"], figures["dtype"], str(figures["batch"])]
        if figures["optimizer"] != "lazy_adam_optimizer":
            parts.append(figures["optimizer"])
        if figures.get("input", "parquet") != "parquet":
            parts.append(figures["input"])
        return " ".join(parts)

    @property
    def cpu(self) -> float:
        """Of the whole training: median of the windows."""
        return float(median(self.figures["cpu_us"]))

    @property
    def limit(self) -> float:
        """Of the matrix products alone: median of the measurements between the windows."""
        return float(median(self.figures["limit_us"]))

    @property
    def share(self) -> float:
        """Limit / training, each window beside the mean of the limits around it: median."""
        return float(median(self.shares))

    @property
    def shares(self) -> List[float]:
        """Limit / training, window by window."""
        limits = self.figures["limit_us"]
        around = [(before + after) / 2 for before, after in zip(limits, limits[1:])]
        return [limit / cpu for limit, cpu in zip(around, self.figures["cpu_us"])]

    @property
    def rest(self) -> float:
        """What a training costs beside the products."""
        return self.cpu - self.limit

    @property
    def per_second(self) -> float:
        """Examples a second on the wall."""
        return 1e6 / float(median(self.figures["wall_us"]))

    @property
    def utilisation(self) -> float:
        """Share of the cores' time that was used: median of the windows."""
        return float(median(self.figures["utilisation"]))

    @property
    def has_passes(self) -> bool:
        """Whether evaluation and prediction were measured, too."""
        return "passes_us" in self.figures

    @property
    def evaluation(self) -> float:
        """Of a row in an evaluation."""
        return float(self.figures["passes_us"]["evaluation"])

    @property
    def scores(self) -> float:
        """Of a row that is scored and goes nowhere."""
        return float(self.figures["passes_us"]["scores"])

    @property
    def scores_to_file(self) -> float:
        """Of a row that is scored and written to Parquet."""
        return float(self.figures["passes_us"]["scores_to_file"])

    @property
    def forward(self) -> float:
        """Of the forward pass's products alone."""
        return float(self.figures["forward_limit_us"])

    @property
    def metrics(self) -> float:
        """Share of an evaluation that its metrics take."""
        return 1 - self.scores / self.evaluation


@dataclass(frozen=True, eq=False)
class Run:
    """One run of `benchmarks.bench`."""

    figures: Mapping[str, Any]
    """As it writes them."""

    @property
    def cases(self) -> Dict[str, Case]:
        """By name, in the order of the run."""
        cases = [Case(figures) for figures in self.figures["cases"]]
        return {case.name: case for case in cases}

    @property
    def machine(self) -> str:
        """Processor, cores and the flags that decide how products run, in a few words."""
        found = self.figures["machine"]
        return f"{found['processor']}, {found['cores']} cores, {', '.join(found['flags'][1:])}"


def quoted() -> Run:
    """The run that the docs quote."""
    return Run(json.loads(QUOTED.read_text()))


def choices(topic: str, *, kept: bool) -> Sequence[Mapping[str, Any]]:
    """Choices of a topic that were `kept`, or tried and left out; by name of their files."""
    found = [json.loads(path.read_text()) for path in sorted(CHOICES.glob("*.json"))]
    return [one for one in found if one["topic"] == topic and one["kept"] == kept]


def cpu_of_a_million(conversion: Mapping[str, Any]) -> float:
    """CPU seconds that a conversion of Ali-CCP takes for a million impressions."""
    impressions = conversion["impressions_per_wall_second"] * conversion["wall_seconds"]
    return float(1e6 * conversion["cpu_seconds"] / impressions)
