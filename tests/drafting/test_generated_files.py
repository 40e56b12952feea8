"""Whatever the file: what `init` drafts passes `check` and trains, and a refusal names its cause.

Files are generated from fixed seeds; `make fuzz TARGET=init` draws others, by the thousand.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.drafting.fuzz import CSV, PARQUET, run


@pytest.mark.parametrize("files", [CSV, PARQUET], ids=["csv", "parquet"])
def test_drafts_of_some_generated_files_pass_the_checks(files: Any) -> None:
    counts = run(files, 40, is_trained=False)
    assert counts["drafted"] > counts["refused"] > 0


@pytest.mark.slow
def test_drafts_of_500_generated_files_pass_the_checks() -> None:
    of_csv, of_parquet = (run(files, 250, is_trained=False) for files in (CSV, PARQUET))
    for counts in (of_csv, of_parquet):
        assert counts["drafted"] + counts["refused"] >= 250
        assert counts["drafted"] > counts["refused"] > 10


@pytest.mark.slow
@pytest.mark.parametrize("files", [CSV, PARQUET], ids=["csv", "parquet"])
def test_drafts_of_15_generated_files_train(files: Any) -> None:
    assert run(files, 15, is_trained=True)["trained"] >= 15
