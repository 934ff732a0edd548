"""Linkage of a whole state from scratch, and of a night with one in a hundred new.

Belongs here: generating, measuring, the figures. Does not belong here: printing
(``pipelines.commands.bench``).
"""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from pipelines.errors import OperatorError
from pipelines.sample.people_only import land_people, people_only
from pipelines.settings import Home

SEED = 20260901
NEW_SHARE = 0.01
_RUN = "pipelines.bench.linking"


@dataclass(frozen=True)
class Run:
    """One kind of run, medians over the rounds.

    Attributes:
        seconds: Wall clock, without starting Python.
        steps: Seconds of collecting, comparing, deciding, appending and writing.
        peak_megabytes: Resident memory at its highest, all libraries in it.
        linked: College students that were new.
        representations: What is known of all students after it, compared with all.
    """

    seconds: float
    steps: dict[str, float]
    peak_megabytes: int
    linked: int
    representations: int


@dataclass(frozen=True)
class Targets:
    """What a state of 1.5 million representations must reach on two cores.

    Attributes:
        representations: From so many on the targets say something.
        seconds: Of the run from scratch, at most.
        megabytes: Resident memory of either run, at most.
        ratio: Seconds of the night for one second of the run from scratch, at most.
    """

    representations: int = 1_500_000
    seconds: float = 60
    megabytes: int = 4096
    ratio: float = 0.1


@dataclass(frozen=True)
class IdentityBench:
    """What a run measured.

    Attributes:
        college_students: In the state, those of the second night too.
        ratio: Seconds of the night for one second of the run from scratch.
    """

    learners: int
    college_students: int
    rounds: int
    scratch: Run
    night: Run
    ratio: float

    def as_dict(self) -> dict[str, Any]:
        """The figures under stable keys."""
        return asdict(self)

    def missed(self, targets: Targets) -> list[str]:
        """The targets that were missed, a few words each."""
        peak = max(self.scratch.peak_megabytes, self.night.peak_megabytes)
        found = []
        if self.night.representations < targets.representations:
            found.append(
                f"{self.night.representations:,} representations are fewer than "
                f"{targets.representations:,}"
            )
        if self.scratch.seconds > targets.seconds:
            found.append(f"{self.scratch.seconds:.1f} s, not {targets.seconds:g}")
        if peak > targets.megabytes:
            found.append(f"{peak:,} MiB, not {targets.megabytes:,}")
        if self.ratio > targets.ratio:
            found.append(f"a night in {self.ratio:.3f}, not {targets.ratio:g}")
        return found


def bench_identity(
    learners: int, rounds: int = 1, system: Literal["accs", "tbr"] = "accs"
) -> IdentityBench:
    """Link a state that holds people only, then the hundredth that comes a night later.

    Args:
        learners: True persons; 1.33 college students to one.
        rounds: How often each of the two is measured.
        system: accs or tbr.

    Raises:
        OperatorError: A run failed or its guard refused it.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        students = _land_state(root / "landed", learners, system)
        found: dict[str, list[dict[str, Any]]] = {"scratch": [], "night": []}
        for number in range(rounds):
            home = Home(root / f"home-{number}")
            shutil.copytree(root / "landed", home.root)
            second = _hold_back(home)
            found["scratch"].append(_measured(home))
            second()
            found["night"].append(_measured(home))
            shutil.rmtree(home.root)
    runs = {name: _run(said) for name, said in found.items()}
    return IdentityBench(
        learners=learners,
        college_students=students,
        rounds=rounds,
        scratch=runs["scratch"],
        night=runs["night"],
        ratio=round(runs["night"].seconds / runs["scratch"].seconds, 3),
    )


def _land_state(folder: Path, learners: int, system: Literal["accs", "tbr"]) -> int:
    home = Home(folder)
    state = people_only(learners, SEED, late=NEW_SHARE, system=system)
    for wave in (1, 2):
        land_people(home, state, wave=wave)
    return state.college_students


def _hold_back(home: Home) -> Any:
    """Takes the second wave off the ledger; the result puts it back."""
    file = home.ledger / "people-2.parquet"
    kept = file.with_name("held-back")
    file.rename(kept)
    return lambda: kept.rename(file)


def _measured(home: Home) -> dict[str, Any]:
    """What one run in a new process says."""
    words = [sys.executable, "-m", _RUN, str(home.root)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        # Made-up people: nothing in the last line is anybody's.
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise OperatorError(f"A run of the benchmark failed: {why}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if said["refused"]:
        raise OperatorError(f"The guard refused the benchmark: {said['refused']}")
    return said


def _run(said: list[dict[str, Any]]) -> Run:
    return Run(
        seconds=round(median(one["seconds"] for one in said), 2),
        steps={
            name: round(median(one["steps"][name] for one in said), 2)
            for name in said[0]["steps"]
        },
        peak_megabytes=round(median(one["megabytes"] for one in said)),
        linked=said[0]["linked"],
        representations=said[0]["representations"],
    )
