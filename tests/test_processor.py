"""Whether the processor has units for bfloat16, by the text of Linux."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest

from easy_esmm import processor


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_bf16 amx_tile\n", True),
        ("flags\t\t: fpu avx2 amx_bf16\n", True),
        ("Features\t: fp asimd bf16 i8mm\n", True),
        ("flags\t\t: fpu avx2 avx512f xavx512_bf16\n", False),
        ("Features\t: fp asimd\n", False),
        ("model name\t: flags of a kind\n", None),
        ("", None),
    ],
)
def test_flags_tell(
    text: str, expected: Optional[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    monkeypatch.setattr(processor, "_CPU_INFO", path)
    assert processor.has_bfloat16() is expected


def test_without_the_file_it_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "_CPU_INFO", tmp_path / "absent")
    assert processor.has_bfloat16() is None
