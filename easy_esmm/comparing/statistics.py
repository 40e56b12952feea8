"""Means, spreads and paired differences with t-intervals.

Runs are paired by seed: two models that saw the same rows share the random sample, which cancels
in their difference. So a difference is known far better than either figure.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import List, Mapping, Sequence

from easy_esmm.errors import UserError

try:
    from scipy.special import stdtrit
except ImportError:  # it is no dependency of training: see `require_scipy`
    stdtrit = None

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Spread:
    """Some runs of one model."""

    count: int
    mean: float
    """NaN for no run."""
    deviation: float
    """Standard deviation over seeds, with n - 1; NaN for fewer than two runs."""


@dataclass(frozen=True)
class Interval:
    """A mean with its t-interval, which holds the true mean in 95 of 100 repetitions."""

    count: int
    mean: float
    standard_error: float
    """deviation / sqrt(count); NaN for fewer than two values, as the bounds."""
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether there were values enough for an interval."""
        return self.count > 1

    @property
    def half_width(self) -> float:
        """Of the interval."""
        return (self.high - self.low) / 2

    @property
    def is_noise(self) -> bool:
        """Whether nothing can be said about the sign: the interval holds 0, or there is none."""
        return not self.is_known or self.low <= 0 <= self.high


def require_scipy() -> None:
    """Raises UserError where SciPy, which knows Student's distribution, is not installed."""
    if stdtrit is None:
        raise UserError("compare needs SciPy, which is absent: pip install 'easy_esmm[compare]'")


def spread(values: Sequence[float]) -> Spread:
    """Mean and standard deviation; NaNs among the values are left out."""
    known = _known(values)
    mean = statistics.fmean(known) if known else math.nan
    return Spread(len(known), mean, statistics.stdev(known) if len(known) > 1 else math.nan)


def interval(values: Sequence[float]) -> Interval:
    """Of the mean of the values; NaNs among them are left out."""
    found = spread(values)
    if found.count < 2:
        return Interval(found.count, found.mean, math.nan, math.nan, math.nan)
    error = found.deviation / math.sqrt(found.count)
    half = float(stdtrit(found.count - 1, 0.5 + CONFIDENCE / 2)) * error
    return Interval(found.count, found.mean, error, found.mean - half, found.mean + half)


def paired_difference(values: Mapping[int, float], reference: Mapping[int, float]) -> Interval:
    """Of the mean of values - reference, over the seeds that both have."""
    return interval([values[seed] - reference[seed] for seed in values if seed in reference])


def _known(values: Sequence[float]) -> List[float]:
    return [value for value in values if not math.isnan(value)]
