"""The measures of all runs, with their spread and their paired differences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from easy_esmm.comparing.measure import Group, Measure
from easy_esmm.comparing.measures import groups_of, read_measures
from easy_esmm.comparing.runs import Result
from easy_esmm.comparing.single_task import seesaw
from easy_esmm.comparing.statistics import Interval, Spread, interval, paired_difference, spread


@dataclass(frozen=True, eq=False)
class Comparison:
    """Measures by config and seed."""

    names: Tuple[str, ...]
    """In the order of the command line."""
    reference: str
    seeds: Tuple[int, ...]
    values: Mapping[str, Mapping[int, Mapping[str, float]]]
    """Name -> seed -> key of a measure -> value; a run that failed is missing."""
    facts: Mapping[str, Any]
    """What is the same for all: rows, settings of the simulation. Plain JSON."""
    notes: Tuple[str, ...]
    """Lines of text for the reader."""
    config_notes: Tuple[str, ...] = ()
    """Settings without effect; printed before the runs, so in the files only."""
    tasks: Tuple[str, ...] = ()
    """Of all models, as in the keys of measures."""

    def of_seeds(self, name: str, key: str) -> Dict[int, float]:
        """The known values of a measure by seed."""
        by_seed = {s: measures.get(key, math.nan) for s, measures in self.values[name].items()}
        return {seed: value for seed, value in sorted(by_seed.items()) if not math.isnan(value)}

    def spread(self, name: str, key: str) -> Spread:
        """Mean and deviation over seeds."""
        return spread(list(self.of_seeds(name, key).values()))

    def difference(self, name: str, measure: Measure) -> Optional[Interval]:
        """From the reference, paired by seed; None where there is none, as for the reference.

        Of a measure that is a difference already: of its own mean, from 0.
        """
        own = self.of_seeds(name, measure.key)
        if measure.is_difference:
            found = interval(list(own.values()))
        elif name == self.reference or not measure.is_compared:
            return None
        else:
            found = paired_difference(own, self.of_seeds(self.reference, measure.key))
        return found if found.count else None

    def groups(self) -> Tuple[Group, ...]:
        """The groups that hold a value, each with the measures that do."""
        shown = []
        for group in groups_of(self.tasks):
            measures = tuple(m for m in group.measures if self._is_measured(m.key))
            if measures:
                shown.append(Group(group.title, group.note, measures))
        return tuple(shown)

    def _is_measured(self, key: str) -> bool:
        return any(self.of_seeds(name, key) for name in self.names)


def compare(
    names: Sequence[str],
    reference: str,
    results: Sequence[Result],
    single_tasks: Mapping[str, str],
    facts: Mapping[str, Any],
    notes: Sequence[str] = (),
    config_notes: Sequence[str] = (),
) -> Comparison:
    """From the results of the runs.

    Args:
      names: of the configs.
      reference: the one that the others are compared with.
      results: in any order; those of runs that failed are missing.
      single_tasks: task -> name of its single-task model.
      facts: see `Comparison`.
      notes: see `Comparison`.
      config_notes: see `Comparison`.
    """
    values: Dict[str, Dict[int, Dict[str, float]]] = {name: {} for name in names}
    for result in results:
        measured = read_measures(result.metrics, result.suffixes)
        values[result.name][result.seed] = measured
    for name, by_seed in seesaw(values, single_tasks).items():
        for seed, measures in by_seed.items():
            values[name][seed].update(measures)
    seeds = tuple(sorted({result.seed for result in results}))
    tasks = dict.fromkeys(task for result in results for task in result.suffixes)
    return Comparison(
        tuple(names),
        reference,
        seeds,
        values,
        facts,
        tuple(notes),
        tuple(config_notes),
        tuple(tasks),
    )
