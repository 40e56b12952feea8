"""How long requests take in this process, on one thread."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Callable, List

import numpy as np

_LEAST, _MOST = 20, 2000


@dataclass(frozen=True)
class Latency:
    """Times of calls after the first, in milliseconds."""

    p50: float
    p99: float
    calls: int


def measure(call: Callable[[], object], seconds: float) -> Latency:
    """Calls for `seconds`, and at least 20 times."""
    times: List[float] = []
    start = time.perf_counter()
    while len(times) < _LEAST or (len(times) < _MOST and time.perf_counter() - start < seconds):
        begun = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begun))
    return Latency(float(np.percentile(times, 50)), float(np.percentile(times, 99)), len(times))
