"""Means, spreads and paired differences with intervals, by the textbook and in plain Python.

Runs are paired by seed: two models that saw the same rows share the luck of the draw, which cancels
in their difference. So a difference is known far better than either figure.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import List, Mapping, Sequence

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
    """A mean with the t-interval that holds the true one in 95 of 100 repetitions."""

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
    half = t_quantile(0.5 + CONFIDENCE / 2, found.count - 1) * error
    return Interval(found.count, found.mean, error, found.mean - half, found.mean + half)


def paired_difference(values: Mapping[int, float], reference: Mapping[int, float]) -> Interval:
    """Of the mean of values - reference, over the seeds that both have."""
    return interval([values[seed] - reference[seed] for seed in values if seed in reference])


def t_quantile(probability: float, degrees: int) -> float:
    """The x with P(T <= x) = `probability`, in [.5, 1), of Student's t with `degrees` >= 1.

    By bisection on the exact distribution; to 1e-9.
    """
    low, high = 0.0, 1.0
    while _within(high, degrees) < 2 * probability - 1:
        high *= 2
    while high - low > 1e-10 * max(1.0, high):
        middle = (low + high) / 2
        if _within(middle, degrees) < 2 * probability - 1:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _within(x: float, degrees: int) -> float:
    """P(|T| <= x), a finite sum for whole degrees of freedom.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    theta = math.atan(x / math.sqrt(degrees))
    cosine = math.cos(theta)
    is_odd = degrees % 2
    term = cosine if is_odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(3 if is_odd else 2, degrees - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    sine = math.sin(theta)
    return (theta + sine * total) * 2 / math.pi if is_odd else sine * total


def _known(values: Sequence[float]) -> List[float]:
    return [value for value in values if not math.isnan(value)]
