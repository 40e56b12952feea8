"""The order of rows of a Parquet pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm.data.order import RowOrder


@pytest.mark.parametrize("block_of", [None, lambda rows: rows // 30])
@settings(max_examples=60, deadline=None)
@given(
    groups=st.lists(st.integers(1, 2500), min_size=1, max_size=6),
    window=st.integers(1, 3000),
    band=st.integers(1, 4),
    seed=st.integers(0, 5),
)
def test_each_epoch_holds_each_row_once(
    block_of: Any, groups: list[int], window: int, band: int, seed: int
) -> None:
    order = RowOrder(tuple(groups), window, band, seed, block_of)
    total = sum(groups)
    for epoch in range(2):
        rows = order.rows_at(epoch * total, (epoch + 1) * total)
        assert np.array_equal(np.sort(rows), np.arange(total))


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 3 * 4100), max_size=8), seed=st.one_of(st.none(), st.just(3)))
def test_parts_of_the_sequence_are_what_they_are_in_the_whole(
    cuts: list[int], seed: int | None
) -> None:
    order = RowOrder((1500, 100, 2500), 700, 2, seed)
    whole = order.rows_at(0, 3 * 4100)
    edges = [0, *sorted(cuts), 3 * 4100]
    parts = [order.rows_at(start, stop) for start, stop in zip(edges, edges[1:])]
    assert np.array_equal(np.concatenate(parts), whole)


def test_without_a_seed_the_order_is_the_tables_own() -> None:
    order = RowOrder((3, 2), 4, 1, None)
    assert order.rows_at(0, 12).tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]


def test_epochs_and_seeds_differ_and_a_seed_repeats() -> None:
    one, same, other = (RowOrder((5000,), 1024, 1, seed) for seed in (1, 1, 2))
    assert one.rows_at(0, 5000).tolist() == same.rows_at(0, 5000).tolist()
    assert one.rows_at(0, 5000).tolist() != other.rows_at(0, 5000).tolist()
    assert one.rows_at(0, 5000).tolist() != one.rows_at(5000, 10000).tolist()


@pytest.mark.parametrize(("band", "groups_in_window"), [(1, 1), (4, 4)])
def test_a_window_draws_from_the_row_groups_of_its_band(band: int, groups_in_window: int) -> None:
    order = RowOrder((65536,) * 8, 16384, band, seed=1)
    groups = order.rows_at(0, 16384) // 65536
    assert len(np.unique(groups)) == groups_in_window
    # Rows inside the window are permuted: neighbours in the file hardly ever follow one another.
    assert np.mean(np.diff(order.rows_at(0, 16384)) == 1) < 0.001


def test_blocks_are_permuted_and_their_rows_are_not() -> None:
    order = RowOrder((100, 60), 40, 1, 3, lambda rows: rows // 10)
    for start in range(0, 160, 40):  # chunks are whole groups here, windows whole blocks
        rows = order.rows_at(start, start + 40).reshape(4, 10)
        assert (np.diff(rows, axis=1) == 1).all()
        assert (rows[:, 0] % 10 == 0).all()
    firsts = order.rows_at(0, 160)[::10]
    assert sorted(firsts) == list(range(0, 160, 10))
    assert list(firsts) != sorted(firsts)


def test_a_block_in_several_places_of_a_window_is_put_together() -> None:
    order = RowOrder((6,), 6, 1, 3, lambda rows: rows % 2)
    assert [row % 2 for row in order.rows_at(0, 6)] in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
