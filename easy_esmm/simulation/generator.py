"""Simulates impressions with planted truth, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np

from easy_esmm.simulation.delays import Delays, draw_delays
from easy_esmm.simulation.effects import Logits, make_logits
from easy_esmm.simulation.impressions import Impressions, make_impressions
from easy_esmm.simulation.outcomes import draw_truth
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.truth import Truth

PARTS = ("train", "test")


@dataclass(frozen=True, eq=False)
class Simulation:
    """Impressions and what is true of them; the training part comes first."""

    settings: Settings
    impressions: Impressions
    logits: Logits
    truth: Truth
    """Labels are those of some day; a log that was cut has `delays.observed`."""
    delays: Optional[Delays] = None
    """None where conversions come at once."""

    def bounds(self, part: str) -> Tuple[int, int]:
        """First row of the part `train` or `test`, and the row after its last."""
        cut, rows = self.settings.train_rows, self.settings.rows
        return (0, cut) if part == "train" else (cut, rows)

    def truth_of(self, part: str) -> Truth:
        """The truth of one part."""
        return self.truth.rows(*self.bounds(part))


def simulate(settings: Settings) -> Simulation:
    """Draws everything from `settings.seed`.

    Impressions, effects, outcomes and delays have streams of their own: the same seed shows the
    same items to the same users whatever rho, kappa and the rates are, so settings can be compared
    in pairs.
    """
    who, why, what, when = (
        np.random.default_rng(seed) for seed in np.random.SeedSequence(settings.seed).spawn(4)
    )
    impressions = make_impressions(settings, who)
    logits = make_logits(impressions, why)
    truth = draw_truth(settings, logits, what)
    delays = None
    if settings.delay != "none":
        delays = draw_delays(settings, impressions, truth, when)
    return Simulation(settings, impressions, logits, truth, delays)
