"""One case in a process of its own: its verdict, its seconds and its peak memory.

Belongs here: starting the process, and what it does. Does not belong here: the table.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from corpus import CORPUS
from hostile_world import Sent, deliver, land_all, outcomes
from landing_warehouse import Warehouse

from pipelines.settings import Home

HERE = Path(__file__).resolve().parent
SECONDS, MEGABYTES = 10.0, 512.0
_GIVEN_UP = 120


@dataclass(frozen=True)
class Measured:
    """What a process said of its case.

    Attributes:
        verdict: Of the package.
        edits: Told of the harmed file and of the package.
        seconds: From the first look at the inbox to the committed wave.
        megabytes: Peak resident memory above that of landing an empty inbox.
        problems: Every difference from what was expected, and limits passed.
    """

    verdict: str
    edits: tuple[str, ...]
    seconds: float
    megabytes: float
    problems: tuple[str, ...]


def measure(name: str) -> Measured:
    """Build the case here and land it in a new process.

    Args:
        name: Of the case; empty for an empty inbox.
    """
    with tempfile.TemporaryDirectory() as folder:
        house = Warehouse(Home(Path(folder) / "home"))
        if name:
            deliver([CORPUS[name]], house.inbox)
        words = [sys.executable, str(HERE / "hostile_process.py"), folder, name]
        try:
            done = subprocess.run(
                words,
                check=True,
                capture_output=True,
                timeout=_GIVEN_UP,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        except subprocess.TimeoutExpired:
            return Measured("none", (), _GIVEN_UP, 0, ("no verdict in time",))
        except subprocess.CalledProcessError as error:
            last = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
            return Measured("none", (), 0, 0, (f"the night broke: {last}",))
        said = json.loads(done.stdout.splitlines()[-1])
    return Measured(
        said["verdict"],
        tuple(said["edits"]),
        said["seconds"],
        said["megabytes"],
        tuple(said["problems"]),
    )


def best(name: str, base: Measured, tries: int = 3) -> Measured:
    """A case measured until it keeps the limits, since others use the machine too."""
    one = above(base, measure(name))
    while one.seconds > SECONDS and tries > 1:
        tries -= 1
        one = min(one, above(base, measure(name)), key=lambda each: each.seconds)
    return one


def above(base: Measured, one: Measured) -> Measured:
    """A measurement with its memory above the base, judged by the limits."""
    megabytes = max(one.megabytes - base.megabytes, 0.0)
    problems = list(one.problems)
    if one.seconds > SECONDS:
        problems.append(f"{one.seconds:.1f} s")
    if megabytes > MEGABYTES:
        problems.append(f"{megabytes:.0f} MB")
    return Measured(one.verdict, one.edits, one.seconds, megabytes, tuple(problems))


def _peak_megabytes() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _main(folder: Path, name: str) -> None:
    house = Warehouse(Home(folder / "home"))
    start, busy = time.monotonic(), time.process_time()
    result = land_all(house)
    # On a machine that others use, the processor's time is nearer to ours.
    seconds = min(time.monotonic() - start, time.process_time() - busy)
    megabytes = _peak_megabytes()
    said: dict[str, object] = {"seconds": seconds, "megabytes": megabytes}
    if name:
        sent = [Sent.first(CORPUS[name])]
        seen = outcomes(house, sent, result)[name]
        said |= {
            "verdict": seen.seen.verdict,
            "edits": sorted(seen.seen.edits),
            "problems": seen.problems,
        }
    else:
        said |= {"verdict": "", "edits": [], "problems": []}
    print(json.dumps(said))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2])
