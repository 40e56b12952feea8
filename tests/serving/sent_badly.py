"""Requests that nobody should send, to a served model: from C++ and from Python alike."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.errors import UserError
from easy_esmm.reporting.text_table import aligned
from easy_esmm.serving import warmup
from easy_esmm.serving.names import DEFAULT, RANK
from easy_esmm.serving.request_forms import Arrays
from easy_esmm.serving.saved_model import SavedModel
from easy_esmm.serving.warmup import Answered

ANSWER, ERROR = "answer", "error"
MIB = 2**20
ANOTHER_TYPE = "another type"
"""What a server refuses, and a session in Python converts first where it can."""


def bad_requests(good: Arrays, ranked: Arrays) -> Iterator[Tuple[str, str, str, Dict[str, Any]]]:
    """(what, signature, what comes back, inputs), made from good requests of several rows."""
    text = next(name for name in sorted(good) if good[name].dtype == object)
    number = next(name for name in sorted(good) if good[name].dtype.kind == "f")
    rows = len(good[text])

    def changed(name: str, row: int, value: Any) -> Dict[str, Any]:
        values = good[name].copy()
        values[row] = value
        return {**good, name: values}

    many = {name: values[np.arange(10_000) % rows] for name, values in good.items()}
    yield "10,000 rows", DEFAULT, ANSWER, many
    yield "no rows", DEFAULT, ANSWER, {name: values[:0] for name, values in good.items()}
    yield "NaN, which is a missing number", DEFAULT, ANSWER, changed(number, 1, np.nan)
    yield "an infinite number", DEFAULT, ANSWER, changed(number, 1, np.inf)
    yield "a text of 1 MiB", DEFAULT, ANSWER, changed(text, 1, b"x" * MIB)
    yield "a text above 1 MiB", DEFAULT, ERROR, changed(text, 1, b"x" * (MIB + 1))
    yield "bytes that are not UTF-8", DEFAULT, ANSWER, changed(text, 1, b"\xff\xfe")
    yield "text of a zero byte", DEFAULT, ANSWER, changed(text, 1, b"a\x00b")
    yield (
        f"{ANOTHER_TYPE}: float64 for float32",
        DEFAULT,
        ERROR,
        {**good, number: good[number].astype(np.float64)},
    )
    yield (
        f"{ANOTHER_TYPE}: text for numbers",
        DEFAULT,
        ERROR,
        {**good, number: good[number].astype(str)},
    )
    yield "unlike numbers of rows", DEFAULT, ERROR, {**good, text: good[text][:-1]}
    yield "one row in one input, several in others", DEFAULT, ERROR, {**good, text: good[text][:1]}
    yield "a matrix for a column", DEFAULT, ERROR, {**good, text: good[text][:, np.newaxis]}
    yield "a missing input", DEFAULT, ERROR, {k: v for k, v in good.items() if k != text}
    if ranked:
        items = sorted(name for name in ranked if len(ranked[name]) > 1)
        users = sorted(name for name in ranked if len(ranked[name]) == 1)
        none = {name: ranked[name][:0] for name in items}
        several = {name: np.repeat(ranked[name], 2, axis=0) for name in users}
        yield "rank: no candidates", RANK, ANSWER, {**ranked, **none}
        thousands = {name: ranked[name][np.arange(10_000) % len(ranked[name])] for name in items}
        yield "rank: 10,000 candidates", RANK, ANSWER, {**ranked, **thousands}
        yield "rank: two users", RANK, ERROR, {**ranked, **several}
        short = {items[0]: ranked[items[0]][:-1]}
        yield "rank: unlike numbers of candidates", RANK, ERROR, {**ranked, **short}
    yield "examples: no example", "examples", ANSWER, {"examples": np.zeros([0], object)}
    yield "examples: an empty example", "examples", ANSWER, {"examples": np.array([b""], object)}
    yield "examples: no tf.Example", "examples", ERROR, {"examples": np.array([b"\xff"], object)}


def ask_badly(program: Path, folder: str, answers_of: Callable[..., List[Dict[str, Any]]]) -> None:
    """Sends them and prints what comes back; exits where it is not what is documented."""
    good = {one.signature: one.inputs for one in warmup.read(folder) if _rows(one) == 100}
    requests = list(bad_requests(good[DEFAULT], good.get(RANK, {})))
    sent = []
    with SavedModel(folder) as model:
        for what, signature, wanted, inputs in requests:
            try:
                answers: Arrays = model.score(inputs, signature)
                found = ANSWER
                floats = [v for v in answers.values() if v.dtype == np.float32]
                assert all(np.isfinite(values).all() for values in floats)
            except (UserError, ValueError, tf.errors.InvalidArgumentError):
                answers, found = {}, ERROR
            assert found == wanted or what.startswith(ANOTHER_TYPE), (what, found)
            sent.append(Answered(signature, inputs, answers if wanted == ANSWER else {}))
    extra = {**good[DEFAULT], "no_such_input": np.zeros([100], np.float32)}
    requests.append(("an unknown input", DEFAULT, ERROR, extra))  # which Python leaves out
    sent.append(Answered(DEFAULT, extra, {}))
    with tempfile.TemporaryDirectory() as temporary:
        warmup.write(temporary, sent)
        flags = [f"--requests={temporary}/{warmup.FILE}", "--seconds=0"]
        lines = answers_of(program, folder, flags, may_fail=True)[1:]
    table = [["request", "comes back"]]
    for (what, _, wanted, _), line in zip(requests, lines):
        assert ("error" in line) == (wanted == ERROR), (what, line)
        assert "differs" not in line, (what, line)
        table.append(
            [
                what,
                line.get("error", f"{line.get('rows')} rows in {line.get('first_ms', 0):.0f} ms")[
                    :110
                ],
            ]
        )
    print(f"\n{len(lines)} requests that nobody should send:\n" + "\n".join(aligned(table, left=2)))


def _rows(one: Answered) -> int:
    return len(next(iter(one.answers.values())))
