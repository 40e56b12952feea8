"""The items: a long tail of them, each with a category, a shop, a brand and intention nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict

import numpy as np
from numpy.random import Generator

from easy_esmm.simulation import id_lists
from easy_esmm.simulation.id_lists import FloatArray, IdLists, IntArray

HEAD_SHARE = 0.605
"""Planned share of the impressions that 1 % of the catalogue take. Users' own tastes raise it to
.62; of the items that occur in 400,000 rows, 1 % take .58."""
FLAT_HEAD = 5e-4
"""Ranks are shifted by this share of the catalogue, so that no single item rules the head."""
NEW_SHARE = 0.06
"""Share of the items that nobody could see before the test period; none is from the head."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Items in arrays [items]; ids counted from 0 inside their field."""

    ids: Dict[str, IntArray]
    """Fields 205, 206, 207 and 216."""
    nodes: IdLists
    """Field 210: one to three intention nodes an item."""
    sizes: Dict[str, int]
    """Number of ids by item field."""
    popularity: FloatArray
    """Probability that an impression of the test period shows the item, users aside."""
    is_new: IntArray
    """1 where the item is shown in the test period only."""

    def shelf(self, with_new: bool) -> Shelf:
        """The items on offer: all of them, or those of the training period."""
        popularity = self.popularity if with_new else self.popularity * (1 - self.is_new)
        return Shelf(self.ids["206"], popularity / popularity.sum(), self.sizes["206"])


class Shelf:
    """Draws items by their popularity, over everything or inside a category."""

    def __init__(self, category: IntArray, popularity: FloatArray, categories: int) -> None:
        self._order = np.argsort(category, kind="stable")
        self._category = category[self._order]
        self._cumulated = np.concatenate([[0.0], np.cumsum(popularity[self._order])])
        starts = np.searchsorted(self._category, np.arange(categories + 1))
        self._low, self._high = self._cumulated[starts[:-1]], self._cumulated[starts[1:]]

    def any_item(self, uniform: FloatArray) -> IntArray:
        """One item per number in [0, 1)."""
        return self._at(uniform * self._cumulated[-1])

    def item_of(self, category: IntArray, uniform: FloatArray) -> IntArray:
        """One item of each category per number in [0, 1)."""
        low = self._low[category]
        return self._at(low + uniform * (self._high[category] - low))

    def _at(self, target: FloatArray) -> IntArray:
        # side="right" steps over the items of probability 0
        place = np.searchsorted(self._cumulated, target, side="right") - 1
        items: IntArray = self._order[np.minimum(place, len(self._order) - 1)]
        return items


def make_catalogue(rows: int, random: Generator) -> Catalogue:
    """A catalogue for so many impressions: an item for each 20 of them, 70 items a category."""
    items = max(200, rows // 20)
    sizes = {
        "205": items,
        "206": max(20, items // 70),
        "207": max(60, items // 4),
        "216": max(40, items // 8),
    }
    category_weight = (np.arange(sizes["206"]) + 3.0) ** -0.7
    category = random.choice(sizes["206"], items, p=category_weight / category_weight.sum())
    department = category // 10
    sizes["210"] = 3 * sizes["206"]
    ids = {
        "205": np.arange(items),
        "206": category,
        "207": _child(category, sizes["206"], sizes["207"], random),
        "216": _child(department, int(department.max()) + 1, sizes["216"], random),
    }
    rank = random.permutation(items)
    is_new = (random.random(items) < NEW_SHARE) & (rank >= 0.01 * items)
    nodes = _nodes(category, sizes, random)
    return Catalogue(ids, nodes, sizes, _long_tail(items)[rank], is_new.astype(np.int64))


def _long_tail(items: int) -> FloatArray:
    """Zipf-Mandelbrot probabilities by rank whose exponent puts HEAD_SHARE on 1 % of the items."""
    shifted = np.arange(1, items + 1) + FLAT_HEAD * items
    head = max(1, round(0.01 * items))
    low, high = 0.0, 5.0
    for _ in range(50):
        exponent = (low + high) / 2
        weight = shifted**-exponent
        if weight[:head].sum() < HEAD_SHARE * weight.sum():
            low = exponent
        else:
            high = exponent
    probability: FloatArray = weight / weight.sum()
    return probability


def _child(parent: IntArray, parents: int, children: int, random: Generator) -> IntArray:
    """One of the parent's own children for each entry, its first ones more often.

    A parent with twice the entries gets about twice the children; each gets at least one.
    """
    share = np.bincount(parent, minlength=parents) / len(parent)
    own = 1 + np.floor(share * (children - parents)).astype(np.int64)
    first = np.cumsum(own) - own
    rank = np.floor(random.random(len(parent)) ** 2 * own[parent]).astype(np.int64)
    child: IntArray = first[parent] + rank
    return child


def _nodes(category: IntArray, sizes: Dict[str, int], random: Generator) -> IdLists:
    """A node of the item's category (of two there are), and up to two of nodes open to all."""
    items = len(category)
    everyone = np.arange(items)
    owner, node = [everyone], [2 * category + random.integers(0, 2, items)]
    open_nodes = sizes["206"]
    for probability in (0.6, 0.3):
        chosen = everyone[random.random(items) < probability]
        skewed = np.floor(random.random(len(chosen)) ** 2 * open_nodes).astype(np.int64)
        owner.append(chosen)
        node.append(2 * open_nodes + skewed)
    return id_lists.from_pairs(np.concatenate(owner), np.concatenate(node), items, sizes["210"])
