"""``lrw sample``: a synthetic state, its packages and its truth.

Belongs here: the one function others call. Does not belong here: any rule.
"""

import filecmp
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from pipelines.contracts.load import load_contracts
from pipelines.errors import OperatorError, UsageError
from pipelines.sample.content import Contents
from pipelines.sample.draw import Draw
from pipelines.sample.faults import Planting, planting
from pipelines.sample.orphans import with_orphans
from pipelines.sample.pack import Packer
from pipelines.sample.plan import deliveries
from pipelines.sample.shapes import Shape, mixed_shapes, write_contracts
from pipelines.sample.state import build
from pipelines.sample.truth import write_truth
from pipelines.sample.wages import write_wages

FIRST_NIGHT = date(2026, 9, 1)


@dataclass(frozen=True)
class SampleSummary:
    """What was written.

    Attributes:
        out: the folder with ``inbox`` and ``truth``.
        packages: how many, those of the system office included.
        rows: records in all their files.
        faults: names of the planted faults.
        left_out: names of the faults that found no room.
    """

    out: Path
    system: str
    learners: int
    colleges: int
    nights: int
    packages: int
    rows: int
    faults: tuple[str, ...]
    left_out: tuple[str, ...]


def generate(
    system: Literal["accs", "tbr"],
    learners: int,
    nights: int,
    seed: int,
    faults: Literal["none", "standard"],
    out: Path,
    start: date = FIRST_NIGHT,
    shapes: Literal["plain", "mixed"] = "plain",
    *,
    wages: bool = False,
) -> SampleSummary:
    """Writes ``out/inbox/`` and ``out/truth/``.

    The same arguments give the same bytes, whatever the machine and its threads.

    Args:
        system: which colleges.
        learners: people; a quarter of them attend more than one college.
        nights: the first brings snapshots of everything, the others changes.
        seed: any integer.
        faults: ``standard`` plants every kind of fault that has room.
        out: a folder without an inbox, or with exactly the one this call writes.
        start: delivery date of the first night.
        shapes: ``mixed`` has ten colleges deliver in dialects of student systems, and
            writes the contracts with their profiles to ``out/contracts/``.
        wages: the state's agency delivers wage records too; what colleges deliver
            stays the same.

    Raises:
        UsageError: the arguments cannot be meant.
        OperatorError: ``out`` holds other packages.
    """
    _check(system, learners, nights, faults)
    if shapes == "mixed" and faults != "none":
        raise UsageError("faults are planted in plain shapes only")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sample-", dir=out) as scratch:
        made = Path(scratch)
        spoken = mixed_shapes(system, seed) if shapes == "mixed" else {}
        summary = _make(
            system, learners, nights, seed, faults, made, start, spoken, wages=wages
        )
        if spoken:
            write_contracts(out / "contracts", spoken)
        _move(made, out)
    return replace(summary, out=out)


def _check(system: str, learners: int, nights: int, faults: str) -> None:
    if system not in ("accs", "tbr"):
        raise UsageError(f"there is no system {system!r}; take accs or tbr")
    if faults not in ("none", "standard"):
        raise UsageError(f"there are no faults {faults!r}; take none or standard")
    if learners < 1:
        raise UsageError("a state needs at least one learner")
    if not 1 <= nights <= 60:
        raise UsageError("a state has 1 to 60 nights")
    if faults == "standard" and nights < 2:
        raise UsageError("faults are planted from the second night on: take 2 or more")


def _make(
    system: str,
    learners: int,
    nights: int,
    seed: int,
    faults: str,
    made: Path,
    start: date,
    shapes: Mapping[str, Shape],
    *,
    wages: bool,
) -> SampleSummary:
    contracts = load_contracts()
    draw = Draw(seed)
    state = build(contracts, draw, system, learners, nights, start)
    plant = planting(state) if faults == "standard" else Planting({}, ())
    for (night, college), fault in plant.at.items():
        if fault.name == "orphans":
            state = with_orphans(state, college, night)
    packages = deliveries(contracts, draw, seed, state, plant, shapes)
    contents = Contents(contracts, state)
    packer = Packer(contracts, state, contents, made / "inbox", shapes)
    packed = [
        packer.pack(
            package,
            plant.fault(package.night, package.college) if package.fault else None,
        )
        for package in packages
    ]
    write_truth(contracts, state, plant, packed, made / "truth")
    if wages:
        packed += write_wages(contracts, draw, seed, state, made)
    return SampleSummary(
        out=made,
        system=system,
        learners=learners,
        colleges=state.colleges.height,
        nights=nights,
        packages=len(packed),
        rows=sum(sum(one.rows.values()) for one in packed),
        faults=tuple(plant.at[key].name for key in sorted(plant.at)),
        left_out=plant.left_out,
    )


def _move(made: Path, out: Path) -> None:
    """Puts the new state in place, unless other packages are there.

    Raises:
        OperatorError: the inbox has packages of another state.
    """
    inbox = out / "inbox"
    if inbox.is_dir() and any(inbox.iterdir()):
        if not _equal(made / "inbox", inbox):
            raise OperatorError(
                f"{inbox} holds packages of another state; choose an empty folder"
            )
    else:
        if inbox.is_dir():
            inbox.rmdir()
        (made / "inbox").rename(inbox)
    truth = out / "truth"
    if truth.is_dir():
        shutil.rmtree(truth)
    (made / "truth").rename(truth)


def _equal(left: Path, right: Path) -> bool:
    ours = sorted(p.relative_to(left) for p in left.rglob("*") if p.is_file())
    theirs = sorted(p.relative_to(right) for p in right.rglob("*") if p.is_file())
    if ours != theirs:
        return False
    names = [str(path) for path in ours]
    _, differing, broken = filecmp.cmpfiles(left, right, names, shallow=False)
    return not differing and not broken
