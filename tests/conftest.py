"""Settings of all tests, and the order in which several processes take them."""

from pathlib import Path

import pytest
from hypothesis import settings

# Speed is measured by benchmarks: on a busy machine a deadline fails good code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TESTS = Path(__file__).parent
TOGETHER = ("dbt", "unit/sample")
"""Folders whose files share what takes long to make: one process has the whole."""

SAME_STATE = {"nightly/test_transfer_audit.py": "nightly/test_clean_state.py"}
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every file, or folder of ``TOGETHER``, to one process; the longest first."""
    for item in items:
        path = item.path.relative_to(TESTS).as_posix()
        whole = next((f for f in TOGETHER if path.startswith(f"{f}/")), path)
        whole = SAME_STATE.get(whole, whole)
        item.add_marker(pytest.mark.xdist_group(whole))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    path = item.path.relative_to(TESTS).as_posix()
    return next(
        (place for place, f in enumerate(LONGEST) if path.startswith(f"{f}/")),
        len(LONGEST),
    )
