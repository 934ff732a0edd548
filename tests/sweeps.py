"""Which cases of a long run ``make test`` does: a few; ``make sweeps`` does the others.

A kill costs some ten seconds a step on two cores, and there are some fifty steps:
``make test`` has those where the order of two writes matters, ``make sweeps`` all.
"""

from collections.abc import Collection, Iterable
from typing import Any

import pytest

sweep = pytest.mark.sweep


def few_of(cases: Iterable[Any], few: Collection[Any]) -> list[Any]:
    """All cases as parameters, those that are not among the few marked as a sweep.

    Raises:
        ValueError: One of the few is no case.
    """
    every = list(cases)
    if unknown := [case for case in few if case not in every]:
        raise ValueError(f"no such case: {unknown}")
    return [
        case
        if case in few
        else pytest.param(*(case if isinstance(case, tuple) else [case]), marks=sweep)
        for case in every
    ]
