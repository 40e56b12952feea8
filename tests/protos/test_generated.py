"""The generated modules are those of protos/."""

from __future__ import annotations

from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]


def test_generated_modules_are_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("grpc_tools", reason="needs grpcio-tools: pip install '.[test]'")
    monkeypatch.syspath_prepend(CLONE / "tools")
    import make_protos

    fresh = make_protos.generate(tmp_path)
    committed = sorted((CLONE / make_protos.PACKAGE).glob("*_pb2.py*"))
    assert [path.name for path in committed] == [path.name for path in fresh]
    for made, kept in zip(fresh, committed):
        assert kept.read_text() == made.read_text(), f"{kept.name}: run `make protos`"
