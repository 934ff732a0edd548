"""One collection or landing in a process of its own, killed where it is told.

As a program: one_step.py HOME ZONE collect|land REPORT.
"""

import importlib
import json
import multiprocessing
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))

from drop_world import World

from pipelines.errors import OperatorError
from pipelines.settings import Home

# A server that has imported everything once makes a process in milliseconds; forking
# pytest itself would copy the locks of Polars' threads.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["one_step"])


def step(
    home: Path,
    zone: Path,
    what: str,
    report: Path,
    killed: tuple[str, str, int] | None = None,
) -> None:
    """Collect or land; events go to ``report`` as JSON, an error as its text."""
    world = World(Home(home), home / "secrets")
    world.agree("CACC", kind="folder", path=str(zone), remove_after_storing=True)
    if killed is not None:
        _kill_at(*killed)
    if what == "land":
        world.land()
        return
    try:
        events = [(e.delivery, e.outcome, e.reason) for e in world.collect()]
    except OperatorError as error:
        report.write_text(json.dumps(str(error)))
    else:
        report.write_text(json.dumps(events))


def start(*arguments: object) -> multiprocessing.process.BaseProcess:
    """Begin a step in a process of its own."""
    process = CONTEXT.Process(target=step, args=arguments)
    process.start()
    return process


def _kill_at(place: str, when: str, count: int) -> None:
    module_name, function_name = place.rsplit(":", 1)
    module = importlib.import_module(module_name)
    real = getattr(module, function_name)
    calls = 0

    def killing(*args: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == count and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **options)
        if calls == count and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, function_name, killing)


if __name__ == "__main__":
    home, zone, what, report = sys.argv[1:]
    step(Path(home), Path(zone), what, Path(report))
