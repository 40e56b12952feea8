"""Columns of requests, and which of them are the user's."""

from __future__ import annotations

from typing import Any

import pytest

from easy_esmm.config.serving_columns import serving_names, user_columns

# (old, new, edits=(), command="check") -> Pipeline; see conftest.py.
Load = Any


def of_user(load: Load, export: str, data: str = "") -> Any:
    text = f'export_config {{ {export} }}\ndata_config {{ {data}\n  input_fields {{ input_name: "c'
    return user_columns(load('data_config {\n  input_fields { input_name: "c', text).config)


def test_without_a_word_no_column_is_the_users(load: Load) -> None:
    assert serving_names(load().config) == ("user", "item", "tags", "price")
    assert user_columns(load().config) == ()


def test_chosen_columns_keep_the_order_of_the_inputs(load: Load) -> None:
    assert of_user(load, 'user_columns: ["tags", "user"]') == ("user", "tags")


def test_columns_of_users_files_are_the_users(load: Load) -> None:
    files = 'input_type: ParquetInput user_rows { columns: ["price", "user"] }'
    assert of_user(load, "", files) == ("user", "price")


@pytest.mark.parametrize("export", ["multi_placeholder: false", "batch_size: 5"])
def test_a_request_of_one_text_or_of_a_fixed_size_has_no_user(load: Load, export: str) -> None:
    assert of_user(load, f'user_columns: "user" {export}') == ()
