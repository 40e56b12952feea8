"""Which row of a checkpoint each row of a table begins with when its vocabulary has changed."""

from __future__ import annotations

from typing import List

import pytest

from easy_esmm.checkpoints import growth


@pytest.mark.parametrize(
    ("before", "now", "sources"),
    [
        ([b"a", b"b"], [b"a", b"b", b"c"], [0, 1, growth.NEW]),
        ([b"a", b"b", b"c"], [b"c", b"a", b"new", b"b"], [2, 0, growth.NEW, 1]),
        ([b"a", b"b"], [b"b"], [1]),
        # Ids are bytes: a blank, letter case and what is no UTF-8 count.
        ([b"a", b"\xff\x00", b""], [b"a ", b"A", b"\xff\x00", b""], [growth.NEW, growth.NEW, 1, 2]),
    ],
)
def test_a_row_comes_from_the_row_of_its_id(
    before: List[bytes], now: List[bytes], sources: List[int]
) -> None:
    assert growth.row_sources(before, now).tolist() == sources


def test_a_comparison_counts_what_is_new_gone_and_moved() -> None:
    found = growth.compare("t", "item", [b"a", b"b", b"c", b"d"], [b"a", b"d", b"x", b"y"])
    assert (found.rows_before, found.rows, found.added) == (4, 4, 2)
    assert found.removed == (2, b"b")
    assert found.first_moved == 1  # d, which had row 3
    assert found.keeps_row_0


def test_the_last_id_is_missed_beside_new_ones_too() -> None:
    found = growth.compare("t", "item", [b"a", b"b", b"c"], [b"a", b"b", b"x"])
    assert found.removed == (1, b"c")
    found = growth.compare("t", "item", [b"a", b"b", b"c"], [b"c", b"a", b"b"])
    assert (found.removed, found.first_moved, found.keeps_row_0) == ((0, b""), 0, False)


def test_equal_vocabularies_move_nothing() -> None:
    found = growth.compare("t", "item", [b"a", b"b"], [b"a", b"b"])
    assert (found.added, found.removed, found.first_moved) == (0, (0, b""), None)


def test_a_table_is_found_by_the_names_of_its_slots() -> None:
    tables = {"embedding/all/item": 1, "shared_embedding/item": 2}
    assert growth.table_of("embedding/all/item", tables) == "embedding/all/item"
    assert growth.table_of("shared_embedding/item/Adam_1", tables) == "shared_embedding/item"
    assert growth.table_of("embedding/all/item_2/Adam", tables) is None
    assert growth.table_of("global_step", tables) is None
