"""Lists of ids in flat arrays, against small lists written out."""

from __future__ import annotations

import numpy as np

from easy_esmm.simulation.id_lists import from_matches, from_pairs, log_scaled


def _lists(found):
    return [
        list(zip(found.ids[start:stop], found.weights[start:stop]))
        for start, stop in zip(found.offsets[:-1], found.offsets[1:])
    ]


def _example():
    owner = np.array([2, 0, 2, 2, 0])
    ids = np.array([4, 1, 3, 4, 2])
    return from_pairs(owner, ids, owners=4, size=5, scale=log_scaled)


def test_pairs_become_sorted_lists_weighted_by_the_log_of_one_plus_their_count():
    assert _lists(_example()) == [
        [(1, 0.69315), (2, 0.69315)],
        [],
        [(3, 0.69315), (4, 1.09861)],
        [],
    ]


def test_weighted_sum_adds_weight_times_effect_and_is_zero_for_an_empty_list():
    table = np.array([100.0, 1.0, 2.0, 10.0, 20.0])
    expected = [0.69315 * 3, 0, 0.69315 * 10 + 1.09861 * 20, 0]
    np.testing.assert_allclose(_example().weighted_sum(table), expected, rtol=1e-14)


def test_find_gives_the_weight_of_an_owners_id_and_nan_elsewhere():
    found = _example().find(np.array([2, 2, 0, 1, 3]), np.array([4, 1, 1, 1, 4]))
    np.testing.assert_array_equal(found, [1.09861, np.nan, 0.69315, np.nan, np.nan])


def test_expand_lays_lists_end_to_end_with_their_place():
    lists = _example()
    position, place = lists.expand(np.array([2, 1, 2, 0]))
    ids = lists.ids[place]
    np.testing.assert_array_equal(position, [0, 0, 2, 2, 3, 3])
    np.testing.assert_array_equal(ids, [3, 4, 3, 4, 1, 2])


def test_part_cuts_owners_out():
    assert _lists(_example().part(1, 3)) == _lists(_example())[1:3]


def test_matches_drop_what_was_not_found():
    weights = np.array([0.5, np.nan, 0.25])
    ragged = from_matches(np.array([0, 0, 2]), np.array([7, 8, 9]), weights, owners=3, size=10)
    assert _lists(ragged) == [[(7, 0.5)], [], [(9, 0.25)]]


def test_nothing_at_all_is_found_in_empty_lists():
    empty = from_pairs(np.array([], int), np.array([], int), owners=2, size=3, scale=log_scaled)
    assert np.isnan(empty.find(np.array([1]), np.array([2]))).all()
    np.testing.assert_array_equal(empty.weighted_sum(np.ones(3)), [0, 0])
