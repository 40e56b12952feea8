"""Guesses the encoding of text that is not UTF-8. No TensorFlow.

Most encodings decode almost any bytes, to rare characters in an odd order. So each is asked how
much of the text it would have are characters, and neighbours, that are usual in its language. The
first planes of the Chinese, Japanese and Korean sets hold the usual ones.
"""

from __future__ import annotations

import re
from typing import Callable, List, NamedTuple, Tuple

_LOST = "\ufffd"
_LEAST_SHARE = 0.7
"""Of the characters that are not ASCII; below it a guess says nothing."""
_NEAR = 0.9
"""An encoding whose share is so much of the best one's may be meant, too."""
_CONTROLS = re.compile("[\u0080-\u009f]")
_EAST_ASIAN_MARKS = r"\u3000-\u301f\uff01-\uff5e"


def likely_encodings(text: bytes) -> List[str]:
    """Names for `data_config.encoding` that may be meant, the likeliest first; at most two.

    `utf-8` where most of it is: characters are cut or damaged. Empty where nothing fits.
    """
    utf_8 = text.decode("utf-8", "replace")
    lost = utf_8.count(_LOST)
    if len([c for c in utf_8 if c > "\x7f"]) > 2 * lost:
        return ["utf-8"]
    scores = [(_share(candidate, text), candidate) for candidate in _CANDIDATES]
    best = max(score for score, _ in scores)
    if best < _LEAST_SHARE:
        return []
    scores.sort(key=lambda scored: -scored[0])  # of equals, the first of the list stays first
    near = [_narrowest(candidate, text) for score, candidate in scores if score >= _NEAR * best]
    chosen = text.decode(near[0], "replace")
    others = [name for name in near if text.decode(name, "replace") != chosen]
    return [near[0], *others[:1]]


class _Candidate(NamedTuple):
    names: Tuple[str, ...]
    """Codecs, the usual name first, then those that know more characters."""
    usual: Callable[[str, str], float]
    """Of (text, codec): the number of usual characters that are not ASCII."""


def _share(candidate: _Candidate, text: bytes) -> float:
    """The share of usual characters among those that are not ASCII."""
    codec = candidate.names[-1]
    decoded = text.decode(codec, "replace")
    others = len([c for c in decoded if c > "\x7f"]) + 2 * decoded.count(_LOST)
    return candidate.usual(decoded, codec) / others if others else 0.0


def _narrowest(candidate: _Candidate, text: bytes) -> str:
    for name in candidate.names:
        try:
            if not _CONTROLS.search(text.decode(name)):
                return name
        except UnicodeDecodeError:
            continue
    return candidate.names[-1]


def _in_first_plane(first: int, last: int) -> Callable[[str, str], float]:
    """Counts characters of two bytes of which the first is in this range, and East Asian marks."""
    marks = re.compile(f"[{_EAST_ASIAN_MARKS}]")

    def count(text: str, codec: str) -> float:
        return sum(
            bool(marks.match(c)) or _is_pair(c.encode(codec, "replace"), first, last)
            for c in text
            if c > "\x7f"
        )

    return count


def _is_pair(code: bytes, first: int, last: int) -> bool:
    return len(code) == 2 and first <= code[0] <= last


def _simplified(text: str, codec: str) -> float:
    """As in the first plane of GB 2312, whose second bytes are high."""
    return sum(
        bool(re.match(f"[{_EAST_ASIAN_MARKS}]", c))
        or (_is_pair(c.encode(codec, "replace"), 0xB0, 0xD7) and c.encode(codec)[1] > 0xA0)
        for c in text
        if c > "\x7f"
    )


def _hangul(text: str, codec: str) -> float:
    """Korean; where there are few syllables, they may be Chinese of the first plane."""
    syllables = [
        c for c in text if c >= "\uac00" and _is_pair(c.encode(codec, "replace"), 0xB0, 0xC8)
    ]
    marks = len(re.findall(f"[{_EAST_ASIAN_MARKS}]", text))
    return (len(syllables) + marks) * (1.05 if len(set(syllables)) > 3 else 0.95)


def _japanese(first: int, last: int) -> Callable[[str, str], float]:
    """Kana and kanji of the first plane; kanji alone are as likely Chinese."""
    kanji = _in_first_plane(first, last)

    def count(text: str, codec: str) -> float:
        kana = len(re.findall("[\u3041-\u30fc]", text))
        return kana + kanji(text, codec) * (1.0 if kana * 10 >= len(text) else 0.75)

    return count


def _cyrillic(text: str, codec: str) -> float:
    """Letters in words of their own, capitals at the start or throughout."""
    words = re.findall("[A-Za-z\u0400-\u045f]+", text)
    usual = "[\u0401\u0410-\u042f]?[\u0430-\u044f\u0451]+"
    capitals = "[\u0401\u0410-\u042f]{2,}"
    return sum(
        len(word) * (1.0 if re.fullmatch(usual, word) else 0.85)
        for word in words
        if len(word) > 1 and re.fullmatch(f"{usual}|{capitals}", word)
    )


def _latin(text: str, codec: str) -> float:
    """Letters beside letters of ASCII, and signs. Western text is legal eastern text, too."""
    letters = re.findall("(?<=[A-Za-z])[\u00c0-\u024f]|[\u00c0-\u024f](?=[A-Za-z])", text)
    signs = re.findall("[\u00a3\u00a7\u00a9\u00ae\u00b0-\u00b3\u00bd\u2013-\u2026\u20ac]", text)
    return (len(letters) + 0.7 * len(signs)) * (0.89 if codec == "cp1250" else 1.0)


_CANDIDATES = (
    _Candidate(("gb18030",), _simplified),
    _Candidate(("big5", "cp950", "big5hkscs"), _in_first_plane(0xA4, 0xC6)),
    _Candidate(("shift_jis", "cp932"), _japanese(0x88, 0x97)),
    _Candidate(("euc_jp",), _japanese(0xB0, 0xCF)),
    _Candidate(("euc_kr", "cp949"), _hangul),
    _Candidate(("cp1251",), _cyrillic),
    _Candidate(("koi8_r",), _cyrillic),
    _Candidate(("cp866",), _cyrillic),
    _Candidate(("latin-1", "cp1252"), _latin),
    _Candidate(("cp1250",), _latin),
)
