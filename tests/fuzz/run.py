"""Feeds random changes of real inputs to the readers of everything that comes from outside.

python -m tests.fuzz.run [--target config,csv] [--seconds 120] [--seed 1]

Each target runs in a process of its own whose memory is limited. A case that raises anything but
what a user may be shown, takes more than `LIMIT` seconds or too much memory is printed, and kept in
tests/fuzz/corpus/TARGET, from where every later run starts, and tests/fuzz/test_corpus.py runs it.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import logging
import multiprocessing
import random
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
LIMIT = 20
"""Seconds of a case; usual ones take milliseconds. A watch over the fuzzing, and no measurement."""
MEMORY = 2 << 30
"""Bytes of address space that a process may take while it runs cases."""


def seeds_of(name: str) -> List[bytes]:
    """The corpus of a target: inputs as they should be, and what was found before."""
    found = [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]
    return [*TARGETS[name].seeds(), *found]


def fuzz(name: str, seconds: float, seed: int, queue: Any = None) -> Dict[str, Any]:
    """Runs cases for so long; the number of cases, and what was found: (error, input)."""
    target, source = TARGETS[name], random.Random(f"{name} {seed}")
    seeds = seeds_of(name)
    cases, found = 0, {}
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        data = mutated(seeds, target.words, source)
        cases += 1
        fault = fault_of(name, data)
        if fault and fault[0] not in found:
            found[fault[0]] = (fault[1], data)
    result = {"cases": cases, "found": found}
    if queue is not None:
        queue.put(result)
    return result


def fault_of(name: str, data: bytes) -> Optional[Tuple[str, str]]:
    """(where it was raised, the traceback) of what no user should see; None if there is nothing."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LIMIT)
    try:
        TARGETS[name].run(data)
    except Exception as error:  # noqa: BLE001 - what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} {Path(last.filename).name}:{last.name}", (
            traceback.format_exc()
        )
    finally:
        signal.alarm(0)
    return None


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"took more than {LIMIT} s")


def keep(name: str, data: bytes) -> Path:
    """Writes an input to the corpus."""
    path = CORPUS / name / hashlib.sha256(data).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def run(names: List[str], seconds: float, seed: int) -> int:
    """Fuzzes targets one after the other; prints and keeps what is found, and returns how many."""
    count = 0
    context = multiprocessing.get_context("fork")
    for name in names:
        queue = context.Queue()
        process = context.Process(
            target=_limited, args=(name, seconds / len(names), seed, queue), daemon=True
        )
        process.start()
        result: Dict[str, Any] = {"cases": 0, "found": {"process ended": ("", b"")}}
        while process.is_alive() or not queue.empty():
            if not queue.empty():
                result = queue.get()
                break
            process.join(0.1)
        process.join()
        found = result["found"]
        print(f"{name}: {result['cases']} cases, {len(found)} found", flush=True)
        for fault, (text, data) in found.items():
            print(f"  {fault}: {keep(name, data)}\n{text}", flush=True)
        count += len(found)
    return count


def _limited(name: str, seconds: float, seed: int, queue: Any) -> None:
    faulthandler.enable()
    logging.disable(logging.WARNING)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
    fuzz(name, seconds, seed, queue)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default=",".join(TARGETS), help="names, with commas")
    parser.add_argument("--seconds", type=float, default=120, help="of all targets together")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    names = arguments.target.split(",")
    sys.exit(1 if run(names, arguments.seconds, arguments.seed) else 0)


if __name__ == "__main__":
    main()
