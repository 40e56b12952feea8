"""How a task is named on pages and in tables, and which metrics count its rows."""

from __future__ import annotations

from dataclasses import dataclass

from easy_esmm.contract import TaskSpec, keyed


@dataclass(frozen=True, eq=False)
class ShownTask:
    """A task with its texts, and with the names of its metrics."""

    spec: TaskSpec
    title: str
    value_title: str
    """Title of a task that predicts a value."""
    events: str
    """Name of its positives: clicks, conversions."""
    rows: str
    """Metric that counts the rows on which it is observed."""
    positives: str
    """Metric that counts its positives."""
    optimum: str = ""
    """Metric of the best possible AUC, where a truth is planted."""

    @property
    def name(self) -> str:
        """In sentences: its own, or its label's where it has none."""
        return self.spec.name or self.spec.label

    @property
    def key(self) -> str:
        """Suffix of its metrics: of those over the rows on which it is observed."""
        return self.spec.observed_metric_name


def independent(spec: TaskSpec) -> ShownTask:
    """A task of a model whose tasks are independent questions."""
    space, key = spec.task_space, spec.observed_metric_name
    is_inside = space is not None and space.is_strict
    where = f"rows with {space.words}" if space is not None and is_inside else "all rows"
    name = spec.name or spec.label
    return ShownTask(
        spec,
        f"{name}, {where}",
        f"value of {name}, {where}",
        "positives",
        keyed("count/rows", key) if is_inside else "count/impressions",
        keyed("count/positives", key),
    )
