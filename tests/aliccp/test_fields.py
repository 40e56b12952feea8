"""The table of fields."""

from __future__ import annotations

from collections import Counter

from easy_esmm.aliccp.fields import BY_NAME, CROSS, FIELDS, HISTORIES


def test_there_are_23_fields_of_four_owners():
    assert len(FIELDS) == len(BY_NAME) == 23
    assert Counter(field.owner for field in FIELDS) == {
        "user": 13,
        "item": 5,
        "cross": 4,
        "context": 1,
    }


def test_histories_and_crosses_are_weighted_and_the_items_nodes_are_not():
    assert {field.name for field in FIELDS if field.weighted} == {
        *HISTORIES,
        "508",
        "509",
        "702",
        "853",
    }
    assert {field.name for field in FIELDS if field.multi} == {*HISTORIES, "210", "853"}


def test_each_cross_matches_a_history_with_an_item_field():
    matches = {field.name: field.match for field in FIELDS if field.owner == CROSS}
    assert matches == {
        "508": ("109_14", "206"),
        "509": ("110_14", "207"),
        "702": ("127_14", "216"),
        "853": ("150_14", "210"),
    }
