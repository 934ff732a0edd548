"""Settings of all tests, and the order in which several processes take them."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Three processes share two cores: threads of each only wait for the others' (an eighth
# of the processor time of landing a small package). Read when Polars is imported.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

# Speed is measured by benchmarks: on a busy machine a deadline fails good code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TESTS = Path(__file__).parent
TOGETHER = ("dbt", "unit/sample", "service")
"""Folders whose files share what takes long to make: one process has the whole."""

SAME_STATE = {
    "nightly/test_corrections.py": "nightly/test_clean_state.py",
    "nightly/test_transfer_audit.py": "nightly/test_clean_state.py",
    "nightly/test_record_forms.py": "nightly/test_clean_state.py",
    "nightly/test_credential_returns.py": "nightly/test_clean_state.py",
    "nightly/test_dual_enrolment.py": "nightly/test_clean_state.py",
    "nightly/test_outcome_metrics.py": "nightly/test_clean_state.py",
    "nightly/test_wage_records.py": "nightly/test_clean_state.py",
    "nightly/test_signing_ways.py": "nightly/test_clean_state.py",
}
"""Files that read the state of another one: one process has both."""

LONGEST = (
    "nightly",
    "hostile",
    "unit/sample",
    "dbt",
    "dialects",
    "defs",
    "faults",
    "delivery",
    "identity_review",
    "college",
    "returns",
)
"""By time, longest first: a night begun last is waited for by all."""


def whole_of(path: str) -> str:
    """What one process has whole, of a path below ``tests``: a file or a folder."""
    path = SAME_STATE.get(path, path)
    return next((f for f in TOGETHER if path.startswith(f"{f}/")), path)


class ByState(LoadScopeScheduling):
    """One process makes a state once: xdist's own groups reach no worker (3.8.0).

    With them every process made every state, and the tests took twice as long.
    """

    def _split_scope(self, nodeid: str) -> str:
        return whole_of(
            nodeid.split("::", maxsplit=1)[0].removeprefix(f"{TESTS.name}/")
        )


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByState | None:
    """Distribute by state where ``--dist loadscope`` is asked for."""
    by_scope = config.getvalue("dist") == "loadscope"
    return ByState(config, log) if by_scope else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[int, str]:
    path = item.path.relative_to(TESTS).as_posix()
    place = next(
        (place for place, f in enumerate(LONGEST) if path.startswith(f"{f}/")),
        len(LONGEST),
    )
    return place, whole_of(path)
