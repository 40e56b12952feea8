"""The quirks of the official files by name, and the lines that each of them affects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, FrozenSet, Tuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from easy_esmm.errors import UserError
from easy_esmm.simulation.generator import Simulation
from easy_esmm.simulation.id_lists import IntArray

QUIRKS: Dict[str, str] = {
    "shuffled": "the features of a row come in any order",
    "missing": "profile fields missing one by one, and 205, 206, 207, 210 in a few rows",
    "keys": "every tenth user has two common rows in a part",
    "impossible": "conversions without a click",
    "unknown": "keys that the common file does not have",
    "repeated": "common rows whose key an earlier one has",
    "crlf": "every other line ends with \\r\\n",
    "truncated": "the last line of each file breaks off",
    "duplicates": "rows that come twice",
    "cutoff": "ids of field 210 that training shows 11, 12 and 13 times",
}
MISSABLE = ("205", "206", "207", "210")
CUTOFF_COUNTS = (11, 12, 13)
TWO_KEYS, DUPLICATES = 0.1, 0.002
"""Shares of visits and of rows."""
FEW = 2e-5
"""Share of the rows that are impossible, miss a field, have an unknown key: a few per million, here
some more, so that small simulations have them too."""
AT_LEAST = 3


def parse(text: str) -> FrozenSet[str]:
    """`all`, `none` or names joined by commas. Raises UserError for an unknown name."""
    named = [name.strip() for name in text.split(",") if name.strip() not in ("", "none")]
    unknown = [name for name in named if name not in (*QUIRKS, "all")]
    if unknown:
        raise UserError(
            f"--quirks: must be all, none, or of {', '.join(QUIRKS)}; got {', '.join(unknown)}"
        )
    return frozenset(QUIRKS if "all" in named else named)


@dataclass(frozen=True, eq=False)
class SkeletonLines:
    """The lines of a skeleton, before they are text; arrays [lines]."""

    row: IntArray
    """Row of the simulation."""
    common: IntArray
    """Common row of the line, from 0; -1 for a key that the common file does not have."""
    click: NDArray[np.int8]
    conversion: NDArray[np.int8]
    missing: NDArray[np.int8]
    """Bit k is set where MISSABLE[k] is left out."""
    planted: NDArray[np.int8]
    """k + 1 where the planted id k is among the line's intention nodes, else 0."""
    user: IntArray
    """[common rows]: the user that each common row describes."""

    @property
    def is_kept(self) -> NDArray[np.bool_]:
        """Which lines a converter keeps."""
        is_impossible = (self.click == 0) & (self.conversion == 1)
        is_kept: NDArray[np.bool_] = ~is_impossible & (self.common >= 0)
        return is_kept


def skeleton_lines(
    simulation: Simulation, part: str, quirks: FrozenSet[str], random: Generator
) -> SkeletonLines:
    """The lines of one part's skeleton, with the quirks in them."""
    first, last = simulation.bounds(part)
    row = np.arange(first, last)
    common, user = _common_rows(simulation, part, "keys" in quirks, random)
    if "duplicates" in quirks:
        times = np.ones(len(row), np.int64)
        times[_few(len(row), DUPLICATES, random)] = 2
        row, common = np.repeat(row, times), np.repeat(common, times)
    truth = simulation.truth
    click, conversion = truth.click[row], truth.conversion[row]
    if "impossible" in quirks:
        unclicked = np.flatnonzero(click == 0)
        conversion[unclicked[_few(len(unclicked), FEW, random)]] = 1
    if "unknown" in quirks:
        common = common.copy()
        common[_few(len(row), FEW, random)] = -1
    missing = np.zeros(len(row), np.int8)
    if "missing" in quirks:
        for bit in range(len(MISSABLE)):
            missing[_few(len(row), FEW, random)] |= 1 << bit
    planted = np.zeros(len(row), np.int8)
    lines = SkeletonLines(row, common, click, conversion, missing, planted, user)
    if "cutoff" in quirks and part == "train":
        has_nodes = lines.is_kept & (missing & (1 << MISSABLE.index("210")) == 0)
        chosen = random.permutation(np.flatnonzero(has_nodes))[: sum(CUTOFF_COUNTS)]
        numbers = np.repeat(np.arange(1, len(CUTOFF_COUNTS) + 1), CUTOFF_COUNTS)
        planted[chosen] = numbers[: len(chosen)]
    return lines


def _common_rows(
    simulation: Simulation, part: str, is_split: bool, random: Generator
) -> Tuple[IntArray, IntArray]:
    """(common row of each impression of the part, user of each common row)."""
    first, last = simulation.bounds(part)
    starts = simulation.impressions.visit_starts
    starts = starts[(starts >= first) & (starts < last)]
    if is_split:
        sizes = np.diff(np.append(starts, last))
        chosen = (random.random(len(starts)) < TWO_KEYS) & (sizes > 1)
        starts = np.sort(np.concatenate([starts, (starts + sizes // 2)[chosen]]))
    common = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, last)))
    return common, simulation.impressions.user[starts]


def _few(count: int, share: float, random: Generator) -> IntArray:
    """Some of `count` places, ascending; at least AT_LEAST if there are as many."""
    wanted = min(count, max(AT_LEAST, round(share * count)))
    return np.sort(random.choice(count, wanted, replace=False))
