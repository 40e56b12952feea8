"""`init` on text that is not UTF-8: the encoding is named in the draft, or asked for."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from easy_esmm.data.formats import read_sample
from easy_esmm.drafting import draft
from easy_esmm.errors import UserError

GOODS = ["上衣", "裙子", "鞋子", "手机"]


def chinese(rows: int = 120) -> List[str]:
    return [
        "用户,品类,click,buy",
        *(f"用户{n % 9},{GOODS[n % 4]},{n % 3 // 2},{n % 6 // 5}" for n in range(rows)),
    ]


def write(folder: Path, lines: List[str], encoding: str) -> Path:
    path = folder / "log.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def test_a_clear_encoding_is_guessed_and_told(tmp_path: Path) -> None:
    path = write(tmp_path, chinese(), "gbk")
    made = draft(str(path))
    assert '\n  encoding: "gb18030"\n' in made.text
    assert 'input_names: ["品类"]' in made.text
    assert "CSV, encoding gb18030 (guessed; --encoding names another), sep" in made.notes[0]
    assert set(read_sample(str(path), 1000, []).columns["品类"]) == set(GOODS)


def test_a_given_encoding_is_taken(tmp_path: Path) -> None:
    sample = read_sample(str(write(tmp_path, chinese(2), "gbk")), 9, [], "gbk")
    assert sample.settings["encoding"] == "gbk"
    assert sample.description.startswith("CSV, encoding gbk, sep")
    assert sample.columns["品类"] == GOODS[:2]


def test_without_evidence_the_candidates_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, ["click,buy,品类", "0,1,裙子"], "gbk")
    with pytest.raises(UserError) as caught:
        draft(str(path))
    message = str(caught.value)
    assert message.startswith(f"{path}:1: no text of utf-8, got b'click,buy,\\xc6\\xb7")
    assert "it may be gb18030" in message
    assert message.endswith("name it by --encoding")


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("latin1", "log.csv: the text is UTF-8, and not latin1; leave --encoding out"),
        ("utf-16", "--encoding: must be the name of a Python codec in which bytes below 128 are "),
        ("gbq", "got 'gbq'; Python has no codec of this name"),
    ],
)
def test_an_encoding_that_cannot_be_is_refused(tmp_path: Path, encoding: str, message: str) -> None:
    path = write(tmp_path, chinese(), "utf-8")
    with pytest.raises(UserError) as caught:
        draft(str(path), encoding=encoding)
    assert message in str(caught.value)


def test_a_damaged_line_of_utf_8_is_a_bad_row(tmp_path: Path) -> None:
    path = write(tmp_path, chinese(), "utf-8")
    lines = path.read_bytes().split(b"\n")
    lines[50] = lines[50][1:]
    path.write_bytes(b"\n".join(lines))
    made = draft(str(path))
    assert "encoding" not in made.text.replace("utf-8", "").split("train_config")[1]
    assert f"# 1 bad rows in the sample, the first: {path}:51: no text of utf-8, got" in made.text
    assert "\n  ignore_error: true\n" in made.text
