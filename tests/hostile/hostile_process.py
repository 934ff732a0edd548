"""One case in a process of its own: its verdict, its seconds and its peak memory.

Belongs here: starting the process, and what it does. Does not belong here: the table.
"""

import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from pathlib import Path

from corpus import CORPUS
from hostile_world import Sender, Sent, deliver, land_all, outcomes
from landing_warehouse import Warehouse

from pipelines.settings import Home

SECONDS, MEGABYTES = 10.0, 512.0
_GIVEN_UP = 120
_SAID = "said.json"
# Each case is forked from a process that has imported all and done nothing; its memory
# counts from there, as the base's does.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["hostile_process"])


@cache
def _start_server() -> None:
    """Start what forks, once, where it finds what it is to import.

    CPython 3.11 gives it no ``sys.path`` and passes over what is not found: each case
    then imported everything anew, 5 s of it.
    """
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before


@dataclass(frozen=True)
class Measured:
    """What a process said of its case.

    Attributes:
        verdict: Of the package.
        edits: Told of the harmed file and of the package.
        seconds: From the first look at the inbox to the committed wave, by the clock:
            a stall counts, and so does what another program computes for us.
        megabytes: Peak resident memory, with that of the largest program it started,
            above that of landing an empty inbox.
        problems: Every difference from what was expected, and limits passed.
    """

    verdict: str
    edits: tuple[str, ...]
    seconds: float
    megabytes: float
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Waste:
    """What a control does besides landing its case, so that it passes a limit.

    Attributes:
        seconds: Sleeps so long; costs no processor.
        megabytes: A program that it starts holds so much.
    """

    seconds: float = 0.0
    megabytes: int = 0

    def spend(self) -> None:
        """Do it."""
        time.sleep(self.seconds)
        if self.megabytes:
            hold = f"x = bytearray({self.megabytes} << 20)"
            subprocess.run([sys.executable, "-c", hold], check=True)


def measure(name: str, waste: Waste | None = None) -> Measured:
    """Build the case here and land it in a new process.

    Args:
        name: Of the case; empty for an empty inbox.
        waste: What a control does besides.
    """
    with tempfile.TemporaryDirectory() as folder:
        house = Warehouse(Home(Path(folder) / "home"))
        senders = []
        if name:
            senders = [one.sends() for one in deliver([CORPUS[name]], house.inbox)]
        _start_server()
        # Made here, not there: the text of a bomb would count as landing's memory.
        process = _FORKS.Process(
            target=_main, args=(Path(folder), name, senders, waste or Waste())
        )
        process.start()
        process.join(_GIVEN_UP)
        if process.exitcode is None:
            process.kill()
            process.join()
            return Measured("none", (), _GIVEN_UP, 0, ("no verdict in time",))
        if process.exitcode:
            broke = f"the night broke: exit {process.exitcode}"
            return Measured("none", (), 0, 0, (broke,))
        said = json.loads((Path(folder) / _SAID).read_text())
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
    """Of this process, and of the largest that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    # ru_maxrss of this process would be that of the one which started it, if larger.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024 + children
    return children


def _main(folder: Path, name: str, senders: list[Sender], waste: Waste) -> None:
    house = Warehouse(Home(folder / "home"))
    start = time.monotonic()
    result = land_all(house, senders)
    waste.spend()
    seconds = time.monotonic() - start
    megabytes = _peak_megabytes()
    said: dict[str, object] = {"seconds": seconds, "megabytes": megabytes}
    if name:
        seen = outcomes(house, [Sent.first(CORPUS[name])], result)[name]
        said |= {
            "verdict": seen.seen.verdict,
            "edits": sorted(seen.seen.edits),
            "problems": seen.problems,
        }
    else:
        said |= {"verdict": "", "edits": [], "problems": []}
    (folder / _SAID).write_text(json.dumps(said))
