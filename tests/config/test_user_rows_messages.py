"""What the second gate says about `data_config.user_rows`."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

# (old, new, edits=(), command="check") -> lines; see conftest.py.
Problems = Any

AT = '  label_fields: "buy"'
PARQUET = "  input_type: ParquetInput user_rows { "
END = ' } label_fields: "buy"'

# What is wrong: (what is inside user_rows, all lines of the message).
CASES: Dict[str, Tuple[str, List[str]]] = {
    "nothing": ('columns: ["user", "price"]', []),
    "no_columns": ("", ["x.config:15:28: data_config.user_rows.columns: must list the columns of the users files"]),
    "unknown_column": (
        'columns: ["user", "pirce"]',
        ['x.config:15:58: data_config.user_rows.columns[1]: must be a column of data_config.input_fields, got "pirce"; did you mean price?'],
    ),
    "one_unknown_column": (
        'columns: "pirce"',
        ['x.config:15:40: data_config.user_rows.columns[0]: must be a column of data_config.input_fields, got "pirce"; did you mean price?'],
    ),
    "column_twice": (
        'columns: ["user", "user"]',
        ['x.config:15:58: data_config.user_rows.columns[1]: must be unique: another column of the users files has this name at line 15, got "user"'],
    ),
    "label": (
        'columns: ["user", "buy"]',
        ['x.config:15:58: data_config.user_rows.columns[1]: must not be a label: each impression has its own, got "buy"'],
    ),
    "empty_names": (
        'columns: "user" row_column: "" file_prefix: "" impression_file_prefix: "i"',
        [
            'x.config:15:56: data_config.user_rows.row_column: must be a string that is not empty, got ""',
            'x.config:15:71: data_config.user_rows.file_prefix: must be a string that is not empty, got ""',
        ],
    ),
    "row_column_is_an_input": (
        'columns: "user" row_column: "item"',
        ['x.config:15:56: data_config.user_rows.row_column: must not be a column of data_config.input_fields: it is no input of the model, got "item"'],
    ),
    "one_prefix": (
        'columns: "user" file_prefix: "impressions"',
        ['x.config:15:56: data_config.user_rows.file_prefix: must not be as impression_file_prefix: users have files of their own, got "impressions"'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_problem_is_named_with_its_place(case: str, problems_of: Problems) -> None:
    inside, lines = CASES[case]
    assert problems_of(AT, PARQUET + inside + END) == lines


def test_the_sample_weight_stays_with_the_impressions(problems_of: Problems) -> None:
    text = PARQUET + 'columns: ["user", "price"] } sample_weight: "price" label_fields: "buy"'
    assert (
        "x.config:15:58: data_config.user_rows.columns[1]: must not be the sample weight: each "
        'impression has its own, got "price"'
    ) in problems_of(AT, text)


def test_users_are_read_from_parquet_only(problems_of: Problems) -> None:
    assert problems_of(AT, '  user_rows { columns: "user" } label_fields: "buy"') == [
        "x.config:15:3: data_config.user_rows: needs input_type: ParquetInput, not CSVInput"
    ]


def test_a_feature_of_both_sides_is_refused(problems_of: Problems) -> None:
    edit = PARQUET + 'columns: "tags" } label_fields: "buy" label_fields: "click"\n}\n'
    edit += 'feature_config { features { feature_name: "both" input_names: ["tags", "price"] '
    edit += "feature_type: TagFeature hash_bucket_size: 9 embedding_dim: 8 } }\ndata_config {"
    problems = problems_of('  label_fields: "buy"\n  label_fields: "click"', edit)
    assert problems == [
        "x.config:17:64: feature_config.features[0].input_names: must be columns of the users "
        'files or of the impressions files, not of both: "tags" is in '
        'data_config.user_rows.columns, "price" is not'
    ]


def test_columns_of_the_user_in_requests_are_those_of_the_users_files(
    problems_of: Problems,
) -> None:
    text = PARQUET + 'columns: ["user", "price"] } label_fields: "buy" label_fields: "click"\n}\n'
    text += "export_config { user_columns: %s }\ndata_config {"
    old = '  label_fields: "buy"\n  label_fields: "click"'
    assert problems_of(old, text % '["user", "price"]') == []
    assert problems_of(old, text % '["user"]') == [
        "x.config:17:32: export_config.user_columns: must be the serving columns among "
        'data_config.user_rows.columns, which it is where it is left out; "price" is in one of '
        "them only"
    ]
