"""Signing at state scale against the bare floor and the slow path, on the same bytes.

Belongs here: rounds, medians, the figures. Does not belong here: the learners
(``learners.py``), the contestants (``signers.py``), printing
(``pipelines.commands.bench``).
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from pipelines.bench.learners import write_state
from pipelines.errors import OperatorError
from pipelines.settings import workers

_SIGNERS = "pipelines.bench.signers"


@dataclass(frozen=True)
class SignBench:
    """What a run measured; seconds are wall clock, medians of the rounds.

    Attributes:
        credentials: Nested credentials of each learner.
        learners_per_second: Records table to signed record files.
        seconds: Of the same.
        floor_seconds: Of the floor: as many signatures, SHA-256 of the same canonical
            bytes and JSON of the same documents, in as many processes.
        ratio_to_floor: ``seconds`` for one of ``floor_seconds``.
        slow_learners_per_second: PyLD and pyoxigraph, of a sample, in as many
            processes.
        ratio_to_slow: How many times faster than the slow path.
        peak_mib: Resident memory at its highest, all processes together.
        parts: Milliseconds a learner in one warm process: signed from its text, as
            nights do, and each step of what is signed node by node.
        largest: Of a record of 60 courses: milliseconds to its canonical form, and
            seconds in openbadgeslib, nested proofs among them.
    """

    learners: int
    credentials: int
    workers: int
    rounds: int
    learners_per_second: int
    seconds: float
    floor_seconds: float
    ratio_to_floor: float
    slow_learners_per_second: float
    ratio_to_slow: float
    peak_mib: int
    parts: dict[str, float]
    largest: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """The figures under stable keys."""
        return asdict(self)


def bench_signing(learners: int, rounds: int = 3, credentials: int = 30) -> SignBench:
    """Sign the records of made-up learners, and do the floor's work, in turn.

    Args:
        learners: Records.
        rounds: How often each contestant is measured.
        credentials: Nested credentials of each learner.

    Raises:
        OperatorError: A contestant failed.
    """
    processes = workers()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_state(root, learners, credentials)
        runs: dict[str, list[dict[str, Any]]] = {"sign": [], "floor": []}
        for _ in range(rounds):
            for name, found in runs.items():
                found.append(_measured(name, root, processes))
        slow = _measured("slow", root, processes)
        parts = _measured("parts", root, 1)
        largest = _measured("largest", root, 1)
    seconds, floor = (
        median(one["seconds"] for one in found) for found in runs.values()
    )
    speed = learners / seconds
    slowly = slow["learners"] / slow["seconds"]
    return SignBench(
        learners=learners,
        credentials=credentials,
        workers=processes,
        rounds=rounds,
        learners_per_second=round(speed),
        seconds=round(seconds, 3),
        floor_seconds=round(floor, 3),
        ratio_to_floor=round(seconds / floor, 2),
        slow_learners_per_second=round(slowly, 1),
        ratio_to_slow=round(speed / slowly, 1),
        peak_mib=round(median(one["peak_mib"] for one in runs["sign"])),
        parts=parts,
        largest=largest,
    )


def _measured(name: str, root: Path, processes: int) -> dict[str, Any]:
    words = [sys.executable, "-m", _SIGNERS, name, str(root), str(processes)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"The {name} run of the benchmark failed; try fewer learners."
        raise OperatorError(message)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said
