"""The order of rows of a Parquet pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm.data.order import RowOrder


@pytest.mark.parametrize("block_of", [None, lambda rows: rows // 30])
@pytest.mark.parametrize("piece_rows", [1, 8, 1000])
@settings(max_examples=30, deadline=None)
@given(
    groups=st.lists(st.integers(1, 2500), min_size=1, max_size=6),
    window=st.integers(1, 3000),
    band=st.integers(1, 4),
    seed=st.integers(0, 5),
)
def test_each_epoch_holds_each_row_once(
    block_of: Any, piece_rows: int, groups: list[int], window: int, band: int, seed: int
) -> None:
    order = RowOrder(tuple(groups), window, band, seed, block_of, piece_rows)
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


def test_pieces_of_blocks_are_permuted_and_their_rows_are_not() -> None:
    order = RowOrder((100, 60), 40, 1, 3, lambda rows: rows // 10, piece_rows=5)
    for start in range(0, 160, 40):  # chunks are whole groups here, windows whole blocks
        rows = order.rows_at(start, start + 40).reshape(8, 5)
        assert (np.diff(rows, axis=1) == 1).all()
        assert (rows[:, 0] % 5 == 0).all()
    firsts = order.rows_at(0, 160)[::5]
    assert sorted(firsts) == list(range(0, 160, 5))
    assert list(firsts) != sorted(firsts)


def test_the_last_piece_of_a_block_is_what_remains() -> None:
    order = RowOrder((30,), 30, 1, 3, lambda rows: rows // 10, piece_rows=4)
    rows = order.rows_at(0, 30)
    firsts = [0, 4, 8, 10, 14, 18, 20, 24, 28]
    starts = [place for place, row in enumerate(rows) if row in firsts]
    pieces = [piece.tolist() for piece in np.split(rows, starts[1:])]
    assert sorted(pieces) == [list(range(a, b)) for a, b in zip(firsts, [*firsts[1:], 30])]


def test_a_piece_longer_than_every_block_leaves_the_blocks_whole() -> None:
    order = RowOrder((30,), 30, 1, 3, lambda rows: rows // 10, piece_rows=1000)
    blocks = order.rows_at(0, 30).reshape(3, 10)
    assert sorted(blocks.tolist()) == [list(range(a, a + 10)) for a in (0, 10, 20)]
