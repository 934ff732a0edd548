"""Landing against a bare ``read_csv`` to Parquet of the same files.

The two take turns, each in a process of its own, so that a busy machine slows both and
neither finds the memory of the other.

Belongs here: generating, measuring, the figures. Does not belong here: printing
(``pipelines.commands.bench``).
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from pipelines.bench.contest import delivered_files
from pipelines.errors import OperatorError
from pipelines.sample.generate import generate

SEED = 20260901
_CONTEST = "pipelines.bench.contest"


@dataclass(frozen=True)
class Speed:
    """Medians of one contestant over the rounds.

    Attributes:
        seconds: Wall clock, without starting Python.
        megabytes_per_second: Of the files as delivered.
        peak_megabytes: Resident memory at its highest, all libraries in it.
    """

    seconds: float
    rows_per_second: int
    megabytes_per_second: float
    peak_megabytes: int


@dataclass(frozen=True)
class LandBench:
    """What a run measured.

    Attributes:
        ratio: Seconds of landing for one second of the bare copy, both medians.
    """

    learners: int
    files: int
    rows: int
    megabytes: float
    rounds: int
    land: Speed
    bare: Speed
    ratio: float

    def as_dict(self) -> dict[str, Any]:
        """The figures under stable keys."""
        return asdict(self)


def bench_landing(
    learners: int,
    rounds: int = 5,
    system: Literal["accs", "tbr"] = "accs",
) -> LandBench:
    """Land the first night of a generated state, and copy its files bare, in turn.

    Args:
        learners: True persons of the state.
        rounds: How often each of the two is measured.
        system: accs or tbr.

    Raises:
        OperatorError: One of the two failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        summary = generate(system, learners, 1, SEED, "none", root / "state")
        inbox = root / "state" / "inbox"
        files = delivered_files(inbox)
        size = sum(file.stat().st_size for file, _ in files)
        found: dict[str, list[tuple[float, float]]] = {"land": [], "bare": []}
        for number in range(rounds):
            for name, measured in found.items():
                home = root / f"{name}-{number}"
                home.mkdir()
                (home / "inbox").symlink_to(inbox)
                measured.append(_measured(name, home))
    speeds = {
        name: _speed(measured, summary.rows, size) for name, measured in found.items()
    }
    return LandBench(
        learners=learners,
        files=len(files),
        rows=summary.rows,
        megabytes=round(size / 1e6, 1),
        rounds=rounds,
        land=speeds["land"],
        bare=speeds["bare"],
        ratio=round(speeds["land"].seconds / speeds["bare"].seconds, 2),
    )


def _speed(measured: list[tuple[float, float]], rows: int, size: int) -> Speed:
    seconds = median(one for one, _ in measured)
    return Speed(
        seconds=round(seconds, 3),
        rows_per_second=round(rows / seconds),
        megabytes_per_second=round(size / 1e6 / seconds, 1),
        peak_megabytes=round(median(peak for _, peak in measured)),
    )


def _measured(name: str, home: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of one contestant in a new process."""
    words = [sys.executable, "-m", _CONTEST, name, str(home)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"The {name} run of the benchmark failed; try fewer learners."
        raise OperatorError(message)
    said = json.loads(done.stdout.splitlines()[-1])
    return said["seconds"], said["megabytes"]
