"""Generates easy_esmm/protos from protos/: `make protos`.

The compiler is the one of grpcio-tools in the version that pyproject.toml pins: its output loads
beside TensorFlow 2.15's protobuf and every later one.
"""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import List

try:
    from grpc_tools import protoc
except ModuleNotFoundError as error:
    raise SystemExit(
        f"{error}: grpcio-tools 1.62.3 generates the modules, and runs on Python 3.9 to 3.11: "
        "add PYTHON=python3.11 VENV=.venv311 to the make command"
    ) from error

CLONE = Path(__file__).resolve().parents[1]
PACKAGE = "easy_esmm/protos"


def generate(output: Path) -> List[Path]:
    """Writes `easy_esmm/protos/*_pb2.py` and `.pyi` below `output`; returns their paths, sorted.

    Raises:
      SystemExit: the compiler has refused a file; it has said why on stderr.
    """
    compile_protos([f"--python_out={output}", f"--pyi_out={output}"])
    return sorted(path for path in (output / PACKAGE).glob("*_pb2.py*"))


def compile_protos(arguments: List[str]) -> None:
    """Runs the compiler over the whole schema with `arguments`, which say what to write.

    Files are named `easy_esmm/protos/x.proto` whatever their folder: with the plain name `x.proto`
    they would clash with any other project's `x.proto` in protobuf's global pool.
    """
    well_known = importlib.resources.files("grpc_tools") / "_proto"
    folders = [f"-I{PACKAGE}={CLONE / 'protos'}", f"-I{well_known}"]
    files = [str(path) for path in sorted((CLONE / "protos").glob("*.proto"))]
    status = protoc.main(["protoc", *folders, *arguments, *files])
    if status:
        raise SystemExit(status)


def main() -> None:
    """Replaces the generated modules of the clone."""
    made = generate(CLONE)
    for path in (CLONE / PACKAGE).glob("*_pb2.py*"):
        if path not in made:
            path.unlink()  # of a .proto file that is gone
    print(f"{len(made)} files in {PACKAGE}")


if __name__ == "__main__":
    main()
