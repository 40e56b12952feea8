"""The users: a profile, and a past that fills the four behaviour histories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict

import numpy as np
from numpy.random import Generator

from easy_esmm.aliccp.fields import BY_NAME, PROFILE
from easy_esmm.simulation import id_lists
from easy_esmm.simulation.catalogue import Catalogue, Shelf
from easy_esmm.simulation.id_lists import IdLists, IntArray

MISSING = -1
PROFILE_MISSING = 0.13
"""Share of the users without any profile field, as in Ali-CCP."""
USER_ID_MISSING = 0.003
INTERESTS = 3
INTEREST_SHARE = 0.7
"""Share of a user's behaviours that fall into one of the user's few favourite categories."""


@dataclass(frozen=True, eq=False)
class Users:
    """Users in arrays [users]; ids counted from 0 inside their field, -1 where missing."""

    ids: Dict[str, IntArray]
    """Field 101 and the profile."""
    histories: Dict[str, IdLists]
    """Fields 109_14, 110_14, 127_14 and 150_14, weighted with ln(1 + count)."""
    behaviour_offsets: IntArray
    behaviour_items: IntArray
    """The items of the past, by user: what the histories are counted from."""


def make_users(users: int, mean_history: float, catalogue: Catalogue, random: Generator) -> Users:
    """Users with profiles, favourite categories and about `mean_history` past behaviours each."""
    counts = random.poisson(random.gamma(2.0, mean_history / 2.0, users))
    owner = np.repeat(np.arange(users), counts)
    items = _behaviours(owner, users, catalogue.shelf(with_new=False), catalogue, random)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Users(
        _profiles(users, random), _histories(owner, items, users, catalogue), offsets, items
    )


def _profiles(users: int, random: Generator) -> Dict[str, IntArray]:
    is_named = random.random(users) >= USER_ID_MISSING
    ids = {"101": np.where(is_named, np.arange(users), MISSING)}
    is_known = random.random(users) >= PROFILE_MISSING
    for name in PROFILE:
        size = BY_NAME[name].size or 1
        weight = (np.arange(size) + 1.0) ** -0.7
        ids[name] = np.where(is_known, random.choice(size, users, p=weight / weight.sum()), MISSING)
    return ids


def _behaviours(
    owner: IntArray, users: int, shelf: Shelf, catalogue: Catalogue, random: Generator
) -> IntArray:
    """One item per behaviour: of a favourite category mostly, else of any."""
    favourites = catalogue.ids["206"][shelf.any_item(random.random(users * INTERESTS))]
    # the first favourite takes most of the attention
    chosen = np.floor(random.random(len(owner)) ** 2 * INTERESTS).astype(np.int64)
    category = favourites[owner * INTERESTS + chosen]
    uniform = random.random(len(owner))
    is_favourite = random.random(len(owner)) < INTEREST_SHARE
    return np.where(is_favourite, shelf.item_of(category, uniform), shelf.any_item(uniform))


def _histories(
    owner: IntArray, items: IntArray, users: int, catalogue: Catalogue
) -> Dict[str, IdLists]:
    behaviour, place = catalogue.nodes.expand(items)
    node = catalogue.nodes.ids[place]
    histories = {
        history: id_lists.from_pairs(
            owner, catalogue.ids[field][items], users, catalogue.sizes[field], id_lists.log_scaled
        )
        for history, field in (("109_14", "206"), ("110_14", "207"), ("127_14", "216"))
    }
    histories["150_14"] = id_lists.from_pairs(
        owner[behaviour], node, users, catalogue.sizes["210"], id_lists.log_scaled
    )
    return histories
