"""Simulates days of a shop's log: new items appear each day, old ones fade, tastes drift.

python samples/daily/simulate.py --output_dir data/daily --days 12

Writes `DAY/train.parquet` and `DAY/holdout.parquet` (a tenth of the rows, for calibration), and the
planted rates to `truth/DAY.truth.parquet`, in the order of the files. A day depends on its number
and the seed alone: more days later leave the first ones as they are.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from easy_esmm.atomic_file import atomic_write
from easy_esmm.simulation.truth import Truth, write_truth

USERS, SELLERS, TASTES = 3000, 60, 4
FIRST_ITEMS, NEW_ITEMS = 300, 50
FADING = 4.0
"""Days in which an item's share of the impressions falls to 1 / e."""
DRIFT = 0.15
"""Standard deviation of a day's change of an item's two effects."""


class Shop:
    """Users and all items that there will be, with their effects on the first day."""

    def __init__(self, seed: int, days: int) -> None:
        self._seed = seed
        random = np.random.default_rng([seed, 0])
        self.user_tastes = random.normal(0, 0.6, (USERS, TASTES))
        self.seller_effects = random.normal(0, 0.4, SELLERS)
        # One after another, so that an item is the same however many days are simulated.
        items = [_item(seed, number) for number in range(FIRST_ITEMS + NEW_ITEMS * (days - 1))]
        self.sellers = np.array([item["seller"] for item in items])
        self.weights = np.array([item["weight"] for item in items])
        self.item_tastes = np.stack([item["tastes"] for item in items])
        self.effects = np.stack([item["effects"] for item in items])
        numbers = np.arange(len(items))
        self.born = np.maximum(0, (numbers - FIRST_ITEMS) // NEW_ITEMS + 1)

    def day(self, day: int, rows: int) -> Tuple[Dict[str, Any], Truth]:
        """The log of a day, from 0, and its true rates."""
        random = np.random.default_rng([self._seed, 1, day])
        age = day - self.born
        alive = np.flatnonzero(age >= 0)
        share = self.weights[alive] * np.exp(-age[alive] / FADING)
        item = random.choice(alive, rows, p=share / share.sum())
        user = random.integers(0, USERS, rows)
        effects = self._drifted(day)[item] + self.seller_effects[self.sellers[item], None]
        taste = np.einsum("ij,ij->i", self.user_tastes[user], self.item_tastes[item])
        pctr = _sigmoid(-1.7 + effects[:, 0] + taste)
        pcvr = _sigmoid(-1.2 + effects[:, 1] + 0.4 * effects[:, 0] + 0.7 * taste)
        click = (random.random(rows) < pctr).astype(np.int8)
        would_convert = (random.random(rows) < pcvr).astype(np.int8)
        sample_id = day * 10_000_000 + np.arange(rows)
        columns = {
            "sample_id": sample_id,
            "click": click,
            "conversion": click * would_convert,
            "user": [f"u{number}" for number in user],
            "item": [f"i{number}" for number in item],
            "seller": [f"s{number}" for number in self.sellers[item]],
        }
        return columns, Truth(
            sample_id, click, click * would_convert, pctr, pcvr, pcvr, pctr * pcvr, would_convert
        )

    def _drifted(self, day: int) -> Any:
        """[items, 2]: effects on clicks and on conversions after a random walk to that day."""
        steps = [np.random.default_rng([self._seed, 2, d]) for d in range(1, day + 1)]
        walk: Any = sum(
            (random.normal(0, DRIFT, (20_000, 2))[: len(self.effects)] for random in steps),
            np.zeros_like(self.effects),
        )
        return self.effects + walk


def _item(seed: int, number: int) -> Dict[str, Any]:
    random = np.random.default_rng([seed, 3, number])
    return {
        "seller": int(random.integers(0, SELLERS)),
        "weight": float(random.lognormal(0, 1)),
        "tastes": random.normal(0, 0.6, TASTES),
        "effects": random.normal(0, 0.7, 2),
    }


def _sigmoid(logit: Any) -> Any:
    return 1 / (1 + np.exp(-logit))


def day_name(day: int) -> str:
    """`day_007`: names in the order of days."""
    return f"day_{day:03d}"


def write_day(shop: Shop, folder: Path, day: int, rows: int) -> None:
    """Writes the files of a day, the last one when the others are there."""
    columns, truth = shop.day(day, rows)
    table = pa.table(columns)
    held_out = rows // 10
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    (folder / day_name(day)).mkdir(exist_ok=True)
    path = folder / "truth" / f"{day_name(day)}.truth.parquet"
    write_truth(path, truth)
    # The order of names is that of the truth: holdout, then train.
    for name, part in (("holdout", table[:held_out]), ("train", table[held_out:])):
        with atomic_write(folder / day_name(day) / f"{name}.parquet") as unfinished:
            pq.write_table(part, unfinished)


def main() -> None:
    """Simulates the days that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output_dir", default="data/daily")
    parser.add_argument("--days", type=int, default=12)
    parser.add_argument("--rows", type=int, default=20_000, help="impressions of a day")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    shop, folder = Shop(given.seed, given.days), Path(given.output_dir)
    for day in range(given.days):
        if not os.path.exists(folder / day_name(day) / "train.parquet"):
            write_day(shop, folder, day, given.rows)
            print(f"{folder / day_name(day)}: {given.rows:,} rows")


if __name__ == "__main__":
    main()
