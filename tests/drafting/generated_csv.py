"""CSV files as many programs write them, some with a flaw whose reason `init` has to name."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Dict, Iterable, List, Optional, Tuple

from hypothesis import strategies as st

from tests.drafting.generated_cells import CELLS, cells

SEPARATORS = (",", "\t", ";", "|", "\001")
NAMES = ("x", "X", "user_id", "item id", "größe", "价格", "a/b", "x:0", "_x", "1st", "a.b", "loss",
         "features", "global_step", "probs_ctr", 'a "b"', "it's", "logits", "Unnamed: 0", "a,b",
         "time", "price", "weight", "#n", "a\\b", "{y}", "is_new", "labels", "")  # fmt: skip

ENCODINGS: Dict[str, Tuple[str, ...]] = {
    "gb18030": ("上衣", "裙子", "手机", "北京", "用户", "品类"),
    "big5": ("臺灣", "電腦", "衣服", "我們", "時間"),
    "shift_jis": ("カメラ", "これは", "ください", "東京", "ひらがな"),
    "euc_kr": ("한국어", "안녕하세요", "가나다", "서울", "사람"),
    "cp1251": ("Москва", "привет", "телефон", "книга", "обувь"),
    "latin-1": ("größe", "café", "señor", "München", "français"),
}
"""Encodings that `data_config.encoding` names -> words of theirs."""

FLAWS: Dict[str, str] = {
    "separator behind rows": r":1: the first line has \d+ cells .* each of them ends with",
    "separator behind header": r":1: the first line has \d+ cells .*: it ends with a separator",
    "name too many": r":1: the first line has \d+ cells",
    "name too few": r":1: the first line has \d+ cells",
    "doubled name": r":1: the header has column 'twice' twice",
    "header only": r": holds a header and no row$",
    "line break in a cell": r"(:\d+: the quotes are not balanced|: not a table: )",
    "separator of Excel": r":1: the first line has \d cells \('sep=",
    "second file lacks a column": r"/log-2\.csv(\.gz)?: the header has no column '",
    "comment": r":1: the first line looks like a comment",
    "blank first line": r":3: the header must stand in the first line of the file, which is blank",
    "nothing": r": holds no row$",
    "one column": r": not a table: .* cuts into several cells$",
    "other separator": r": not a table: ",
    "ragged": r"(:\d+: \d+ cells where \d+ are expected; of \d+ sampled|not a table: .* and line)",
    "quotes behind blanks": r":\d+: the quotes are not balanced",
    "spoilt label": r"(does not hold 0 and 1 only, but 'maybe' too|must hold 0 and 1, got 'maybe')",
    "utf-16": r"UTF-16",
    "gzip without its name": r"its content is gzip; name it ",
}
"""Flaw -> what the refusal of it matches."""


@dataclass(frozen=True)
class Plan:
    """What a file is made of."""

    seed: int
    rows: int
    kinds: Tuple[str, ...]
    names: Tuple[str, ...]
    missing: float
    separator: str
    has_header: bool
    flaw: str
    """A key of FLAWS, or '' for a file that can be trained on."""
    gap: str
    """Blanks behind each separator."""
    end: str
    last_end: bool
    mark: bool
    is_compressed: bool
    quotes_all: bool
    bad_lines: int
    label_form: int
    gives_labels: bool
    click_rate: float
    encoding: str
    numbers_names: bool
    """Whether the header is 0, 1, 2, as pandas writes it where columns have no names."""
    files: int


PLANS = st.builds(
    Plan,
    seed=st.integers(0, 2**32),
    rows=st.sampled_from((1, 2, 7, 60, 150, 400)),
    kinds=st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=6).map(tuple),
    names=st.lists(st.sampled_from(NAMES), min_size=6, max_size=6, unique=True).map(tuple),
    missing=st.sampled_from((0.0, 0.0, 0.1, 0.6)),
    separator=st.sampled_from(SEPARATORS),
    has_header=st.sampled_from((True, True, True, False)),
    flaw=st.one_of(st.just(""), st.just(""), st.just(""), st.sampled_from(sorted(FLAWS))),
    gap=st.sampled_from(("", "", "", " ", "  ")),
    end=st.sampled_from(("\n", "\n", "\r\n")),
    last_end=st.booleans(),
    mark=st.booleans(),
    is_compressed=st.sampled_from((False, False, False, True)),
    quotes_all=st.sampled_from((False, False, True)),
    bad_lines=st.sampled_from((0, 0, 0, 1, 3)),
    label_form=st.integers(0, 3),
    gives_labels=st.booleans(),
    click_rate=st.sampled_from((0.0, 0.3, 0.5, 0.9)),
    encoding=st.sampled_from(("utf-8", "utf-8", "utf-8", *ENCODINGS)),
    numbers_names=st.sampled_from((False, False, False, True)),
    files=st.sampled_from((1, 1, 2)),
)


@dataclass(frozen=True)
class Log:
    """A file, and what `init` is told about it."""

    path: Path
    click: Optional[str]
    conversion: Optional[str]
    reason: str
    """What a refusal has to match; '' where none is due."""
    is_learnable: bool
    """Whether a column is there that nothing speaks against."""
    encoding: str = "utf-8"
    text: str = ""
    """What the bytes of a CSV file mean."""


def write(plan: Plan, folder: Path) -> Log:
    """The file of a plan."""
    random = Random(plan.seed)
    flaw = plan.flaw
    needs_header = plan.has_header or flaw in _OF_HEADERS
    rows = max(plan.rows, 60) if flaw else plan.rows
    table = _columns(plan, random, rows, flaw)
    plan = _with_bearable_blanks(plan, table)
    lines = [_line(plan, row) for row in zip(*table.values())]
    names = list(table)
    if plan.numbers_names and needs_header and not flaw:
        names = [str(place) for place in range(len(names))]
    header = _line(plan, names)
    is_learnable = rows >= 60
    if flaw:
        lines = _with_flaw(flaw, plan, table, header, lines)
    else:
        lines = _with_bad_lines(plan, random, lines)
        lines = [header, *lines] if needs_header else lines
    text = plan.end.join(lines) + (plan.end if lines and _ends(plan) else "")
    encoding = "utf-16" if flaw == "utf-16" else plan.encoding
    content = text.encode(encoding, "replace")
    if plan.mark and encoding == "utf-8" and content:
        content = b"\xef\xbb\xbf" + content
    name = "log.csv"
    if flaw == "gzip without its name":
        content = gzip.compress(content)
    elif plan.is_compressed:
        content, name = gzip.compress(content), "log.csv.gz"
    path = folder / name
    path.write_bytes(content)
    if flaw == "second file lacks a column" or (plan.files == 2 and not flaw):
        lost = next(name for name in table if name in ("click", "buy", "shop"))
        renamed = _line(plan, [f"{name}2" if name == lost else name for name in table])
        other = plan.end.join([renamed, *lines[1:]]).encode(plan.encoding, "replace")
        path = _two_files(path, other if flaw else content)
    labels = _labels(plan, list(table), needs_header)
    meant = content.decode(encoding) if not name.endswith(".gz") and flaw not in _NO_TEXT else ""
    return Log(path, labels[0], labels[1], FLAWS.get(flaw, ""), is_learnable, plan.encoding, meant)


def _ends(plan: Plan) -> bool:
    """Whether the last line has an end; a lone line with a carriage return inside must have one."""
    return plan.last_end or "returns" in plan.kinds


def _two_files(path: Path, second: bytes) -> Path:
    """A glob of the file, which is renamed, and of one with the bytes `second`."""
    for number in (2, 1):
        other = path.with_name(path.name.replace("log", f"log-{number}"))
        if number == 2:
            other.write_bytes(second if path.suffix != ".gz" else _compressed(second))
        else:
            path.rename(other)
    return path.with_name(path.name.replace("log", "log-[12]"))


def _compressed(content: bytes) -> bytes:
    return content if content.startswith(b"\x1f\x8b") else gzip.compress(content)


def _labels(plan: Plan, names: List[str], needs_header: bool) -> Tuple[Optional[str], ...]:
    """What `--click` and `--conversion` say."""
    places = [names.index(label) for label in ("click", "buy")]
    if not needs_header:
        return tuple(f"column{place + 1}" for place in places)
    if plan.numbers_names and not plan.flaw:
        return tuple(map(str, places))
    return ("click", "buy") if plan.gives_labels else (None, None)


_NO_TEXT = ("gzip without its name", "utf-16")


_OF_HEADERS = (
    "separator behind rows",
    "separator behind header",
    "name too many",
    "name too few",
    "doubled name",
    "header only",
    "line break in a cell",
    "separator of Excel",
    "second file lacks a column",
    "comment",
    "blank first line",
    "spoilt label",
)


def _with_bearable_blanks(plan: Plan, table: Dict[str, List[str]]) -> Plan:
    """Without blanks behind separators where cells are quoted: such rows are bad ones."""
    cells_and_names = [*table, *(cell for column in table.values() for cell in column)]
    if plan.gap and any(_quoted(plan, one).startswith('"') for one in cells_and_names):
        return replace(plan, gap="")
    return plan


def _columns(plan: Plan, random: Random, rows: int, flaw: str) -> Dict[str, List[str]]:
    """Columns by name, in the order of the file."""
    made: Dict[str, List[str]] = {}
    words = ENCODINGS.get(plan.encoding)
    for kind, name in zip(plan.kinds, plan.names):
        column = cells(kind, random, rows, plan.missing)
        if words:  # no mixture of scripts, which has no encoding
            column = [one if one.isascii() else random.choice(words) for one in column]
        made[name] = column
    if words and flaw not in ("other separator", "one column", "quotes behind blanks"):
        made["word"] = [random.choice(words) for _ in range(rows)]
    made["shop"] = [f"s{random.randint(0, 4)}" for _ in range(rows)]
    click = [random.random() < plan.click_rate for _ in range(rows)]
    buy = [one and random.random() < 0.5 for one in click]
    zero_and_one = (("0", "1"), ("false", "true"), ("0.0", "1.0"), ("0", "1"))[plan.label_form]
    made["click"] = [zero_and_one[one] for one in click]
    made["buy"] = [zero_and_one[one] for one in buy]
    if plan.label_form == 3 and rows > 9:
        made["buy"][3] = ""
    if flaw == "spoilt label":
        made["click"][5] = "maybe"
    names = list(made)
    random.shuffle(names)
    return {name: made[name] for name in names}


def _line(plan: Plan, row: Iterable[str]) -> str:
    return (plan.separator + plan.gap).join(_quoted(plan, cell) for cell in row)


def _quoted(plan: Plan, cell: str) -> str:
    if plan.quotes_all or any(one in cell for one in ('"', plan.separator)):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _with_bad_lines(plan: Plan, random: Random, lines: List[str]) -> List[str]:
    """Some lines that are no rows, few of many, and none of them the first."""
    if len(lines) < 60:
        return lines
    lines = list(lines)
    for n in range(plan.bad_lines):
        place = random.randint(1, len(lines) - 1)
        lines.insert(place, (lines[0] + plan.separator, 'x"y', "")[n])
    return lines


def _with_flaw(
    flaw: str, plan: Plan, table: Dict[str, List[str]], header: str, lines: List[str]
) -> List[str]:
    end = plan.separator
    if flaw == "doubled name":
        first = next(iter(table.values()))
        return [
            _line(plan, ["twice", "twice", *table]),
            *(_line(plan, [one, one, *row]) for one, row in zip(first, zip(*table.values()))),
        ]
    made: Dict[str, List[str]] = {
        "separator behind rows": [header, *(line + end for line in lines)],
        "separator behind header": [header + end, *lines],
        "name too many": [header + end + "y" + end + "z", *lines],
        "name too few": [_line(plan, list(table)[1:]), *lines],
        "header only": [header],
        "line break in a cell": [header, *(f'{line}{end}"a{plan.end}b"' for line in lines)],
        "separator of Excel": [f"sep={end}", header, *lines],
        "comment": ["# by hand", header, *lines],
        "blank first line": ["", "", header, *lines],
        "nothing": [],
        "one column": ["click", *(str(n % 2) for n in range(60))],
        "other separator": [f"{n % 2}^{n % 3 // 2}^{n % 7}" for n in range(60)],
        "ragged": [header, *(line + end * (n % 3) for n, line in enumerate(lines))],
        "quotes behind blanks": [f'{n % 2}{end} "{n % 3 // 2}"{end} "a"' for n in range(60)],
    }
    return made.get(flaw, [header, *lines])
