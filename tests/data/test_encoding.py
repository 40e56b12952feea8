"""Text that is no UTF-8 is named, skipped, or read through `data_config.encoding`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from easy_esmm.config import Problem
from easy_esmm.config.problems import Place
from easy_esmm.config.text_encoding import why_unusable
from easy_esmm.data import check_files, input_fn
from easy_esmm.data.likely_encoding import likely_encodings
from tests.data.messages import message_of

ADVICE = "; fix the row or set data_config.ignore_error"
ROWS = "0,1,7,上衣\n0,0,8,裙子|帽子\n1,1,9,\n"
GUESS = "it may be gb18030 ('上衣'): set data_config.encoding"
FAULT = f"column 'text': no text of utf-8, got {'上衣'.encode('gbk')!r}; {GUESS}"


class FakePipeline:
    """As much of a Pipeline as the gate asks for."""

    def __init__(self, config: Any) -> None:
        self.config = config

    def problem(self, field: str, rule: str, value: Any = None, hint: Any = None) -> Problem:
        """A problem of a config without lines."""
        return Problem(Place(""), field, rule, value, hint)


@pytest.mark.parametrize("encoding", ["gbk", "GB18030", "big5", "shift_jis", "utf-8-sig", "UTF8"])
@pytest.mark.parametrize("data", ["", "with_header: true "])
@pytest.mark.parametrize("split", ["eval", "train"])
def test_text_is_what_it_is_in_utf_8(
    make_config: Any, read: Any, tmp_path: Path, encoding: str, data: str, split: str
) -> None:
    # The second byte of 功 in Big5 and of ソ in Shift-JIS is a backslash.
    extra = {"big5": "功", "shift_jis": "ソ"}.get(encoding, "慭")
    rows = f"0,1,7,上衣\n0,0,8,花|草\n1,1,9,\n1,1,10,{extra}\n"
    header = "buy,click,id,文\n" if data else ""
    path = tmp_path / "a.csv"
    path.write_bytes((header + rows).encode(encoding))
    columns = {"buy": "INT32", "click": "INT32", "id": "INT64", "文": "STRING"}
    more = f'{data}encoding: "{encoding}" shuffle: false num_epochs: 1'
    found = read(input_fn(make_config(columns, data=more), split, str(path))())
    assert found.columns["id"] == [7, 8, 9, 10]
    assert found.columns["文"] == ["上衣".encode(), "花|草".encode(), b"", extra.encode()]


def test_a_separator_inside_a_character_does_not_cut(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    # The second byte of 亅 in GBK and of ポ in Shift-JIS is '|'.
    for encoding, text in (("gbk", "亅"), ("shift_jis", "ポ"), ("big5", "育")):
        assert b"|" in text.encode(encoding), encoding
        path = tmp_path / "a.csv"
        path.write_bytes(f"0|1|7|{text}\n0|0|8|{text}{text}\n".encode(encoding))
        config = make_config(data=f'separator: "|" encoding: "{encoding}"')
        texts = read(input_fn(config, "eval", str(path))()).columns["text"]
        assert texts == [text.encode(), 2 * text.encode()]


def test_other_text_is_a_bad_row_with_its_likely_encoding(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"0,0,1,a\n\n" + ROWS.encode("gbk"))
    for split in ("eval", "train"):
        message = message_of(input_fn(make_config(data="shuffle: false"), split, str(path)))
        assert message == f"{path}:3: {FAULT}{ADVICE}"


def test_other_text_is_skipped_and_counted(make_config: Any, read: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("0,0,%d,a\n" * 3000 % tuple(range(3000))).encode() + ROWS.encode("gbk"))
    make_dataset = input_fn(make_config(data="ignore_error: true"), "eval", str(path))
    assert read(make_dataset()).columns["id"] == [*range(3000), 9]
    assert make_dataset.skipped.by_file == {str(path): 2}
    expected = f"{path}:3001: {FAULT.partition(' (')[0]}"
    assert make_dataset.skipped.places[0].startswith(expected)


@pytest.mark.parametrize(
    ("line", "encoding", "expected"),
    [
        (b"0,0,1,\xe4\xb8\x8a\xe8\xa1\xa3\xe8\xa1", "utf-8",
         "column 'text': no text of utf-8, got b'\\xe4\\xb8\\x8a\\xe8\\xa1\\xa3\\xe8\\xa1'; "
         "its bytes are damaged or cut, or data_config.encoding is another"),
        (b"0,0,1,\xed\xa0\x80", "utf-8", "column 'text': no text of utf-8, got b'\\xed\\xa0\\x80'"),
        (b"0,0,\xff,a", "gbk", "column 'id': no text of gbk, got b'\\xff'"),
        (b"0,0,1,a,\xff", "ascii", "no text of ascii, got b'0,0,1,a,\\xff'"),
        (b"0,0,1,\xc0\xaf", "utf-8", "column 'text': no text of utf-8, got b'\\xc0\\xaf'"),
        (b"0,0,1," + b"\xff" * 99, "utf-8",
         "column 'text': no text of utf-8, got b'" + "\\xff" * 60 + "'..."),
        ("0,0,1,caf\xe9".encode("latin-1"), "utf-8",
         "column 'text': no text of utf-8, got b'caf\\xe9'; it may be latin-1 ('é')"),
        (b'\0"', "utf-8", "the quotes are not balanced"),
        (b'0,0,1,\r"a"', "utf-8", "the quotes are not balanced"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_told_by_column_and_bytes(
    make_config: Any, tmp_path: Path, line: bytes, encoding: str, expected: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"0,0,5,a\n" + line + b"\n")
    config = make_config(data=f'encoding: "{encoding}"')
    assert message_of(input_fn(config, "eval", str(path))).startswith(f"{path}:2: {expected}")


def test_the_mark_of_utf_8_contradicts_another_encoding(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(ROWS.encode("utf-8-sig"))
    message = message_of(input_fn(make_config(data='encoding: "gbk"'), "eval", str(path)))
    assert message.startswith(
        f"{path}: begins with the byte order mark of UTF-8, so that it is not"
    )


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gb18030", "上衣\n裙子"),
        ("gb18030", "电子产品|家用电器"),
        ("big5", "臺北,手機,電腦"),
        ("big5", "的一是在不了有和人這中大為上個國我以要他"),
        ("shift_jis", "これは日本語です"),
        ("euc_jp", "スカート,赤い靴"),
        ("euc_kr", "안녕하세요 한국어"),
        ("cp1251", "платье,юбка"),
        ("koi8_r", "платье,юбка"),
        ("latin-1", "Müller,Größe"),
        ("cp1252", "it\u2019s \u20ac5"),
        ("utf-8", "上衣"),
    ],
)
def test_the_likely_encoding_of_usual_text_is_its_own(encoding: str, text: str) -> None:
    assert likely_encodings(text.encode(encoding))[0] == encoding


def test_bytes_in_which_nothing_is_usual_have_no_likely_encoding() -> None:
    assert likely_encodings(bytes(range(128, 256))) == []


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "gbk", "gb18030", "big5", "cp932", "cp1251",
                                  "latin-1", "ascii", "utf-8-sig", "euc-kr"])  # fmt: skip
def test_encodings_that_keep_ascii_are_read(name: str) -> None:
    assert why_unusable(name) == ""


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-32", "utf-7", "hz", "idna",
                                  "punycode",
                                  "iso2022_jp", "unicode_escape", "raw_unicode_escape", "cp037",
                                  "rot13", "base64", "zlib", "undefined", "gb", "", "a\0", "é",
                                  "shift_jisx0213"])  # fmt: skip
def test_other_encodings_are_refused(name: str) -> None:
    assert why_unusable(name)


def test_the_check_tells_of_text_before_the_first_step(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    pipeline: Any = FakePipeline(make_config())

    def check(content: bytes, data: str = "") -> Any:
        path.write_bytes(content)
        pipeline.config = make_config(data=data)
        found = [str(problem) for problem in check_files(pipeline, "eval", str(path))]
        return [problem.replace(f"{path.parent}/", "").lstrip(": ") for problem in found]

    field = "data_config.encoding: a.csv"
    assert check(b"0,0,1,a\n" + ROWS.encode("gbk")) == [f"{field}:2: {FAULT}"]
    assert check(b"0,0,1,a\n" + ROWS.encode("gbk"), "ignore_error: true") == []
    assert check(ROWS.encode("gbk"), 'encoding: "gbk"') == []
    header = "buy,click,id,text,文\n".encode("gbk")
    for data in ("with_header: true", "with_header: true ignore_error: true"):
        (problem,) = check(header + b"0,0,1,a,b\n", data)
        assert problem.startswith(f"{field}:1: no text of utf-8, got {header[:-1]!r}; it may be")
    (problem,) = check("0,0,1,上\n".encode(), 'encoding: "gbk"')
    assert problem.endswith("it is UTF-8 ('上'): leave data_config.encoding out")
    for encoding, text in (
        ("gbk", "上衣"),
        ("cp1251", "платье и юбка"),
        ("gbk", "上衣\n0,0,2,裙子"),
    ):
        row = f"0,0,1,{text}\n"
        assert row.encode().decode(encoding)
        (problem,) = check(row.encode(), f'encoding: "{encoding}"')
        assert problem == (
            f"{field}: the text is UTF-8, and is read as {encoding}; leave data_config.encoding out"
        )
        assert check(row.encode(encoding), f'encoding: "{encoding}"') == []
