"""The truth file: what is written is read, and nothing mistakes it for data."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from easy_esmm.errors import UserError
from easy_esmm.simulation.truth import Truth, is_truth_file, read_truth, write_truth


def _truth() -> Truth:
    return Truth(
        sample_id=np.array([7, 8, 9]),
        click=np.array([0, 1, 1], np.int8),
        conversion=np.array([0, 0, 1], np.int8),
        pctr=np.array([0.1, 0.2, 0.3]),
        pcvr_do=np.array([0.01, 0.02, 0.03]),
        pcvr_click=np.array([0.011, 0.022, 0.033]),
        pctcvr=np.array([0.0011, 0.0044, 0.0099]),
        counterfactual_conversion=np.array([1, 0, 1], np.int8),
    )


def test_a_truth_file_gives_back_every_column_bit_for_bit(tmp_path):
    path = tmp_path / "test.truth.parquet"
    write_truth(path, _truth())
    read = read_truth(path)
    for field in dataclasses.fields(Truth):
        expected = getattr(_truth(), field.name)
        np.testing.assert_array_equal(getattr(read, field.name), expected)
        assert getattr(read, field.name).dtype == expected.dtype


def test_rows_cuts_every_column_alike():
    part = _truth().rows(1, 3)
    assert len(part) == 2
    np.testing.assert_array_equal(part.sample_id, [8, 9])
    np.testing.assert_array_equal(part.counterfactual_conversion, [0, 1])


def test_a_truth_file_is_known_even_under_another_name(tmp_path):
    path = tmp_path / "test.truth.parquet"
    write_truth(path, _truth())
    assert is_truth_file(path)
    renamed = path.rename(tmp_path / "part-0000.parquet")
    assert is_truth_file(renamed)
    assert read_truth(renamed).pctr[2] == 0.3


def test_other_files_are_not_truth_files(tmp_path):
    data = tmp_path / "data.truth.parquet"
    pq.write_table(pa.table({"click": [1], "pctr": [0.5]}), data)
    text = tmp_path / "data.csv"
    text.write_text("click,conversion\n1,0\n")
    assert not is_truth_file(data)
    assert not is_truth_file(text)
    assert not is_truth_file(tmp_path / "absent")
    assert not is_truth_file(tmp_path)


def test_reading_something_else_says_what_is_expected(tmp_path):
    data = tmp_path / "part-0000.parquet"
    pq.write_table(pa.table({"click": [1]}), data)
    with pytest.raises(UserError, match=r"part-0000.parquet: not a file of planted truth .*mark"):
        read_truth(data)
    with pytest.raises(UserError, match=r"absent.truth.parquet: no such file"):
        read_truth(tmp_path / "absent.truth.parquet")


def test_a_truth_file_without_a_column_is_refused_by_its_name(tmp_path):
    path = tmp_path / "test.truth.parquet"
    write_truth(path, _truth())
    pq.write_table(pq.read_table(path).drop(["pcvr_do", "pctr"]), path)
    with pytest.raises(UserError, match="columns missing from the planted truth: pctr, pcvr_do"):
        read_truth(path)


def test_a_truth_file_cannot_be_written_under_a_data_files_name(tmp_path):
    with pytest.raises(UserError, match=r"must end with '\.truth\.parquet'"):
        write_truth(tmp_path / "truth.parquet", _truth())
