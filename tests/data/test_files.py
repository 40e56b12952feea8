"""Which files a comma list of globs names."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from easy_esmm.data.files import find_files
from easy_esmm.errors import UserError
from easy_esmm.simulation.truth import MARK


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some files."""
    for name in ("b.csv", "a.csv", "c[1].csv", "_SUCCESS", "x.txt"):
        (tmp_path / name).write_text("1\n")
    (tmp_path / "sub.csv").mkdir()
    return tmp_path


def test_globs_keep_the_order_of_the_list_and_are_sorted_inside(folder: Path) -> None:
    found = find_files(f"{folder}/x.txt, {folder}/?.csv,{folder}/*.csv")
    assert [Path(path).name for path in found] == ["x.txt", "a.csv", "b.csv", "c[1].csv"]


def test_marks_of_other_programs_are_left_out(folder: Path) -> None:
    assert "_SUCCESS" not in {Path(path).name for path in find_files(f"{folder}/*")}


def test_a_file_with_brackets_in_its_name_can_be_named(folder: Path) -> None:
    assert find_files(f"{folder}/c[1].csv") == (f"{folder}/c[1].csv",)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ("", "no input files are named"),
        (" , ", "no input files are named"),
        ("{0}/nothing*", r"nothing\*: matches no file"),
        ("{0}/a.csv,{0}/z.csv", r"z\.csv: matches no file"),
        ("{0}/_SUCCESS", "matches no file"),
        ("{0}", "a folder; name the files, as in"),
        (
            "nowhere://a/b",
            r"nowhere://a/b: cannot be looked at \(File system scheme 'nowhere' not implemented "
            r".*; the package tensorflow-io brings s3://, hdfs:// and others\)",
        ),
        ("ram://nothing/*.csv", r"^ram://nothing/\*\.csv: matches no file$"),
    ],
)
def test_what_cannot_be_found_is_an_error(folder: Path, paths: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        find_files(paths.format(folder))


def test_planted_truth_is_refused_whatever_its_name(tmp_path: Path) -> None:
    table = pa.table({"pctr": [0.5]}).replace_schema_metadata(MARK)
    pq.write_table(table, tmp_path / "harmless.parquet")
    with pytest.raises(UserError, match="planted truth, whose columns are the answers"):
        find_files(str(tmp_path / "*.parquet"))
