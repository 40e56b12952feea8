"""Raw files in pieces of whole lines."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm.aliccp.conversion.sources import find, pieces, text_of
from easy_esmm.errors import UserError

LINES = st.lists(st.text("ab", max_size=30).map(str.encode), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(lines=LINES, size=st.integers(1, 80), block=st.integers(1, 40), has_end=st.booleans())
def test_every_line_is_in_one_block_of_one_piece(tmp_path_factory, lines, size, block, has_end):
    folder = tmp_path_factory.mktemp("lines")
    text = b"\n".join(lines) + (b"\n" if has_end else b"")
    (folder / "plain.csv").write_bytes(text)
    (folder / "packed.csv.gz").write_bytes(gzip.compress(text))
    for name in ("plain.csv", "packed.csv.gz"):
        source = find("skeleton", str(folder / name), "")
        blocks = [part for piece in pieces(source, size) for part in text_of(source, piece, block)]
        assert b"".join(blocks) == text
        assert all(part.endswith(b"\n") for part in blocks[:-1])


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(UserError, match=r"--skeleton /no/where.csv: no such file"):
        find("skeleton", "/no/where.csv", "sample_skeleton")
