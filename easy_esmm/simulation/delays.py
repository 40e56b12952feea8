"""When clicks and their conversions happen, and which conversions a log that was cut holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from easy_esmm.simulation.id_lists import FloatArray, IntArray
from easy_esmm.simulation.impressions import Impressions, field_size
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.truth import Truth

START = 1_767_225_600
"""Seconds since 1970 of the first impressions: 2026-01-01 UTC."""
DAY = 86_400
FIELD = "206"
"""Conversions of an item take the longer or shorter by its category."""
NEVER = -1

_LOGNORMAL_SIGMA = 1.5
_WEIBULL_SHAPE = 0.5


@dataclass(frozen=True, eq=False)
class Delays:
    """Times in seconds since 1970, int64 [rows]."""

    click_time: IntArray
    """Of the click, or of the impression where there is none."""
    conversion_time: IntArray
    """NEVER where there is none, or where it comes after the cut."""
    observed_until: IntArray
    """The cut of the training part. The log of the test part was written once all were there."""
    observed: NDArray[np.int8]
    """1 for a conversion that came before the cut."""


def draw_delays(
    settings: Settings, impressions: Impressions, truth: Truth, random: Generator
) -> Delays:
    """Draws impressions over `log_days`, and a delay for each conversion.

    The training part is cut at the end of these days; the test part comes after. The mean delay of
    a row is `mean_delay` times a factor of its category, of mean 1, whose logarithm has the
    deviation `delay_spread`. Delays are independent of everything else.
    """
    rows, cut = settings.rows, settings.train_rows
    span = settings.log_days * DAY
    click_time = START + np.floor(random.random(rows) * span).astype(np.int64)
    click_time[cut:] += int(span)
    effects = random.standard_normal(field_size(impressions, FIELD))
    category = impressions.catalogue.ids[FIELD][impressions.item]
    spread = settings.delay_spread
    mean = settings.mean_delay * np.exp(spread * effects[category] - spread**2 / 2)
    delay = mean * _UNIT_MEAN[settings.delay](random, rows)
    end = np.where(np.arange(rows) < cut, START + int(span), np.iinfo(np.int64).max)
    # Whole seconds: at least one, and at most what fits.
    seconds = np.ceil(np.clip(delay * DAY, 1, 2.0**40)).astype(np.int64)
    conversion_time = click_time + seconds
    is_observed = (truth.conversion > 0) & (conversion_time <= end)
    conversion_time[~is_observed] = NEVER
    end[cut:] = max(START + 2 * int(span), int(conversion_time.max()))
    return Delays(click_time, conversion_time, end, is_observed.astype(np.int8))


def _exponential(random: Generator, rows: int) -> FloatArray:
    return random.standard_exponential(rows)


def _lognormal(random: Generator, rows: int) -> FloatArray:
    return random.lognormal(-(_LOGNORMAL_SIGMA**2) / 2, _LOGNORMAL_SIGMA, rows)


def _weibull(random: Generator, rows: int) -> FloatArray:
    # Gamma(1 + 1 / .5) = 2.
    return random.weibull(_WEIBULL_SHAPE, rows) / 2.0


_UNIT_MEAN: Dict[str, Callable[[Generator, int], FloatArray]] = {
    "exponential": _exponential,
    "lognormal": _lognormal,
    "weibull": _weibull,
}
"""Delays of mean 1; a log-normal of deviation 1.5 and a Weibull of shape .5 have heavy tails."""
