"""Impressions: visits of users, the items shown, and the cross features of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Tuple, Union

import numpy as np
from numpy.random import Generator

from easy_esmm.aliccp.fields import BY_NAME, CROSS, FIELDS, ITEM, USER
from easy_esmm.simulation import id_lists
from easy_esmm.simulation.catalogue import Catalogue, make_catalogue
from easy_esmm.simulation.id_lists import FloatArray, IdLists, IntArray
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.users import Users, make_users

MEAN_VISIT = 40.0
"""Impressions of a user in the training part, and again in the test part; 58 in Ali-CCP."""
RETURNING = 0.7
"""Share of the test part's users that the training part holds too."""
AGAIN, SAME_CATEGORY = 0.15, 0.45
"""Shares of impressions that show an item, or a category, of the user's past."""
POSITION_SHARES = (0.5, 0.3, 0.2)

Values = Union[IntArray, IdLists]


@dataclass(frozen=True, eq=False)
class Impressions:
    """All impressions, the training part first; the rows of one user and part are adjacent."""

    settings: Settings
    catalogue: Catalogue
    user: IntArray
    """int64 [rows]: index of the user."""
    item: IntArray
    """int64 [rows]: index of the item."""
    visit_starts: IntArray
    """First row of each visit, ascending: where a file may be cut."""
    values: Dict[str, Values]
    """Field to its ids per *owner*: single ids as an array (-1: missing), lists as IdLists."""

    def owner_of_rows(self, field: str) -> IntArray:
        """int64 [rows]: which entry of `values[field]` belongs to each impression."""
        owner = BY_NAME[field].owner
        if owner == USER:
            return self.user
        return self.item if owner == ITEM else np.arange(len(self.user))


def make_impressions(settings: Settings, random: Generator) -> Impressions:
    """Draws catalogue, users and impressions, without labels."""
    catalogue = make_catalogue(settings.rows, random)
    train_sizes = _visit_sizes(settings.train_rows, random)
    test_sizes = _visit_sizes(settings.test_rows, random)
    train_users = len(train_sizes)
    returning = min(round(RETURNING * len(test_sizes)), train_users)
    users_count = train_users + len(test_sizes) - returning
    users = make_users(users_count, settings.history_length, catalogue, random)
    test_users = np.concatenate(
        [random.permutation(train_users)[:returning], np.arange(train_users, users_count)]
    )
    visitors = np.concatenate([np.arange(train_users), random.permutation(test_users)])
    sizes = np.concatenate([train_sizes, test_sizes])
    user = np.repeat(visitors, sizes)
    cut = settings.train_rows
    item = np.concatenate(
        [
            _shown(user[:cut], users, catalogue, False, random),
            _shown(user[cut:], users, catalogue, True, random),
        ]
    )
    position = random.choice(len(POSITION_SHARES), settings.rows, p=POSITION_SHARES)
    values: Dict[str, Values] = {**users.ids, **users.histories, **catalogue.ids}
    values["210"], values["301"] = catalogue.nodes, position
    values.update(_crosses(user, item, users, catalogue))
    starts = np.cumsum(sizes) - sizes
    return Impressions(settings, catalogue, user, item, starts, values)


def field_size(impressions: Impressions, field: str) -> int:
    """Number of ids that the field could take in this simulation."""
    values = impressions.values[field]
    if isinstance(values, IdLists):
        return values.size
    own = BY_NAME[field].size or 0
    return impressions.catalogue.sizes.get(field, max(own, int(values.max(initial=0)) + 1))


def _visit_sizes(rows: int, random: Generator) -> IntArray:
    """Impressions per visit, long-tailed around MEAN_VISIT, with `rows` in all."""
    sigma = 0.8
    drawn = random.lognormal(np.log(MEAN_VISIT) - sigma**2 / 2, sigma, 20 + int(rows / 10))
    ends = np.cumsum(np.clip(np.round(drawn), 1, 1000).astype(np.int64))
    last = int(np.searchsorted(ends, rows))
    return np.diff(np.concatenate([[0], ends[:last], [rows]]))


def _shown(
    user: IntArray, users: Users, catalogue: Catalogue, with_new: bool, random: Generator
) -> IntArray:
    """The item of each impression: from the user's past, of a category of it, or any."""
    shelf = catalogue.shelf(with_new)
    rows = len(user)
    uniform, kind = random.random(rows), random.random(rows)
    anything = shelf.any_item(uniform)
    past = np.diff(users.behaviour_offsets)[user]
    pick = users.behaviour_offsets[user] + np.floor(random.random(rows) * past).astype(np.int64)
    if not len(users.behaviour_items):
        return anything
    remembered = users.behaviour_items[np.minimum(pick, len(users.behaviour_items) - 1)]
    similar = shelf.item_of(catalogue.ids["206"][remembered], uniform)
    has_past = past > 0
    return np.select(
        [has_past & (kind < AGAIN), has_past & (kind < AGAIN + SAME_CATEGORY)],
        [remembered, similar],
        anything,
    )


def _crosses(
    user: IntArray, item: IntArray, users: Users, catalogue: Catalogue
) -> Dict[str, IdLists]:
    """Per impression the ids that the user's history and the item share, with their weights."""
    crosses = {}
    for field in (field for field in FIELDS if field.owner == CROSS):
        history_name, item_field = field.match
        row, ids = _item_values(item_field, item, catalogue)
        weights: FloatArray = users.histories[history_name].find(user[row], ids)
        size = catalogue.sizes[item_field]
        crosses[field.name] = id_lists.from_matches(row, ids, weights, len(user), size)
    return crosses


def _item_values(field: str, item: IntArray, catalogue: Catalogue) -> Tuple[IntArray, IntArray]:
    if BY_NAME[field].multi:
        row, place = catalogue.nodes.expand(item)
        return row, catalogue.nodes.ids[place]
    return np.arange(len(item)), catalogue.ids[field][item]
