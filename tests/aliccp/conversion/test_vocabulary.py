"""Ids and their values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easy_esmm.aliccp.conversion import vocabulary
from easy_esmm.aliccp.conversion.columns import MISSING
from easy_esmm.aliccp.conversion.vocabulary import Lookup, summed

IDS = st.lists(st.integers(0, 60), min_size=1, max_size=30)


@pytest.mark.parametrize("is_dense", [True, False])
@given(known=IDS, asked=IDS)
def test_an_id_has_its_place_as_value_and_any_other_has_0(is_dense, known, asked):
    ids = np.unique(np.array(known, np.int64) * 7 + 100)
    with pytest.MonkeyPatch.context() as patch:
        if not is_dense:
            patch.setattr(vocabulary, "_DENSE", 0)
        lookup = Lookup(ids)
    wanted = [*(identity * 7 + 100 for identity in asked), 0, 99, 2**31 - 1, MISSING]
    values = lookup.of(np.array(wanted, np.int32)).tolist()
    place = {identity: number for number, identity in enumerate(ids.tolist(), 1)}
    assert values == [*(place.get(identity, 0) for identity in wanted[:-1]), MISSING]


def test_a_field_without_ids_knows_none():
    assert Lookup(np.zeros(0, np.int64)).of(np.array([0, 5, MISSING], np.int32)).tolist() == [
        0,
        0,
        MISSING,
    ]


@pytest.mark.parametrize("dense", [1 << 26, 0])
def test_occurrences_are_counted_alike_in_an_array_and_in_pairs(monkeypatch, dense):
    monkeypatch.setattr(vocabulary, "_DENSE", dense)
    tally = vocabulary._Tally(3, 9)
    tally.add(np.array([9, 3, 9], np.int32), None)
    tally.add(np.array([5, 3], np.int32), np.array([10, 4]))
    tally.add(np.zeros(0, np.int32), None)
    tally.add(np.array([7], np.int32), np.array([0]))  # of a user row without impressions
    table = tally.table("205")
    assert table["id"].to_pylist() == [3, 5, 9]
    assert table["count"].to_pylist() == [1 + 4, 10, 2]


def test_counts_of_an_id_add_up():
    ids, counts = summed(np.array([5, 1, 5]), np.array([2, 3, 4]))
    assert (ids.tolist(), counts.tolist()) == ([1, 5], [3, 6])
    assert summed(np.zeros(0, np.int64), np.zeros(0, np.int64))[0].tolist() == []
